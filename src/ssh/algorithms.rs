//! The algorithms that ssh_config names, as far as they are known here.

use std::{borrow::Cow, str::FromStr};

use russh::{Preferred, cipher, kex, keys::Algorithm, mac};

/// Lists as ssh_config writes them: `a,b` instead of ours, `+a` after ours, `-a*` less these, `^a` before ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Algorithms {
    /// `Ciphers`.
    pub(super) ciphers: Option<String>,
    /// `MACs`.
    pub(super) macs: Option<String>,
    /// `KexAlgorithms`.
    pub(super) kex: Option<String>,
    /// `HostKeyAlgorithms`.
    pub(super) host_keys: Option<String>,
}

impl Algorithms {
    /// Puts them over what is preferred; an error names a list of which nothing is known here.
    pub(super) fn apply(&self, preferred: &mut Preferred) -> Result<(), String> {
        if let Some(said) = &self.ciphers {
            let parse = |name: &str| cipher::Name::try_from(known(name)?).ok();
            preferred.cipher = list("Ciphers", said, &preferred.cipher, parse, AsRef::as_ref)?;
        }
        if let Some(said) = &self.macs {
            let parse = |name: &str| mac::Name::try_from(known(name)?).ok();
            preferred.mac = list("MACs", said, &preferred.mac, parse, AsRef::as_ref)?;
        }
        if let Some(said) = &self.kex {
            let parse = |name: &str| kex::Name::try_from(known(name)?).ok();
            let all = preferred.kex.iter().copied();
            // Not algorithms, but what else both sides can do.
            let (extra, ours): (Vec<_>, Vec<_>) = all.partition(|name| is_extension(name.as_ref()));
            let mut names = list("KexAlgorithms", said, &ours, parse, AsRef::as_ref)?;
            names.to_mut().extend(extra);
            preferred.kex = names;
        }
        if let Some(said) = &self.host_keys {
            let key = &preferred.key;
            preferred.key = list("HostKeyAlgorithms", said, key, host_key, Algorithm::as_str)?;
        }
        Ok(())
    }
}

/// No encryption and no integrity are nothing to ask for.
fn known(name: &str) -> Option<&str> {
    (!matches!(name, "none" | "clear")).then_some(name)
}

/// True for what stands among the algorithms of key exchange and tells of something else.
pub(super) fn is_extension(name: &str) -> bool {
    name.starts_with("ext-info-") || name.starts_with("kex-strict-")
}

/// A kind of host key; certificates are asked for elsewhere, if at all.
fn host_key(name: &str) -> Option<Algorithm> {
    let algorithm = Algorithm::from_str(name).ok()?;
    (!matches!(algorithm, Algorithm::Other(_) | Algorithm::Dsa)).then_some(algorithm)
}

fn list<T: Clone + PartialEq>(
    key: &str,
    said: &str,
    ours: &[T],
    parse: impl Fn(&str) -> Option<T>,
    name: impl Fn(&T) -> &str,
) -> Result<Cow<'static, [T]>, String> {
    let (sign, names) = match said.split_at_checked(1) {
        Some((sign @ ("+" | "-" | "^"), names)) => (sign, names),
        _ => ("", said),
    };
    let named: Vec<T> = names.split(',').filter_map(&parse).collect();
    let others = ours.iter().filter(|own| !named.contains(own)).cloned();
    let all: Vec<T> = match sign {
        "+" => {
            let new = named.iter().filter(|new| !ours.contains(new));
            ours.iter().chain(new).cloned().collect()
        }
        "-" => {
            let stays = |own: &&T| !super::config::is_in_list(names, name(own));
            ours.iter().filter(stays).cloned().collect()
        }
        "^" => named.iter().cloned().chain(others).collect(),
        _ => named,
    };
    if all.is_empty() {
        return Err(format!("{key} {said}: none of them is known to sshoal"));
    }
    Ok(Cow::Owned(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ciphers(said: &str) -> Result<String, String> {
        let mut preferred = Preferred {
            cipher: Cow::Borrowed(&[cipher::AES_256_GCM, cipher::AES_256_CTR]),
            ..Preferred::DEFAULT
        };
        let algorithms = Algorithms {
            ciphers: Some(said.to_owned()),
            ..Algorithms::default()
        };
        algorithms.apply(&mut preferred)?;
        let names: Vec<&str> = preferred.cipher.iter().map(AsRef::as_ref).collect();
        Ok(names.join(" "))
    }

    #[test]
    fn lists_replace_add_take_away_or_come_first() {
        let of = |said| ciphers(said).expect("some are known");
        assert_eq!(of("aes128-ctr,odd,none"), "aes128-ctr");
        assert_eq!(
            of("+aes128-ctr,aes256-ctr"),
            "aes256-gcm@openssh.com aes256-ctr aes128-ctr"
        );
        assert_eq!(of("-*gcm*"), "aes256-ctr");
        assert_eq!(of("^aes256-ctr"), "aes256-ctr aes256-gcm@openssh.com");
        for nothing in ["none", "clear", "rc4", "-*"] {
            assert!(ciphers(nothing).is_err(), "{nothing}");
        }
    }

    #[test]
    fn what_both_sides_can_do_besides_stays_offered() {
        let mut preferred = Preferred::DEFAULT;
        let algorithms = Algorithms {
            kex: Some("curve25519-sha256".to_owned()),
            host_keys: Some("ssh-ed25519-cert-v01@openssh.com,ssh-ed25519".to_owned()),
            ..Algorithms::default()
        };
        algorithms.apply(&mut preferred).expect("they are known");
        let kex: Vec<&str> = preferred.kex.iter().map(AsRef::as_ref).collect();
        assert_eq!(kex.first(), Some(&"curve25519-sha256"));
        assert!(kex.contains(&"kex-strict-c-v00@openssh.com"), "{kex:?}");
        assert_eq!(*preferred.key, [Algorithm::Ed25519]);
    }
}
