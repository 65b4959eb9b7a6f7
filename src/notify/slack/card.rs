//! The card that shows in Slack how an approval stands. One renderer makes what is posted and what is edited. Pure.
//!
//! All that a card shows comes from the approval, never from a message that Slack hands back. What callers wrote is
//! shown as text. A card always stays far below Slack's limits.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    modal::About,
    text::{line, lines, literal},
};
use crate::domain::{
    approval::{Approval, Ending, Resolution, State, Via},
    json, legible,
    names::PrincipalName,
    notification::Wanted,
    redaction::Redactor,
    shown,
};

/// The longest parts of a card, in characters. Slack takes 150 in a header, 2,000 in a field, 3,000 in a section, and
/// some 13,000 in all blocks together.
const TITLE: usize = 150;
const FIELD: usize = 200;
const SUMMARY: usize = 300;
const DESCRIPTION: usize = 1_500;
const CONTEXT: usize = 1_500;
const REASON: usize = 600;
/// The longest proposal that can be edited in Slack, in characters.
pub const PROPOSAL: usize = 3_000;

/// The ids of the buttons.
pub mod action {
    pub const APPROVE: &str = "signoff_approve";
    pub const REJECT: &str = "signoff_reject";
    pub const MODIFY: &str = "signoff_modify";
    pub const DETAILS: &str = "signoff_details";
}

/// All that a card is made of.
#[derive(Debug, Clone, Copy)]
pub struct Card<'a> {
    pub approval: &'a Approval,
    /// The level that the card is about.
    pub level: i32,
    /// Whether its readers are asked to decide, or only told.
    pub asks: bool,
    /// Where people reach the app.
    pub public_url: Option<&'a str>,
    /// Takes out what must not be shown.
    pub redactor: &'a Redactor,
}

/// A message as it is sent to Slack.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// The text that a phone's or a computer's notification shows.
    pub text: String,
    pub blocks: Value,
}

/// How a card stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum CardState {
    Asking,
    /// Its readers are told, not asked.
    Telling,
    /// The approval is at a later level: nothing is asked here any more.
    HandedOn,
    Ended,
}

