//! A number that a node can't know beforehand: what is said with it was said by this execution.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
};

/// 128 random bits as hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Nonce(String);

impl Nonce {
    /// A new one. The standard library seeds each of these hashers from the system's source of randomness.
    pub fn random() -> Self {
        let part = |salt: u8| RandomState::new().hash_one(salt);
        Self(format!("{:016x}{:016x}", part(0), part(1)))
    }

    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
