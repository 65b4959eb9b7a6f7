//! The forms that a press opens: one for the reason to reject, one for edits. Pure.

use serde_json::{Value, json};

use super::{
    card::{self, PROPOSAL, moment, plain, said},
    text::lines,
};
use crate::domain::{
    approval::{Approval, State},
    digest::Digest,
    ids::ApprovalId,
    redaction::Redactor,
};

/// The ids of the forms, and of their inputs.
pub mod form {
    pub const REJECT: &str = "signoff_reject";
    pub const MODIFY: &str = "signoff_modify";
    pub const REASON: &str = "reason";
    pub const CHANGES: &str = "changes";
    pub const COMMENT: &str = "comment";
    /// The id of the input within each block.
    pub const VALUE: &str = "v";
}

/// The longest text of an input.
const INPUT: usize = 3_000;
const REFUSAL: usize = 600;

/// What a button or a form is about: the approval, its level, and its version and digest on the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    pub approval: ApprovalId,
    pub level: i32,
    pub version: i32,
    /// Cards of the version before have none.
    pub digest: Option<Digest>,
}

/// Where a message is in Slack.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Place {
    pub channel: String,
    pub ts: String,
}

impl About {
    /// Reads a button's value.
    pub fn parse(value: &str) -> Option<Self> {
        let mut parts = value.splitn(3, '.');
        let approval = ApprovalId::parse(parts.next()?)?;
        let level = parts.next()?.parse().ok()?;
        let version = parts.next()?;
        let (version, digest) = match version.split_once('/') {
            None => (version, None),
            Some((version, digest)) => (version, Some(digest.parse().ok()?)),
        };
        Some(Self { approval, level, version: version.parse().ok()?, digest })
    }

    /// A button's value.
    pub fn value(&self) -> String {
        let Self { approval, level, version, digest } = self;
        let digest = digest.map_or_else(String::new, |digest| format!("/{digest}"));
        format!("{approval}.{level}.{version}{digest}")
    }

    /// What a form carries: this, and the card's place.
    pub fn with(&self, place: &Place) -> String {
        format!("{}.{}.{}", self.value(), place.channel, place.ts)
    }

    /// Reads what a form carries.
    pub fn parse_with_place(text: &str) -> Option<(Self, Place)> {
        let mut parts = text.splitn(5, '.');
        let [approval, level, version] = [parts.next()?, parts.next()?, parts.next()?];
        let about = Self::parse(&format!("{approval}.{level}.{version}"))?;
        let (channel, ts) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        Some((about, Place { channel, ts }))
    }
}

/// The form that asks for the reason to reject.
pub fn reject(approval: &Approval, redactor: &Redactor, carried: &str) -> Value {
    let reason = input(form::REASON, "Reason", json!({ "min_length": 1 }));
    view((form::REJECT, "Reject", "Reject"), carried, &[title(approval, redactor), reason])
}

/// The form that asks for edits. It is filled with the proposal.
pub fn modify(approval: &Approval, redactor: &Redactor, (proposal, carried): (&str, &str)) -> Value {
    let changes = input(
        form::CHANGES,
        "What is approved (JSON)",
        json!({ "initial_value": proposal, "min_length": 2 }),
    );
    let mut comment = input(form::COMMENT, "Comment", json!({}));
    comment["optional"] = json!(true);
    view(
        (form::MODIFY, "Approve with changes", "Approve"),
        carried,
        &[title(approval, redactor), changes, comment],
    )
}

/// Says in place of the form how the approval ended.
pub fn outcome(approval: &Approval, redactor: &Redactor) -> Value {
    let text = match &approval.state {
        State::Final { ending, at } => format!("{} · {}", said(ending), moment(*at)),
        State::Pending => "It is with the next level now.".to_owned(),
    };
    let said = json!({ "type": "section", "text": { "type": "mrkdwn", "verbatim": true, "text": text } });
    closed(&[title(approval, redactor), said])
}

/// Says in place of the form why nothing was done.
pub fn refusal(text: &str) -> Value {
    closed(&[json!({ "type": "section", "text": plain(&lines(text, REFUSAL)) })])
}

fn closed(blocks: &[Value]) -> Value {
    json!({
        "type": "modal",
        "title": plain("Signoff"),
        "close": plain("Close"),
        "blocks": blocks,
    })
}

fn view((id, head, submit): (&str, &str, &str), carried: &str, blocks: &[Value]) -> Value {
    json!({
        "type": "modal",
        "callback_id": id,
        "private_metadata": carried,
        "title": plain(head),
        "submit": plain(submit),
        "close": plain("Cancel"),
        "blocks": blocks,
    })
}

fn title(approval: &Approval, redactor: &Redactor) -> Value {
    json!({ "type": "section", "text": plain(&card::title(approval, redactor)) })
}

fn input(id: &str, label: &str, with: Value) -> Value {
    let mut element = json!({
        "type": "plain_text_input", "action_id": form::VALUE, "multiline": true, "max_length": INPUT.min(PROPOSAL),
    });
    if let (Value::Object(element), Value::Object(with)) = (&mut element, with) {
        element.extend(with);
    }
    json!({ "type": "input", "block_id": id, "label": plain(label), "element": element })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        approval::tests::pending, ids::PrincipalId, names::PrincipalName, policy::Actor, redaction::Redaction,
    };

    #[test]
    fn what_a_form_carries_is_read_again() {
        let digest = Digest::from_bytes(&[171; 32]);
        let about = About { approval: ApprovalId::generate(), level: 2, version: 7, digest };
        let place = Place { channel: "C0123".to_owned(), ts: "1700000000.000100".to_owned() };
        assert_eq!(About::parse_with_place(&about.with(&place)), Some((about.clone(), place)));
        assert_eq!(About::parse(&about.value()), Some(about.clone()));
        // As the version before wrote it.
        let value = format!("{}.2.7", about.approval);
        assert_eq!(About::parse(&value), Some(About { digest: None, ..about }));
        for bad in
            ["", "x.0.1", "..", &value[..value.len() - 2], &format!("{value}.8"), &format!("{value}/x")]
        {
            assert_eq!(About::parse(bad), None, "{bad}");
        }
        assert_eq!(About::parse_with_place(&value), None);
    }

    #[test]
    fn forms_fit_whatever_they_are_about() {
        let name = PrincipalName::new("agent").unwrap();
        let mut approval = pending(Actor { id: PrincipalId::generate(), name });
        let place = Place { channel: "C".repeat(50), ts: "1700000000.000100".to_owned() };
        let carried = About {
            approval: approval.id,
            level: i32::MAX,
            version: i32::MAX,
            digest: Digest::from_bytes(&[0; 32]),
        }
        .with(&place);
        let redactor = Redactor::new(&Redaction::default());
        for text in ["<!channel>", "\u{202E}", &"🙂".repeat(100_000)] {
            approval.request.title = Some(text.to_owned());
            let views = [
                reject(&approval, &redactor, &carried),
                modify(&approval, &redactor, (&"x".repeat(PROPOSAL), &carried)),
            ];
            for view in views.iter().chain(&[outcome(&approval, &redactor), refusal(text)]) {
                let whole = view.to_string();
                assert!(!whole.contains("<!channel>"), "{whole}");
                for part in ["title", "submit", "close"] {
                    let text = view[part]["text"].as_str();
                    assert!(text.is_none_or(|text| (1..=24).contains(&text.len())), "{text:?}");
                }
                assert!(view["private_metadata"].as_str().is_none_or(|it| it.len() <= 3_000));
            }
        }
    }
}