impl Card<'_> {
    pub fn rendered(&self) -> Rendered {
        let standing = self.standing();
        let mut blocks = vec![
            json!({ "type": "header", "block_id": "t", "text": plain(&title(self.approval, self.redactor)) }),
            json!({ "type": "section", "block_id": "f", "fields": self.facts(&standing) }),
        ];
        let request = &self.approval.request;
        if let Some(description) = shown::description(request, self.redactor, DESCRIPTION) {
            let text = lines(&description, DESCRIPTION);
            if !text.trim().is_empty() {
                blocks.push(json!({ "type": "section", "block_id": "d", "text": plain(&text) }));
            }
        }
        // Where it can't be read, the router has logged that.
        let wanted = Wanted::of(request).unwrap_or_default();
        let fields = shown::fields(self.approval, &wanted.context_fields, self.redactor);
        if !fields.is_empty() {
            let fields: Vec<String> = fields.iter().map(|it| format!("{}: {}", it.name, it.value)).collect();
            let text = json!({ "type": "text", "text": literal(&fields.join("\n"), CONTEXT) });
            let elements = json!([{ "type": "rich_text_preformatted", "elements": [text] }]);
            blocks.push(json!({ "type": "rich_text", "block_id": "c", "elements": elements }));
        }
        match standing {
            CardState::Asking => blocks.push(self.buttons()),
            CardState::Telling => {}
            CardState::HandedOn => blocks.push(section("o", "*Handed to the next level*")),
            CardState::Ended => blocks.extend(self.outcome()),
        }
        blocks.push(self.foot());
        Rendered { text: self.text(), blocks: Value::Array(blocks) }
    }

    /// The card as one line without blocks, where Slack refuses the blocks: the title, how the approval stands, and a
    /// link.
    pub fn bare(&self) -> String {
        match self.url() {
            None => self.text(),
            Some(url) => format!("{} {url}", self.text()),
        }
    }

    /// The reminder in a card's thread, before the deadline.
    pub fn reminder(&self) -> String {
        let needs = self.approval.progress.as_ref().map(|missing| line(&missing.summary(), SUMMARY));
        let needs = needs.map_or_else(String::new, |needs| format!(" It needs {needs}."));
        format!("Still waiting, until {}.{needs}", moment(self.approval.expires_at))
    }

    fn standing(&self) -> CardState {
        match &self.approval.state {
            State::Final { .. } => CardState::Ended,
            State::Pending if self.approval.escalation_level != self.level => CardState::HandedOn,
            State::Pending if self.asks => CardState::Asking,
            State::Pending => CardState::Telling,
        }
    }

    fn text(&self) -> String {
        let title = title(self.approval, self.redactor);
        let who = line(self.approval.requested_by.name.as_str(), FIELD);
        match (&self.approval.state, self.standing()) {
            (State::Final { ending, .. }, _) => format!("{}: {title}", said(ending).replace('*', "")),
            (_, CardState::HandedOn) => format!("Handed to the next level: {title}"),
            (_, CardState::Telling) => format!("{who} asks for an approval: {title}"),
            _ => {
                let until = utc(self.approval.expires_at);
                format!("Approval needed: {title}, asked by {who}, until {until}")
            }
        }
    }

    fn facts(&self, standing: &CardState) -> Value {
        let request = &self.approval.request;
        let mut facts = vec![fact("Run", request.run_id.as_str())];
        if let Some(workflow) = &request.workflow {
            facts.push(fact("Workflow", workflow.as_str()));
        }
        facts.push(fact("Asked by", self.approval.requested_by.name.as_str()));
        if let Some(name) = &self.approval.on_behalf_of {
            facts.push(fact("For", name.as_str()));
        }
        if matches!(standing, CardState::Asking | CardState::Telling) {
            let until = format!("*Until*\n{}", moment(self.approval.expires_at));
            facts.push(json!({ "type": "mrkdwn", "verbatim": true, "text": until }));
            if let Some(missing) = &self.approval.progress {
                let needs = format!("*Needs*\n{}", line(&missing.summary(), SUMMARY));
                facts.push(json!({ "type": "mrkdwn", "verbatim": true, "text": needs }));
            }
        }
        Value::Array(facts)
    }

    fn buttons(&self) -> Value {
        let Approval { id, version, .. } = self.approval;
        // Of what this card was made from.
        let digest = self.approval.compute_digest();
        let value = About { approval: *id, level: self.level, version: *version, digest }.value();
        let button = |id: &str, text: &str, style: Option<&str>| {
            let mut button =
                json!({ "type": "button", "action_id": id, "text": plain(text), "value": value });
            if let Some(style) = style {
                button["style"] = json!(style);
            }
            button
        };
        let mut approve = button(action::APPROVE, "Approve", Some("primary"));
        approve["confirm"] = json!({
            "title": plain("Approve?"),
            "text": plain(&title(self.approval, self.redactor)),
            "confirm": plain("Approve"),
            "deny": plain("Not now"),
        });
        let mut buttons = vec![approve, button(action::REJECT, "Reject…", Some("danger"))];
        if proposal(self.approval, self.redactor).is_some() {
            buttons.push(button(action::MODIFY, "Edit…", None));
        }
        if let Some(url) = self.url() {
            let text = plain("Details");
            buttons.push(json!({ "type": "button", "action_id": action::DETAILS, "text": text, "url": url }));
        }
        json!({ "type": "actions", "block_id": "a", "elements": buttons })
    }

    fn outcome(&self) -> Vec<Value> {
        let State::Final { ending, at } = &self.approval.state else { return Vec::new() };
        let mut blocks = vec![section("o", &format!("{} · {}", said(ending), moment(*at)))];
        let reason = match ending {
            Ending::Resolved { outcome, .. } => outcome.feedback.as_deref(),
            Ending::Cancelled { reason, .. } => Some(reason.as_str()),
            Ending::Expired { .. } => None,
        };
        if let Some(reason) =
            reason.map(|it| lines(&self.redactor.text(it), REASON)).filter(|it| !it.trim().is_empty())
        {
            blocks.push(json!({ "type": "section", "block_id": "r", "text": plain(&reason) }));
        }
        blocks
    }

    fn foot(&self) -> Value {
        let mut text = format!("Signoff · `{}`", self.approval.id);
        if let Some(url) = self.url().filter(|_| self.standing() != CardState::Asking) {
            text = format!("{text} · <{url}|Details>");
        }
        let element = json!({ "type": "mrkdwn", "verbatim": true, "text": text });
        json!({ "type": "context", "block_id": "x", "elements": [element] })
    }

    fn url(&self) -> Option<String> {
        self.public_url.map(|url| format!("{url}/approvals/{}", self.approval.id))
    }
}

/// How many requests the message about many names at most.
const MOST: usize = 10;

