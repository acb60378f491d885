//! Exit codes of the command line.

/// All well.
pub const OK: u8 = 0;
/// A node is down, critical or not measured, or a daemon failed.
pub const TROUBLE: u8 = 1;
/// Bad arguments, or an inventory that can't be read.
pub const USAGE: u8 = 2;
/// Nothing bad was found, but a node could not be reached.
pub const UNREACHED: u8 = 3;
/// Something of ours failed: the output can't be written, the terminal can't be taken. `EX_IOERR` of sysexits.h.
pub const BROKEN: u8 = 74;
/// Ended by Ctrl-C.
pub const INTERRUPTED: u8 = 130;
/// Ended by SIGTERM.
pub const TERMINATED: u8 = 143;
/// The terminal went away.
pub const HUNG_UP: u8 = 129;
