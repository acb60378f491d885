//! The S1 wire: bytes of the fast channel to raw readings, delta by delta.
