//! Rows of real cards (retyped from public captures), every form of "not available", and the ladder.

use super::*;

/// An H100 under load, and one in MIG mode.
const H100: &str = "0, NVIDIA H100 80GB HBM3, 100, 19818, 81559, 59, 631.95, 700.00, 1980, [N/A], Enabled, 0, Disabled, 0x0000000000000004, 00000000:18:00.0\n\
    1, NVIDIA H100 80GB HBM3, [N/A], 11125, 81559, 54, 120.10, 700.00, 1980, [N/A], Disabled, 2, Enabled, 0x0000000000000040, 00000000:2A:00.0\n";

fn looped(text: &str) -> Smi {
    let mut smi = Smi::default();
    smi.command().unwrap();
    assert_eq!(smi.feed(text.as_bytes()), smi.feed(text.as_bytes()));
    smi
}

#[test]
fn a_loaded_card_is_read() {
    let smi = looped(H100);
    let cards: Vec<_> = smi.cards().collect();
    assert_eq!(cards.len(), 2);
    let card = &cards[0];
    assert_eq!(card.name.as_str(), "NVIDIA H100 80GB HBM3");
    assert_eq!(
        (card.util, card.temperature, card.power),
        (Some(100.0), Some(59.0), Some(631.95))
    );
    assert_eq!(card.memory_used, Some(19_818 << 20));
    assert_eq!(
        (card.power_limit, card.clock, card.fan),
        (Some(700.0), Some(1980), None)
    );
    assert_eq!(
        (card.persistence, card.ecc, card.mig),
        (Some(true), Some(0), false)
    );
    assert_eq!(card.throttled, Some(false), "a power cap is ordinary");
    let mig = &cards[1];
    assert_eq!((mig.util, mig.mig, mig.ecc), (None, true, Some(2)));
    assert_eq!((mig.throttled, mig.persistence), (Some(true), Some(false)));
}

#[test]
fn the_first_sample_shows_no_use() {
    let mut smi = Smi::default();
    smi.command().unwrap();
    assert!(smi.feed(H100.as_bytes()));
    let card = smi.cards().next().unwrap();
    assert_eq!(
        (card.util, card.power, card.memory_total),
        (None, None, Some(81_559 << 20))
    );
}

#[test]
fn every_form_of_not_available_is_none() {
    for form in [
        "[N/A]",
        "N/A",
        "[Not Supported]",
        "[Unknown Error]",
        "[Insufficient Permissions]",
        "ERR!",
        "",
        "[GPU requires reset]",
        "nan",
        "-1",
    ] {
        let cells = [form; 13].join(", ");
        let smi = looped(&format!("0, {cells}, {form}\n"));
        let card = smi.cards().next().unwrap();
        assert_eq!(
            (card.util, card.memory_used, card.temperature),
            (None, None, None),
            "{form}"
        );
        assert_eq!(
            (card.power, card.fan, card.ecc, card.throttled),
            (None, None, None, None),
            "{form}"
        );
        assert_eq!((card.mig, card.persistence), (false, None), "{form}");
    }
}

#[test]
fn lines_of_the_driver_are_skipped() {
    let noise = "NVRM: Xid (PCI:0000:3b:00): 63, ECC page retirement\n\n0, half a row\n";
    let smi = looped(&format!("{noise}{H100}{noise}"));
    assert_eq!(smi.cards().count(), 2);
    assert_eq!(smi.problem(), None);
}

#[test]
fn an_unknown_field_steps_down_the_ladder() {
    let mut smi = Smi::default();
    let mut tried = Vec::new();
    loop {
        tried.push(smi.command().unwrap());
        assert_eq!(smi.problem(), None, "an older driver is no problem");
        smi.feed(b"\nsshoal S1 gpu\nField \"clocks_event_reasons.active\" is not a valid field to query.\n");
        if !smi.failed() {
            break;
        }
    }
    assert_eq!(tried.len(), 4);
    assert!(tried[1].contains("mig.mode.current,clocks_throttle_reasons.active"));
    assert!(tried[2].contains("clocks_throttle_reasons.active") && !tried[2].contains("mig."));
    assert!(tried[3].contains("query-gpu=index,uuid,name,utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw "));
    assert!(smi.problem().is_some());
    assert_eq!(smi.command().as_ref(), tried.first(), "another day");
}

#[test]
fn a_driver_that_is_loaded_late_is_found() {
    let mut smi = Smi::default();
    let first = smi.command().unwrap();
    smi.feed(b"Welcome to gpu01!\n> \nsshoal S1 gpu\nNVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\nMake sure.\n");
    assert!(!smi.failed(), "not at once");
    let told = |smi: &Smi| smi.problem().unwrap_or_default().to_string();
    assert!(told(&smi).starts_with("NVIDIA-SMI has failed"));
    assert_eq!(smi.command(), Some(first));
    assert!(
        told(&smi).starts_with("NVIDIA-SMI has failed"),
        "until it is heard"
    );
    smi.feed(H100.as_bytes());
    assert_eq!((smi.problem(), smi.cards().count()), (None, 2));
}

#[test]
fn a_tool_that_says_nothing_has_no_cards_and_says_so() {
    let mut smi = looped(H100);
    assert!(smi.failed());
    for at_once in [true, true, true, false] {
        smi.command().unwrap();
        assert_eq!(smi.failed(), at_once);
    }
    assert_eq!(smi.cards().count(), 0);
    assert_eq!(smi.problem(), Some("nvidia-smi ends without a word".into()));
}

#[test]
fn cards_are_known_once_the_tool_starts_over() {
    let mut smi = Smi::default();
    smi.command().unwrap();
    let (first, rest) = H100.split_once('\n').unwrap();
    smi.feed(format!("{first}\n").as_bytes());
    assert!(!smi.is_heard(), "the others may be on their way");
    smi.feed(rest.as_bytes());
    smi.feed(first.as_bytes());
    assert!(!smi.is_heard());
    smi.feed(b"\n");
    assert!(smi.is_heard());
}

#[test]
fn a_loop_that_worked_is_started_again() {
    let mut smi = looped(H100);
    assert!(smi.failed());
    assert!(smi.command().unwrap().contains("clocks_event_reasons"));
}

#[test]
fn a_card_that_three_rounds_lack_is_lost() {
    let mut smi = looped(H100);
    let one = H100.lines().next().unwrap();
    for _ in 0..5 {
        smi.feed(format!("{one}\n").as_bytes());
    }
    assert_eq!(smi.cards().count(), 1);
}

#[test]
fn a_line_without_end_is_bounded() {
    let mut smi = Smi::default();
    smi.command().unwrap();
    for _ in 0..100 {
        assert!(!smi.feed(&[b'9'; 5000]));
    }
    assert!(smi.line.len() <= MAX_LINE);
    for n in 0..500 {
        smi.feed(format!("\n{n}{}\n", ", 1".repeat(14)).as_bytes());
    }
    assert!(smi.cards.len() <= MAX_CARDS);
}

#[test]
fn a_silent_tool_is_told_until_a_card_is_read_again() {
    let mut smi = looped(H100);
    smi.silent();
    smi.command().unwrap();
    assert_eq!(smi.cards().count(), 0);
    assert!(
        smi.problem().is_some(),
        "a tool that starts knows no card yet"
    );
    smi.feed(H100.as_bytes());
    smi.feed(H100.as_bytes());
    assert_eq!((smi.cards().count(), smi.problem()), (2, None));
}
