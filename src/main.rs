//! The binary: parse, run, exit with a code that a script can branch on.

use std::process::ExitCode;

fn main() -> ExitCode {
    signoff::cli::main()
}
