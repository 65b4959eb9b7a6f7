//! An approval as the model reads it: a text, and the same as data.
//!
//! Some clients show the model the text, and others the data alone (Claude Code, Codex). So the text is in both.

use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Value, json};

use crate::wire::answer::Answer;

/// Of one that has ended.
pub fn outcome(approval: &Answer) -> CallToolResult {
    let edits = approval.part(&["result", "modifications"]);
    let text = |pointer: &str| approval.pointer(pointer).and_then(Value::as_str);
    let by = text("/resolved_by").unwrap_or("an approver");
    let feedback = text("/result/feedback").filter(|it| !it.is_empty());
    let is_final = matches!(text("/status"), Some("resolved" | "expired"));
    let timed_out = text("/resolved_via") == Some("timeout");
    let said = |verb: &str| match feedback {
        Some(feedback) => format!("{verb} by {by}: {feedback}"),
        None => format!("{verb} by {by}."),
    };
    let (words, approved) = match text("/resolution") {
        Some("approved") if is_final && timed_out => {
            ("Approved, because nobody answered in time.".to_owned(), true)
        }
        Some("approved") if is_final => (said("Approved"), true),
        Some("modified") if is_final => match edits {
            Some(edits) => {
                let said = said("Approved with changes");
                (format!("{said}\nDo it with these changes, and not as you asked: {edits}"), true)
            }
            None => ("It was approved with changes, and they are missing. Don't do it.".to_owned(), false),
        },
        _ if is_final && timed_out => ("Nobody answered in time. Don't do it.".to_owned(), false),
        Some("rejected") if is_final => (
            format!("{}\nDon't do it, and don't ask again unless you are asked to.", said("Rejected")),
            false,
        ),
        _ if text("/status") == Some("cancelled") => {
            ("The request was withdrawn. Don't do it.".to_owned(), false)
        }
        _ => ("It was not approved. Don't do it.".to_owned(), false),
    };
    result(&words, approval, !approved)
}

/// The same, to an agent that may have asked long ago, or that another text has told to look: it must know what it reads.
pub fn outcome_of(approval: &Answer) -> CallToolResult {
    let mut result = outcome(approval);
    let title = approval["title"].as_str().unwrap_or_default();
    let words = result.content.first().and_then(|it| it.as_text()).map(|it| it.text.clone());
    let words = format!("{}\nThis is about: {title}", words.unwrap_or_default());
    if let Some(data) = &mut result.structured_content {
        data["message"] = words.clone().into();
    }
    result.content = vec![ContentBlock::text(words)];
    result
}

/// Of one that still waits.
pub fn waiting(approval: &Value) -> CallToolResult {
    let id = approval["id"].as_str().unwrap_or_default();
    result(
        &format!("Not decided yet. Approval {id} is waiting. Call wait_for_approval with it."),
        approval,
        true,
    )
}

/// Of one that was asked, and whose wait came to nothing.
pub fn broken_off(id: &str, error: &anyhow::Error) -> CallToolResult {
    let words = format!(
        "Not known yet. The wait for approval {id} broke off: {error:#}. Don't do it. Call wait_for_approval with it."
    );
    let mut result = CallToolResult::error(vec![ContentBlock::text(&words)]);
    result.structured_content = Some(json!({ "message": words, "approval_id": id }));
    result
}

fn result(words: &str, approval: &Value, is_error: bool) -> CallToolResult {
    let content = vec![ContentBlock::text(words)];
    let mut result = if is_error { CallToolResult::error(content) } else { CallToolResult::success(content) };
    result.structured_content = Some(json!({
        "message": words,
        "approval_id": approval["id"],
        "title": approval["title"],
        "run_id": approval["run_id"],
        "resolved_at": approval["resolved_at"],
        "status": approval["status"],
        "resolution": approval["resolution"],
        "decided_by": approval["resolved_by"],
        "feedback": approval["result"]["feedback"],
        "modifications": approval["result"]["modifications"],
        "expires_at": approval["expires_at"],
    }));
    result
}
