//! The constant remote program, its hello, and the ticks that drive it.
