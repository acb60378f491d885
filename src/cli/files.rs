//! The limit of open files: every connection takes one at least.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More than any fleet needs. Programs that walk through all possible files get slow with more.
const MOST: u64 = 65_536;

/// macOS takes no more than this, though it names no limit (`OPEN_MAX`).
const MACOS: u64 = 10_240;

/// Raises the soft limit to the hard one; what it is then.
pub(super) fn raise() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let enough = maximum.unwrap_or(MOST).min(MOST);
    for wanted in [enough, enough.min(MACOS)] {
        let limit = Rlimit {
            current: Some(wanted),
            maximum,
        };
        if current.is_some_and(|now| now < wanted) && setrlimit(Resource::Nofile, limit).is_ok() {
            break;
        }
    }
    let now = getrlimit(Resource::Nofile).current.unwrap_or(MOST);
    usize::try_from(now).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_as_far_as_is_allowed() {
        let before = getrlimit(Resource::Nofile);
        let now = raise() as u64;
        assert!(before.current.is_none_or(|soft| now >= soft.min(MOST)));
        assert!(before.maximum.is_none_or(|hard| now <= hard));
        assert_eq!(raise() as u64, now);
    }
}
