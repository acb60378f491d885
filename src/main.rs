//! Starts the command line; everything else is in the library.

use std::process::ExitCode;

fn main() -> color_eyre::Result<ExitCode> {
    // For panics only: an error is printed as a line, and the backtrace that would be taken of each costs a second.
    let (panics, _) = color_eyre::config::HookBuilder::default().into_hooks();
    panics.install();
    sshoal::cli::run().map(ExitCode::from)
}
