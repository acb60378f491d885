//! What a bastion's refusals mean.

use super::*;

fn told(failure: ChannelOpenFailure, words: &[&str]) -> Error {
    let words = words.iter().map(|said| (*said).to_owned()).collect();
    explain("b1", "web1:22", Refusal::Said(failure, words))
}

#[test]
fn refusals_are_told_apart() {
    use ChannelOpenFailure::{AdministrativelyProhibited, ConnectFailed};
    let error = told(AdministrativelyProhibited, &["open failed"]);
    assert!(error.permanent);
    assert_eq!(
        error.reason.as_str(),
        "through bastion b1: it may not connect to web1:22"
    );
    let error = told(ConnectFailed, &["Connection refused"]);
    assert_eq!((error.step, error.permanent), (Step::Connect, false));
    assert!(error.reason.as_str().ends_with(": Connection refused"));
    for said in [
        "Name or service not known",
        "Temporary failure in name resolution",
        "nodename nor servname provided, or not known",
        "Name does not resolve",
    ] {
        assert_eq!(told(ConnectFailed, &[said]).step, Step::Resolve, "{said}");
    }
}

#[test]
fn words_that_may_be_of_another_refusal_are_all_told() {
    let words = ["Name or service not known", "Connection refused"];
    let error = told(ChannelOpenFailure::ConnectFailed, &words);
    assert_eq!(error.step, Step::Connect);
    let reason = error.reason.as_str();
    assert!(reason.ends_with("Name or service not known or Connection refused"));
}

#[test]
fn a_refused_login_at_a_bastion_is_not_the_nodes_answer() {
    let refused = Error::new(Step::Auth, Transport::Direct, "no key fits").for_good();
    let error = beyond(&Node::blank("b1"), &refused);
    assert_eq!(
        (error.step, error.transport),
        (Step::Connect, Transport::Jump)
    );
    assert!(error.permanent);
    assert_eq!(
        error.reason.as_str(),
        "through bastion b1: auth (direct): no key fits"
    );
}
