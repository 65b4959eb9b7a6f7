//! What people see.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
};

use serde_json::Value;

use crate::domain::names::is_bidirectional_control;

/// Columns, aligned.
pub fn table<const N: usize>(head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = std::iter::once(head.map(str::to_owned)).chain(rows).collect();
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
    text
}

/// A field of an object, as text; empty if it is absent or null. Control characters are shown, not obeyed: what
/// an agent wrote must not move the cursor of whoever decides.
pub fn field(value: &Value, name: &str) -> String {
    match &value[name] {
        Value::Null => String::new(),
        Value::String(text) => harmless(text),
        other => harmless(&other.to_string()),
    }
}

/// Tells people on standard error how it goes. Nobody may be listening any more; then nothing is missed.
pub fn say(words: &str) {
    let _ = io::stderr().write_all((harmless(words) + "\n").as_bytes());
}

/// What others wrote, fit for a terminal.
pub fn harmless(text: &str) -> String {
    let deceives = |c: char| c.is_control() && c != '\n' || is_bidirectional_control(c);
    text.chars().map(|c| if deceives(c) { '\u{FFFD}' } else { c }).collect()
}

/// One approval, for reading.
pub fn approval(value: &Value) -> String {
    let mut text = String::new();
    let mut line = |name: &str, words: String| {
        if !words.is_empty() {
            let _ = writeln!(text, "{name:<12} {words}");
        }
    };
    line("id", field(value, "id"));
    line("title", field(value, "title"));
    line("description", field(value, "description"));
    line("type", field(value, "approval_type"));
    line("run", field(value, "run_id"));
    line("asked by", field(value, "requested_by"));
    line("asked at", field(value, "created_at"));
    line("context", harmless(&serde_json::to_string_pretty(&value["context"]).unwrap_or_default()));
    line("policy", field(value, "policy"));
    line("status", field(value, "status"));
    line("resolution", field(value, "resolution"));
    line("by", field(value, "resolved_by"));
    line("via", field(value, "resolved_via"));
    line("feedback", field(&value["result"], "feedback"));
    line("comment", field(&value["result"], "comment"));
    line("edits", field(&value["result"], "modifications"));
    line("expires at", field(value, "expires_at"));
    text
}
