//! What a whole run says to a script: one exit code out of many outcomes. Pure.

use super::Outcome;

/// A command failed, or was ended before it was done.
pub const FAILED: u8 = 1;
/// No command failed, but a node was not reached, or lost.
pub const UNREACHED: u8 = 3;
/// The strategy stopped the run.
pub const ABORTED: u8 = 4;
/// Somebody stopped the run.
pub const CANCELLED: u8 = 130;

/// What stands for a node that was not reached where exit codes are compared; that of `ssh`.
const NO_ANSWER: u8 = 255;
/// What `timeout` of coreutils ends with.
const TIMED_OUT: u8 = 124;

/// Which exit code a run has, `--exit`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExitPolicy {
    /// 0 only where every node succeeded; else what went wrong, the worst kind first.
    #[default]
    Default,
    /// The largest exit code of a command.
    Max,
    /// 0 where at least one node succeeded.
    Any,
    /// That of the first node.
    First,
}

/// Why a run was over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// Every node had its turn.
    #[default]
    Done,
    /// The strategy stopped it.
    Aborted,
    /// Somebody stopped it.
    Cancelled,
}

impl ExitPolicy {
    /// The policy of this name.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "default" => Self::Default,
            "max" => Self::Max,
            "any" => Self::Any,
            "first" => Self::First,
            _ => return None,
        })
    }

    /// The exit code; outcomes in the order of the selection. A run that somebody stopped is 130 under every policy.
    pub fn code<'a>(self, outcomes: impl IntoIterator<Item = &'a Outcome>, ending: Ending) -> u8 {
        let outcomes: Vec<&Outcome> = outcomes.into_iter().collect();
        if ending == Ending::Cancelled {
            return CANCELLED;
        }
        match self {
            Self::Max => outcomes.iter().map(|o| own_code(o)).max().unwrap_or(0),
            Self::Any if outcomes.iter().any(|o| o.is_ok()) => 0,
            Self::Default | Self::Any => plain_code(&outcomes, ending),
            Self::First => outcomes.first().map_or(0, |o| own_code(o)),
        }
    }
}

fn plain_code(outcomes: &[&Outcome], ending: Ending) -> u8 {
    let failed = |o: &&Outcome| !o.is_ok() && !is_unsaid(o);
    if ending == Ending::Aborted {
        ABORTED
    } else if outcomes.iter().any(failed) {
        FAILED
    } else if outcomes.iter().any(|o| is_unsaid(o)) {
        UNREACHED
    } else {
        0
    }
}

/// True where nothing is known of the command itself.
fn is_unsaid(outcome: &Outcome) -> bool {
    outcome.is_unreached() || matches!(outcome, Outcome::Skipped(_))
}

/// One node's own code, as a shell would have it.
fn own_code(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Ok => 0,
        Outcome::Exit(code) => u8::try_from(*code).unwrap_or(NO_ANSWER),
        Outcome::Signal(name) => 128 + number(name),
        Outcome::Timeout => TIMED_OUT,
        Outcome::Cancelled => CANCELLED,
        Outcome::Lost(_) | Outcome::Unknown(_) | Outcome::Refused(_) | Outcome::Skipped(_) => {
            NO_ANSWER
        }
    }
}

/// The number of a signal of RFC 4254, 6.10, on Linux; 0 for another one.
fn number(signal: &str) -> u8 {
    match signal {
        "HUP" => 1,
        "INT" => 2,
        "QUIT" => 3,
        "ILL" => 4,
        "ABRT" => 6,
        "FPE" => 8,
        "KILL" => 9,
        "USR1" => 10,
        "SEGV" => 11,
        "USR2" => 12,
        "PIPE" => 13,
        "ALRM" => 14,
        "TERM" => 15,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICIES: [ExitPolicy; 4] = [
        ExitPolicy::Default,
        ExitPolicy::Max,
        ExitPolicy::Any,
        ExitPolicy::First,
    ];

    fn refused() -> Outcome {
        Outcome::Refused("no".into())
    }

    fn codes(outcomes: &[Outcome], ending: Ending) -> [u8; 4] {
        POLICIES.map(|policy| policy.code(outcomes, ending))
    }

    #[test]
    fn says_what_went_wrong() {
        let (ok, one, seven) = (Outcome::Ok, Outcome::Exit(1), Outcome::Exit(7));
        let term = Outcome::Signal("TERM".to_owned());
        let skipped = Outcome::Skipped("stopped".into());
        let lost = Outcome::Lost("gone".into());
        for (outcomes, wanted) in [
            (vec![ok.clone(), ok.clone()], [0, 0, 0, 0]),
            (vec![ok.clone(), seven.clone(), one.clone()], [1, 7, 0, 0]),
            (vec![seven, one.clone()], [1, 7, 1, 7]),
            (vec![refused(), ok.clone()], [3, 255, 0, 255]),
            (vec![refused(), lost], [3, 255, 3, 255]),
            (vec![one, refused()], [1, 255, 1, 1]),
            (vec![Outcome::Timeout, ok.clone()], [1, 124, 0, 124]),
            (vec![term], [1, 143, 1, 143]),
            (vec![Outcome::Cancelled], [1, 130, 1, 130]),
            (vec![ok, skipped], [3, 255, 0, 0]),
            (vec![Outcome::Exit(4_294_967_295)], [1, 255, 1, 255]),
        ] {
            assert_eq!(codes(&outcomes, Ending::Done), wanted, "{outcomes:?}");
        }
    }

    #[test]
    fn a_run_that_was_stopped_says_so_first() {
        let outcomes = [Outcome::Exit(1), refused()];
        assert_eq!(codes(&outcomes, Ending::Cancelled), [130; 4]);
        assert_eq!(ExitPolicy::Default.code(&outcomes, Ending::Aborted), 4);
        assert_eq!(ExitPolicy::Default.code(&[Outcome::Ok], Ending::Aborted), 4);
    }

    fn outcome() -> impl Strategy<Value = Outcome> {
        prop_oneof![
            Just(Outcome::Ok),
            (1u32..300).prop_map(Outcome::Exit),
            "[A-Z]{3}".prop_map(Outcome::Signal),
            Just(Outcome::Timeout),
            Just(Outcome::Cancelled),
            Just(Outcome::Lost("x".into())),
            Just(Outcome::Unknown("x".into())),
            Just(refused()),
            Just(Outcome::Skipped("x".into())),
        ]
    }

    proptest! {
        #[test]
        fn zero_means_that_all_succeeded(outcomes in prop::collection::vec(outcome(), 0..6)) {
            let all = outcomes.iter().all(Outcome::is_ok);
            let [default, max, any, _] = codes(&outcomes, Ending::Done);
            prop_assert_eq!(default == 0, all);
            prop_assert_eq!(max == 0, all);
            let one = outcomes.is_empty() || outcomes.iter().any(Outcome::is_ok);
            prop_assert_eq!(any == 0, one);
        }
    }
}
