//! The binary: parse, run, exit with a code that a script can branch on.

use std::process::ExitCode;

/// The system's allocator keeps a third more for each idle waiter, and gives none of it back.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    signoff::cli::main()
}
