//! What a mail says: text and HTML, for one person, about one approval. Whatever callers wrote is shown as text.

use std::fmt::Write as _;

use anyhow::Context;
use lettre::{
    Message as Mail,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};

use crate::{
    domain::{approval::Approval, notification::Cause},
    notify::courier::Message,
};

/// Longest title in a subject, and longest description in a mail, in characters.
const MAX_TITLE: usize = 200;
const MAX_DESCRIPTION: usize = 2_000;

/// Writes letters.
#[derive(Clone)]
pub struct Letters {
    from: Mailbox,
    public_url: Option<String>,
}

impl Letters {
    pub fn new(from: Mailbox, public_url: &str) -> Self {
        let public_url = Some(public_url.trim_end_matches('/').to_owned()).filter(|url| !url.is_empty());
        Self { from, public_url }
    }

    pub fn write(&self, message: &Message<'_>) -> anyhow::Result<Mail> {
        let it = message.waiting;
        let loaded = message.loaded.context("a mail about no approval")?;
        let approval = &*loaded.approval;
        let to: Mailbox =
            it.recipient.parse().with_context(|| format!("{:?} is no address", it.recipient))?;
        let domain = self.from.email.domain();
        let person = it.person.map_or_else(String::new, |id| format!(".{id}"));
        // All mail to one person about one approval is one conversation.
        let root = format!("<{}{person}@{domain}>", approval.id);
        let part = Part::of(it.asks, &it.cause, approval);
        let subject = format!("{}[Signoff] {}", if part.is_first { "" } else { "Re: " }, title(approval));
        let lines = self.lines(&part, approval);
        let mail = Mail::builder()
            .from(self.from.clone())
            .to(to)
            .subject(subject)
            .message_id(Some(format!("<{}@{domain}>", it.id)))
            .in_reply_to(root.clone())
            .references(root)
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("X-Auto-Response-Suppress", "All"))
            .multipart(MultiPart::alternative_plain_html(text(&lines), html(&lines)))?;
        Ok(mail)
    }

    fn lines(&self, part: &Part, approval: &Approval) -> Vec<Line> {
        let request = &approval.request;
        let mut lines = vec![Line::Head(part.sentence.clone()), Line::Strong(title(approval))];
        let run = request.run_id.as_str();
        lines.push(Line::Fact("Run", run.to_owned()));
        if let Some(workflow) = &request.workflow {
            lines.push(Line::Fact("Workflow", workflow.as_str().to_owned()));
        }
        lines.push(Line::Fact("Asked by", approval.requested_by.name.to_string()));
        if !approval.state.is_final() {
            lines.push(Line::Fact("Until", approval.expires_at.format("%Y-%m-%d %H:%M UTC").to_string()));
        }
        if let Some(description) = &request.description {
            lines.push(Line::Text(short(description, MAX_DESCRIPTION)));
        }
        if let Some(url) = &self.public_url {
            lines.push(Line::Link("Open it", format!("{url}/approvals/{}", approval.id)));
        }
        lines
    }
}

/// What the mail is for.
struct Part {
    sentence: String,
    /// It begins the conversation.
    is_first: bool,
}

impl Part {
    fn of(asks: bool, cause: &str, approval: &Approval) -> Self {
        let who = &approval.requested_by.name;
        let (sentence, is_first) = match (Cause::from_word(cause), asks) {
            (Some(Cause::Requested), true) => (format!("{who} asks for your approval."), true),
            (Some(Cause::Requested), false) => (format!("{who} asks for an approval."), true),
            (Some(Cause::Escalated), true) => ("Nobody has decided; now it is for you.".to_owned(), true),
            (Some(Cause::Reminder), _) => ("It still waits for your approval.".to_owned(), false),
            (Some(Cause::Voted), _) => ("There is a vote on what you asked for.".to_owned(), false),
            (Some(Cause::Expired), _) => ("Its deadline has passed.".to_owned(), false),
            (Some(Cause::Cancelled), _) => ("It was cancelled.".to_owned(), false),
            (Some(Cause::Decided), _) => ("It has been decided.".to_owned(), false),
            (Some(Cause::Escalated), false) | (None, _) => {
                ("Something has happened to it.".to_owned(), false)
            }
        };
        Self { sentence, is_first }
    }
}

/// A part of a letter.
enum Line {
    Head(String),
    Strong(String),
    Fact(&'static str, String),
    Text(String),
    Link(&'static str, String),
}

fn text(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines {
        // Writing to a string can't fail.
        let _ = match line {
            Line::Head(it) | Line::Strong(it) => writeln!(text, "{it}\n"),
            Line::Fact(name, it) => writeln!(text, "{name}: {it}"),
            Line::Text(it) => writeln!(text, "\n{it}"),
            Line::Link(name, url) => writeln!(text, "\n{name}: {url}"),
        };
    }
    text
}

fn html(lines: &[Line]) -> String {
    let mut html = String::from(
        "<!doctype html><html><body style=\"font-family:sans-serif;font-size:15px;line-height:1.5;color:#111\">",
    );
    for line in lines {
        let _ = match line {
            Line::Head(it) => write!(html, "<p>{}</p>", escaped(it)),
            Line::Strong(it) => write!(html, "<p><strong>{}</strong></p>", escaped(it)),
            Line::Fact(name, it) => {
                write!(html, "<div><span style=\"color:#555\">{name}</span> {}</div>", escaped(it))
            }
            Line::Text(it) => {
                write!(
                    html,
                    "<pre style=\"white-space:pre-wrap;font-family:sans-serif\">{}</pre>",
                    escaped(it)
                )
            }
            Line::Link(name, url) => write!(html, "<p><a href=\"{}\">{name}</a></p>", escaped(url)),
        };
    }
    html.push_str("</body></html>");
    html
}

/// As text in HTML, and in an attribute.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            c => safe.push(c),
        }
    }
    safe
}

/// The title, or the type, in one line.
fn title(approval: &Approval) -> String {
    let request = &approval.request;
    let whole = request.title.as_deref().unwrap_or(request.approval_type.as_str());
    let line: String = whole.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    short(&line, MAX_TITLE)
}

fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}
