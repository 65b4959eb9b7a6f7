//! What is said, and to whom: results on standard output, complaints on standard error.

use std::{fmt::Display, io::Write as _};

/// A reader that has gone away (`./dev status | head`) is no error of ours.
pub fn say(text: impl Display) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// A line below a heading.
pub fn note(text: impl Display) {
    say(format_args!("  {text}"));
}

pub fn warn(text: impl Display) {
    complain(format_args!("dev: {text}"));
}

/// A line that belongs to a complaint.
pub fn complain(text: impl Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
