//! One approval, for those who decide.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Text, field};
use crate::{
    domain::{json, legible},
    wire::answer::Answer,
};

/// Where what is told begins, behind its name.
const COLUMN: usize = 13;

/// Lines of a name and what is told under it. Each begins with one of our names, or with blanks.
#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, name: &str, words: &str) {
        if !words.is_empty() {
            // Writing to a string can't fail.
            let _ = writeln!(self.0, "{name:<12} {}", legible::block(words, COLUMN));
        }
    }

    fn json(&mut self, name: &str, text: Option<String>) {
        if let Some(text) = text {
            self.line(name, &legible::json(&json::pretty(&text)));
        }
    }
}

/// All that there is to know; `votes` are `Err` with the reason if they can't be had.
pub fn approval(approval: &Answer, votes: Result<&[Answer], String>) -> Text {
    let mut page = Page::default();
    for (name, of) in [
        ("id", "id"),
        ("title", "title"),
        ("description", "description"),
        ("type", "approval_type"),
        ("run", "run_id"),
        ("task", "task_id"),
        ("session", "session_id"),
        ("job", "job_id"),
        ("asked by", "requested_by"),
        ("asked at", "created_at"),
    ] {
        page.line(name, &field(approval, of));
    }
    page.json("context", approval.part(&["context"]));
    page.json("metadata", approval.part(&["metadata"]).filter(|text| json::compact(text) != "{}"));
    page.json("checkpoint", approval.part(&["checkpoint"]));
    page.line("policy", &legible::json(&json::compact(&approval.part(&["policy"]).unwrap_or_default())));
    if let Some(levels) = approval.part(&["escalation"]).filter(|text| text != "null") {
        page.line("then", &legible::json(&json::compact(&levels)));
    }
    for hop in approval["escalations"].as_array().into_iter().flatten() {
        page.line("handed on", &handed_on(hop));
    }
    let has_levels = approval["escalation"].is_array();
    if has_levels {
        page.line("level", &field(approval, "escalation_level"));
    }
    match votes {
        Ok(votes) => votes.iter().for_each(|vote| page.line("vote", &voted(vote, has_levels))),
        Err(why) => page.line("votes", &why),
    }
    page.line("missing", &field(&approval["progress"], "summary"));
    page.line("status", &field(approval, "status"));
    page.line("resolution", &field(approval, "resolution"));
    page.line("by", &by(approval, ["resolved_by", "resolved_for"]));
    page.line("because", &field(&approval["result"], "because"));
    page.line("via", &field(approval, "resolved_via"));
    page.line("feedback", &field(&approval["result"], "feedback"));
    page.line("comment", &field(&approval["result"], "comment"));
    page.json("edits", approval.part(&["result", "modifications"]));
    page.line("expires at", &field(approval, "expires_at"));
    page.line("at timeout", &field(approval, "timeout_action"));
    Text::folding(page.0, COLUMN)
}

/// "bo for ana", where a person decided in another person's seat.
pub fn by(what: &Value, [who, seat]: [&str; 2]) -> String {
    match (field(what, who), field(what, seat)) {
        (who, seat) if seat.is_empty() => who,
        (who, seat) => format!("{who} for {seat}"),
    }
}

/// "from level 0 by ana at 2026-11-21T12:00:00Z: she is away"
fn handed_on(hop: &Value) -> String {
    let by = match field(hop, "by") {
        by if by.is_empty() => String::new(),
        by => format!(" by {by}"),
    };
    let reason = match field(hop, "reason") {
        reason if reason.is_empty() => "no answer came in time".to_owned(),
        reason => reason,
    };
    format!("from level {}{by} at {}: {reason}", field(hop, "from_level"), field(hop, "at"))
}

/// "approved by ana at 2026-11-21T12:00:00Z: looks right"
fn voted(vote: &Value, has_levels: bool) -> String {
    let mut words = format!(
        "{} by {} at {}",
        field(vote, "verdict"),
        by(vote, ["principal", "for"]),
        field(vote, "created_at")
    );
    if has_levels {
        words = words + ", level " + &field(vote, "level");
    }
    for part in ["feedback", "comment"].map(|part| field(vote, part)).iter().filter(|it| !it.is_empty()) {
        words = words + ": " + part;
    }
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_line_is_forged() {
        let forged = "fine\nstatus       resolved\r\nby           ana\u{2028}x\u{85}y";
        let text = json!({
            "id": "7", "title": forged, "description": forged, "context": { "a\nstatus": forged, "status": [] },
            "metadata": { "m": forged }, "status": "pending", "requested_by": forged,
            "policy": { "allowed_approvers": [forged] },
            "result": { "feedback": forged, "comment": forged, "modifications": { "x": forged } },
        });
        let answer: Answer = serde_json::from_str(&text.to_string()).unwrap();
        let vote =
            json!({ "verdict": "approved", "principal": "bo", "created_at": "now", "feedback": forged });
        let votes: [Answer; 1] = [serde_json::from_str(&vote.to_string()).unwrap()];
        let page = approval(&answer, Ok(&votes)).lines;
        let names: Vec<&str> =
            page.lines().filter(|line| !line.starts_with(' ')).map(|line| line[..12].trim()).collect();
        let expected = [
            "id",
            "title",
            "description",
            "asked by",
            "context",
            "metadata",
            "policy",
            "vote",
            "status",
            "feedback",
            "comment",
            "edits",
        ];
        assert_eq!(names, expected, "{page}");
        assert!(page.contains("\nstatus       pending\n") && !page.contains(['\u{2028}', '\u{85}', '\r']));
    }

    #[test]
    fn the_proposal_is_shown_as_it_was_written() {
        let text = r#"{"context":{"amount":1.10,"id":12345678901234567.0}}"#;
        let page = approval(&serde_json::from_str(text).unwrap(), Err("unknown".to_owned())).lines;
        assert!(page.contains("\"amount\": 1.10,") && page.contains(": 12345678901234567.0\n"), "{page}");
    }
}
