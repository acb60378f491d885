//! Unit and property tests of node sets.
