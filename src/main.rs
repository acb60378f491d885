//! Starts the command line; everything else is in the library.

use std::process::ExitCode;

fn main() -> color_eyre::Result<ExitCode> {
    color_eyre::install()?;
    sshoal::cli::run().map(ExitCode::from)
}