/// One message about many requests that wait: the titles of the most urgent, and a link to all.
pub fn many(mut all: Vec<&Approval>, public_url: Option<&str>, redactor: &Redactor) -> Rendered {
    all.sort_by_key(|approval| approval.expires_at);
    let text = format!("{} requests wait for approval", all.len());
    let mut blocks = vec![json!({ "type": "header", "block_id": "t", "text": plain(&text) })];
    for (number, approval) in all.iter().take(MOST).enumerate() {
        let title = title(approval, redactor);
        let title = match public_url {
            // In a link, a bar separates the address from the text.
            Some(url) => format!("<{url}/approvals/{}|{}>", approval.id, title.replace('|', "¦")),
            None => title,
        };
        let text = format!("{title}, until {}", moment(approval.expires_at));
        blocks.push(section(&format!("l{number}"), &text));
    }
    if let Some(url) = public_url {
        blocks.push(section("x", &format!("<{url}/inbox|Open the list>")));
    }
    Rendered { text, blocks: Value::Array(blocks) }
}

/// How the approval ended, in one line. All markup in it is ours.
pub fn said(ending: &Ending) -> String {
    let by = |name: Option<&PrincipalName>| {
        name.map_or_else(String::new, |name| format!(" by {}", line(name.as_str(), FIELD)))
    };
    let name = ending.by().map(|actor| &actor.name);
    match ending {
        Ending::Resolved { resolution, via, outcome, .. } => {
            let word = match resolution {
                Resolution::Approved => "*Approved*",
                Resolution::Modified => "*Approved with changes*",
                Resolution::Rejected => "*Rejected*",
            };
            let seat = outcome.seat.as_ref().map(|seat| format!(" for {}", line(seat.as_str(), FIELD)));
            let by = if *via == Via::Rule { " by a rule".to_owned() } else { by(name) };
            format!("{word}{by}{}", seat.unwrap_or_default())
        }
        Ending::Expired { resolution: None } => "*Expired*".to_owned(),
        Ending::Expired { resolution: Some(Resolution::Rejected) } => "*Rejected* by its deadline".to_owned(),
        Ending::Expired { resolution: Some(_) } => "*Approved* by its deadline".to_owned(),
        Ending::Cancelled { via: Via::RunDeleted, .. } => "*Cancelled* with its run".to_owned(),
        Ending::Cancelled { .. } => format!("*Cancelled*{}", by(name)),
    }
}

/// The title, or else the type: Slack refuses an empty text.
pub fn title(approval: &Approval, redactor: &Redactor) -> String {
    let title = line(&shown::title(&approval.request, redactor), TITLE);
    if title.trim().is_empty() { line(approval.request.approval_type.as_str(), TITLE) } else { title }
}

/// The text that a person would edit. It is the part of the context that the request names as its proposal, otherwise
/// the arguments of a tool's call, otherwise the whole context. `None` where that is no object, is empty or is too long
/// for Slack. `None` also where a part of the context must not be shown: `[redacted]` would come back as an edit.
pub fn proposal(approval: &Approval, redactor: &Redactor) -> Option<String> {
    let request = &approval.request;
    if redactor.json(request.context.get()) != request.context.get() {
        return None;
    }
    let view: Option<Value> = request.view.as_ref().and_then(|view| serde_json::from_str(view.get()).ok());
    let pointer = view.as_ref().and_then(|view| view.get("proposed")?.as_str());
    let is_call = request.approval_type.as_str() == "tool_call";
    let proposed = match pointer {
        Some("") => &*request.context,
        Some(pointer) => shown::at(&request.context, pointer.strip_prefix('/')?)?,
        None if is_call => shown::at(&request.context, "arguments")?,
        None => &*request.context,
    };
    // Its numbers stay as they were written: others would come back as what was approved.
    let proposed = json::compact(proposed.get());
    if !proposed.starts_with('{') || proposed == "{}" {
        return None;
    }
    // Edits of a tool's call must say that they are its arguments.
    let proposed = if is_call { format!("{{\"arguments\":{proposed}}}") } else { proposed };
    let text = json::pretty(&json::readable(&proposed));
    let text = legible::json(&text).into_owned();
    (text.encode_utf16().count() <= PROPOSAL).then_some(text)
}

/// A time, which Slack shows in each reader's time zone.
pub fn moment(at: DateTime<Utc>) -> String {
    format!("<!date^{}^{{date_short_pretty}} {{time}}|{}>", at.timestamp(), utc(at))
}

fn utc(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

fn fact(name: &str, value: &str) -> Value {
    json!({ "type": "mrkdwn", "verbatim": true, "text": format!("*{name}*\n{}", line(value, FIELD)) })
}

fn section(id: &str, text: &str) -> Value {
    json!({ "type": "section", "block_id": id, "text": { "type": "mrkdwn", "verbatim": true, "text": text } })
}

/// Text without any markup.
pub(super) fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text, "emoji": false })
}

#[cfg(test)]
mod tests;
