//! The one door to standard output and standard error.
//!
//! Nothing else prints. [`Text`] is all that can be printed, and only this module makes it: what others wrote can't
//! move the cursor, hide, or look like a line of ours. A failure to print is an error like any other, so that a
//! command can say what it has done all the same; nothing here panics because standard output is closed.
//!
//! | | |
//! | --- | --- |
//! | [`fold`] | lines that are longer than a terminal is wide |
//! | [`page`] | one approval, for reading |
//! | [`stream`] | what is passed on piece by piece |

mod fold;
pub mod page;
mod stream;

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{self, IsTerminal, Write as _},
    os::fd::AsFd,
};

use serde_json::Value;

pub use self::stream::Stream;
use crate::domain::{json, legible};

/// How far lines after the first are indented.
const INDENT: usize = 4;

/// Standard output took less than all.
#[derive(Debug, thiserror::Error)]
pub enum Unprinted {
    /// Its reader has seen enough. That is no trouble.
    #[error("standard output is closed")]
    Closed,
    #[error("standard output can't be written: {0}")]
    Failed(io::Error),
}

impl From<io::Error> for Unprinted {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::Closed } else { Self::Failed(error) }
    }
}

/// Whole lines that are fit for a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    lines: String,
    /// How far what doesn't fit into a terminal's line is indented; JSON stays as it is.
    fold: Option<usize>,
}

impl Text {
    /// A line; what follows a line break in it is indented.
    pub fn line(words: &str) -> Self {
        Self::folding(legible::block(words, INDENT) + "\n", INDENT)
    }

    /// A line in which a line break is shown as its code.
    pub fn single_line(words: &str) -> Self {
        Self::folding(legible::line(words).into_owned() + "\n", INDENT)
    }

    /// A line to be copied: a key, an address, a command. It isn't folded, because a fold would be copied, too. Where
    /// others wrote a part of it, that part must have no blanks: nothing else can be pushed to a terminal's edge.
    pub fn to_copy(words: &str) -> Self {
        Self { lines: legible::line(words).into_owned() + "\n", fold: None }
    }

    /// Lines of our own.
    pub fn own(lines: &'static str) -> Self {
        Self { lines: lines.to_owned(), fold: None }
    }

    /// Columns, aligned.
    pub fn table<const N: usize>(head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> Self {
        let legible = |row: [String; N]| row.map(|cell| legible::line(&cell).into_owned());
        let rows: Vec<[String; N]> =
            std::iter::once(head.map(str::to_owned)).chain(rows.into_iter().map(legible)).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..N).map(width).collect();
        let mut text = String::new();
        for row in &rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                // Writing to a string can't fail.
                let _ = write!(line, "{cell:<width$}  ");
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        Self::folding(text, INDENT)
    }

    /// JSON, byte by byte as it is given. On a terminal, what could deceive there is written as JSON's own escapes.
    pub fn json(json: &str) -> Self {
        let shown =
            if io::stdout().is_terminal() { legible::json(json).into_owned() } else { json.to_owned() };
        Self { lines: shown + "\n", fold: None }
    }

    /// The same on one line, which only takes the place between tokens away.
    pub fn json_line(json: &str) -> Self {
        if json.contains(['\n', '\r']) { Self::json(&json::compact(json)) } else { Self::json(json) }
    }

    fn folding(lines: String, indent: usize) -> Self {
        Self { lines, fold: Some(indent) }
    }

    /// As it goes to `out`.
    pub fn shown_on(&self, out: &impl AsFd) -> Cow<'_, str> {
        self.shown_at(fold::width(out))
    }

    /// The same, on a terminal with so many columns, or where there is none.
    pub fn shown_at(&self, width: Option<usize>) -> Cow<'_, str> {
        match (width, self.fold) {
            (Some(width), Some(indent)) => Cow::Owned(fold::fold(&self.lines, width, indent)),
            _ => Cow::Borrowed(&self.lines),
        }
    }
}

/// Prints to standard output.
pub fn print(text: &Text) -> Result<(), Unprinted> {
    let mut out = io::stdout().lock();
    out.write_all(text.shown_on(&out).as_bytes())?;
    Ok(out.flush()?)
}

/// Prints what has been done. It stays done where that can't be printed, and then standard error says so.
pub fn print_done(text: &Text) -> anyhow::Result<()> {
    done(print(text), text.lines.trim_end())
}

/// The same, with other words for standard error. Where nobody reads, nobody is told.
pub fn done(printed: Result<(), Unprinted>, what: &str) -> anyhow::Result<()> {
    match printed {
        Ok(()) | Err(Unprinted::Closed) => Ok(()),
        Err(failed) => Err(anyhow::Error::new(failed).context(format!("this is done all the same: {what}"))),
    }
}

/// Tells people on standard error how it goes. Nobody may be listening any more; then nothing is missed.
pub fn say(words: &str) {
    tell(&Text::line(words));
}

/// The same, with a line to be copied.
pub fn say_to_copy(words: &str) {
    tell(&Text::to_copy(words));
}

fn tell(text: &Text) {
    let mut err = io::stderr().lock();
    let _ = err.write_all(text.shown_on(&err).as_bytes());
}

/// A field of an object, as text; empty if it is absent or null.
pub fn field(value: &Value, name: &str) -> String {
    match &value[name] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_never_begins_a_line() {
        let rows = [["1".to_owned(), "a\nb".to_owned()], ["22".to_owned(), "\u{1b}[2J".to_owned()]];
        assert_eq!(Text::table(["N", "WORDS"], rows).lines, "N   WORDS\n1   a\\nb\n22  \\u{1b}[2J\n");
    }

    #[test]
    fn json_on_a_line_keeps_its_tokens() {
        assert_eq!(Text::json_line("{\"a\" : 1.10}").lines, "{\"a\" : 1.10}\n");
        assert_eq!(Text::json_line("{\"a\" :\n 1.10}").lines, "{\"a\":1.10}\n");
    }

    #[test]
    fn what_is_to_be_copied_is_not_folded() {
        let words = "so_abcdefghijkl_0123456789abcdef0123456789abcdef0123";
        assert_eq!(Text::to_copy(words).shown_at(Some(20)), format!("{words}\n"));
        assert!(Text::line(words).shown_at(Some(20)).contains("\n    "));
        assert_eq!(Text::to_copy("a\u{1b}[2J\nb").shown_at(None), "a\\u{1b}[2J\\nb\n");
    }

    #[test]
    fn only_a_closed_pipe_is_no_trouble() {
        let of = |kind: io::ErrorKind| Unprinted::from(io::Error::from(kind));
        assert!(done(Err(of(io::ErrorKind::BrokenPipe)), "x").is_ok());
        let error = done(Err(of(io::ErrorKind::StorageFull)), "approved").unwrap_err();
        assert!(format!("{error:#}").starts_with("this is done all the same: approved: standard output"));
    }
}
