//! How one may prove who one is, in which order, and how often a person may try: ssh's usual, less what ssh_config takes out. Pure.

use std::{
    hash::{Hash, Hasher},
    str::FromStr as _,
};

use russh::{MethodKind, MethodSet};

/// In ssh's order: what asks nobody comes first. Its `hostbased` and `gssapi-with-mic` are not known here.
const USUAL: [MethodKind; 3] = [
    MethodKind::PublicKey,
    MethodKind::KeyboardInteractive,
    MethodKind::Password,
];

/// Tries of a person at one passphrase or password.
const TRIES: u8 = 3;

/// Nobody types more.
const MAX_TRIES: u8 = 99;

/// What a login may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Methods {
    /// The first is tried first; any other is not tried.
    order: Vec<MethodKind>,
    /// Tries of a person at one passphrase or password (`NumberOfPasswordPrompts`).
    pub(super) tries: u8,
}

impl Hash for Methods {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for method in &self.order {
            <&str>::from(method).hash(state);
        }
        self.tries.hash(state);
    }
}

impl Default for Methods {
    fn default() -> Self {
        Self {
            order: USUAL.to_vec(),
            tries: TRIES,
        }
    }
}

impl Methods {
    /// True where keys are what is tried first.
    pub(super) fn begin_with_keys(&self) -> bool {
        self.order.first() == Some(&MethodKind::PublicKey)
    }

    /// Of `PreferredAuthentications`, in whose order they go, without those that are off.
    pub(super) fn new(
        preferred: Option<&str>,
        is_off: impl Fn(MethodKind) -> bool,
        tries: Option<u8>,
    ) -> Self {
        let mut order: Vec<MethodKind> = Vec::new();
        let named = |list: &str| {
            let kinds = list
                .split(',')
                .filter_map(|name| MethodKind::from_str(name).ok());
            kinds
                .filter(|kind| USUAL.contains(kind))
                .collect::<Vec<_>>()
        };
        for kind in preferred.map_or_else(|| USUAL.to_vec(), named) {
            if !is_off(kind) && !order.contains(&kind) {
                order.push(kind);
            }
        }
        Self {
            order,
            tries: tries.unwrap_or(TRIES).min(MAX_TRIES),
        }
    }

    /// The next one that the server accepts and that was not tried since its last step.
    pub(super) fn next(&self, accepted: &MethodSet, spent: &[MethodKind]) -> Option<MethodKind> {
        let open = |kind: &MethodKind| accepted.contains(kind) && !spent.contains(kind);
        self.order.iter().copied().find(open)
    }

    /// Those that the server accepts and that could be tried, were it not for ssh_config.
    pub(super) fn left_out(&self, accepted: &MethodSet) -> Vec<&'static str> {
        let out = |kind: &&MethodKind| accepted.contains(kind) && !self.order.contains(kind);
        USUAL.iter().filter(out).map(Into::into).collect()
    }

    /// Of what the server accepts, that which may be tried.
    pub(super) fn of(&self, accepted: &MethodSet) -> MethodSet {
        let both = self.order.iter().copied();
        let both: Vec<MethodKind> = both.filter(|kind| accepted.contains(kind)).collect();
        MethodSet::from(both.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MethodKind::{HostBased, KeyboardInteractive, Password, PublicKey};

    fn set(kinds: &[MethodKind]) -> MethodSet {
        MethodSet::from(kinds)
    }

    #[test]
    fn methods_go_in_sshs_order_each_once_a_step() {
        let all = set(&[Password, KeyboardInteractive, PublicKey]);
        let usual = Methods::default();
        assert_eq!(usual.next(&all, &[]), Some(PublicKey));
        assert_eq!(usual.next(&all, &[PublicKey]), Some(KeyboardInteractive));
        let spent = [PublicKey, KeyboardInteractive];
        assert_eq!(usual.next(&all, &spent), Some(Password));
        assert_eq!(usual.next(&all, &USUAL), None);
        assert_eq!(usual.next(&set(&[HostBased]), &[]), None);
        assert!(usual.left_out(&all).is_empty());
        assert_eq!(Methods::new(None, |_| false, None), usual);
    }

    #[test]
    fn what_ssh_config_prefers_is_all_that_is_tried() {
        let preferred = Some("hostbased,password,nonsense,publickey,password");
        let methods = Methods::new(preferred, |_| false, Some(1));
        assert_eq!(methods.order, [Password, PublicKey]);
        assert_eq!(methods.tries, 1);
        let methods = Methods::new(preferred, |kind| kind == PublicKey, None);
        assert_eq!(methods.order, [Password]);
        let accepted = set(&[PublicKey, KeyboardInteractive]);
        assert_eq!(
            methods.left_out(&accepted),
            ["publickey", "keyboard-interactive"]
        );
        assert!(methods.of(&accepted).is_empty());
        assert!(Methods::new(Some("none"), |_| false, None).order.is_empty());
    }
}
