//! Passwords and codes: asked for in the server's order, kept where they may be, refused in words.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use sshoal::ssh::{Answer, Connector, Question};

use crate::{
    Person,
    scripted::{Round, Scripted, Step},
    secrets,
    support::sshd::{Sshd, peer},
};

/// A server where root has this password, in a password file that only it sees. Needs root, and perl for the hash.
fn with_password(password: &str, options: &[&str]) -> Option<Sshd> {
    let program = peer("sshd")?;
    if !rustix::process::geteuid().is_root() {
        eprintln!("SKIPPED: only root can give sshd a password file of its own");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let hash = format!("print crypt('{password}', '$6$salt$')");
    let hash = Command::new(peer("perl")?).args(["-e", &hash]).output();
    let hash = String::from_utf8(hash.unwrap().stdout).unwrap();
    let shadow = folder.path().join("shadow");
    let days = "19000:0:99999:7:::";
    fs::write(&shadow, format!("root:{hash}:{days}\nsshd:*:{days}\n")).unwrap();
    let wrapper = folder.path().join("sshd");
    let script = format!(
        "#!/bin/sh\nexec unshare -m sh -c 'mount --bind {} /etc/shadow && exec {} \"$@\"' sshd \"$@\"\n",
        shadow.display(),
        program.display()
    );
    fs::write(&wrapper, script).unwrap();
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o700)).unwrap();
    let mut lines = vec!["PasswordAuthentication yes"];
    lines.extend(options);
    Some(Sshd::by(&wrapper, &lines))
}

fn code(question: &Question) -> Answer {
    match question {
        Question::Password { .. } => secrets(&["hunter2"]),
        Question::Codes { fields, .. } if fields.len() == 2 => secrets(&["123", "east"]),
        _ => secrets(&["456"]),
    }
}

#[tokio::test]
async fn who_was_asked_nothing_gave_no_wrong_answers() {
    // As sshd does without PAM: the conversation fails before its first question.
    let nothing = vec![Round(vec![], vec!["never"])];
    let server = Scripted::start(vec![Step::Codes(nothing)]).await;
    let person = Person::new(code);
    let connector = Connector::new(server.config(), Some(person.to.clone()));
    let error = connector.connect(&server.node()).await.unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("keyboard-interactive asked no question"),
        "{said}"
    );
    assert!(!said.contains("wrong answers"), "{said}");
    drop(connector);
    assert!(person.questions().await.is_empty());
}

#[tokio::test]
async fn a_password_then_codes_in_any_number_of_rounds() {
    let rounds = vec![
        Round(vec![("Code:", false), ("Room:", true)], vec!["123", "east"]),
        Round(vec![], vec![]),
        Round(vec![("Next code:", false)], vec!["456"]),
    ];
    let server = Scripted::start(vec![Step::Password("hunter2"), Step::Codes(rounds)]).await;
    let person = Person::new(code);
    let connector = Connector::new(server.config(), Some(person.to.clone()));
    let session = connector.connect(&server.node()).await.unwrap();
    let how = session.info().auth.as_str().to_owned();
    assert_eq!(how, "password, keyboard-interactive");
    // A second connection: the password is known, the codes never are.
    connector.connect_bulk(&server.node()).await.unwrap();
    drop((session, connector));
    let asked = person.questions().await;
    let passwords = asked
        .iter()
        .filter(|q| matches!(q, Question::Password { .. }));
    assert_eq!((passwords.count(), asked.len()), (1, 5), "{asked:?}");
    let Question::Codes { fields, user, .. } = &asked[1] else {
        panic!("{:?}", asked[1]);
    };
    assert_eq!(user.as_str(), "ops");
    assert_eq!((fields[0].echo, fields[1].echo), (false, true));
}

#[tokio::test]
async fn a_password_that_pam_asks_for_is_kept_and_its_code_is_not() {
    let rounds = vec![
        Round(vec![("Password: ", false)], vec!["hunter2"]),
        Round(vec![("Verification code: ", false)], vec!["456"]),
    ];
    let server = Scripted::start(vec![Step::Codes(rounds)]).await;
    let person = Person::new(code);
    let connector = Connector::new(server.config(), Some(person.to.clone()));
    let first = connector.connect(&server.node()).await.unwrap();
    let second = connector.connect_bulk(&server.node()).await.unwrap();
    connector.forget_secrets().await;
    drop((first, second, connector));
    let asked = person.questions().await;
    let passwords = asked
        .iter()
        .filter(|q| matches!(q, Question::Password { .. }));
    assert_eq!((passwords.count(), asked.len()), (1, 3), "{asked:?}");
}

#[tokio::test]
async fn a_wrong_password_is_asked_for_three_times_and_then_refused_for_good() {
    let server = Scripted::start(vec![Step::Password("hunter2")]).await;
    let person = Person::new(|_| secrets(&["wrong"]));
    let connector = Connector::new(server.config(), Some(person.to.clone()));
    let error = connector.connect(&server.node()).await.unwrap_err();
    assert!(error.permanent, "{error}");
    assert!(error.reason.as_str().contains("wrong password"), "{error}");
    drop(connector);
    let attempts: Vec<u8> = person.questions().await.iter().map(attempt).collect();
    assert_eq!(attempts, [1, 2, 3]);
}

fn attempt(question: &Question) -> u8 {
    match question {
        Question::Password { attempt, .. } => *attempt,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn who_declines_is_not_asked_again_and_nobody_is_told_what_to_do() {
    let server = Scripted::start(vec![Step::Password("hunter2")]).await;
    let person = Person::new(|_| Answer::No);
    let connector = Connector::new(server.config(), Some(person.to.clone()));
    let error = connector.connect(&server.node()).await.unwrap_err();
    assert!(
        error.permanent && error.reason.as_str().contains("declined"),
        "{error}"
    );
    drop(connector);
    assert_eq!(person.questions().await.len(), 1);
    let error = Connector::new(server.config(), None)
        .connect(&server.node())
        .await
        .unwrap_err();
    assert!(
        error.permanent && error.advice.as_str().contains("--batch"),
        "{error:?}"
    );
}

#[tokio::test]
async fn sshd_takes_a_key_and_then_a_password() {
    let Some(server) = with_password("hunter2", &["AuthenticationMethods publickey,password"])
    else {
        return;
    };
    server.trust();
    let mut answers = ["wrong", "hunter2"].into_iter();
    let person = Person::new(move |_| secrets(&[answers.next().unwrap()]));
    let connector = Connector::new(server.config(), Some(person.to.clone()));
    let session = connector.connect(&server.node()).await.unwrap();
    let how = session.info().auth.as_str().to_owned();
    assert!(
        how.starts_with("file ") && how.ends_with(", password"),
        "{how}"
    );
    connector.connect_bulk(&server.node()).await.unwrap();
    drop((session, connector));
    assert_eq!(person.questions().await.len(), 2);
}
