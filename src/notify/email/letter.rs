//! What a mail says. It is for one person, and about one approval, about many, or news. What callers wrote is shown as
//! text, in lines of its own.

use anyhow::Context;
use lettre::{
    Message as Mail,
    message::{
        Mailbox, MessageBuilder, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};

use super::page::{self, Button, Part};
use crate::{
    domain::{
        approval::{Approval, Ending, State},
        legible,
        notification::{Cause, News, Wanted},
        shown,
    },
    notify::courier::Message,
    store::approvals::Loaded,
};

/// The longest description in a mail, in characters.
const LONGEST_DESCRIPTION: usize = 2_000;
/// In a mail about many approvals, how many titles it has at most.
const MOST_TITLES: usize = 10;

/// Writes mail.
#[derive(Clone)]
pub struct Letters {
    from: Mailbox,
    public_url: String,
}

impl Letters {
    /// `public_url`: where people reach the app.
    pub fn new(from: Mailbox, public_url: &str) -> Self {
        Self { from, public_url: public_url.trim_end_matches('/').to_owned() }
    }

    pub fn write(&self, message: &Message<'_>) -> anyhow::Result<Mail> {
        if let Some(news) = &message.waiting.news {
            return self.news(message, news);
        }
        let loaded = message.loaded.context("a mail about no approval")?;
        let mut all = vec![loaded];
        all.extend(message.others);
        match all.as_slice() {
            [_] => self.about_one(message, loaded),
            _ => self.about_many(message, all),
        }
    }

    fn about_one(&self, message: &Message<'_>, loaded: &Loaded) -> anyhow::Result<Mail> {
        let (it, approval) = (message.waiting, &*loaded.approval);
        let domain = self.from.email.domain();
        let person = it.person.map_or_else(String::new, |id| format!(".{id}"));
        // All mail to one person about one approval is one conversation.
        let root = format!("<{}{person}@{domain}>", approval.id);
        let (sentence, is_first) = opening(it.asks, &it.cause, approval);
        let title = shown::title(&approval.request, message.redactor);
        let subject = format!("{}[Signoff] {title}", if is_first { "" } else { "Re: " });
        let mut parts = vec![Part::Head(sentence), Part::Title(title)];
        parts.push(Part::Facts(facts(message, loaded)));
        if let Some(text) = shown::description(&approval.request, message.redactor, LONGEST_DESCRIPTION) {
            parts.push(Part::Text(text));
        }
        // Where it can't be read, the router has logged that.
        let wanted = Wanted::of(&approval.request).unwrap_or_default();
        let fields = shown::fields(approval, &wanted.context_fields, message.redactor);
        if !fields.is_empty() {
            parts.push(Part::Fields(fields));
        }
        parts.push(self.buttons(message, approval));
        let head = self.head(message)?.subject(subject).in_reply_to(root.clone()).references(root);
        Ok(head.multipart(self.body(&parts))?)
    }

    /// A mail with the titles of the most urgent approvals, and a link to the whole list.
    fn about_many(&self, message: &Message<'_>, mut all: Vec<&Loaded>) -> anyhow::Result<Mail> {
        all.sort_by_key(|it| it.approval.expires_at);
        let count = all.len();
        let what = if message.waiting.asks { "requests wait for you" } else { "new requests" };
        let subject = format!("[Signoff] {count} {what}");
        let lines = all.iter().take(MOST_TITLES).map(|it| {
            let title = shown::title(&it.approval.request, message.redactor);
            (title, format!("until {}", shown::moment(it.approval.expires_at, message.zone)))
        });
        let mut parts = vec![Part::Head(format!("{count} {what}. The most urgent are:"))];
        parts.push(Part::List(lines.collect()));
        parts.push(Part::Buttons(vec![Button::plain("Open the list", self.at("/inbox"))]));
        Ok(self.head(message)?.subject(subject).multipart(self.body(&parts))?)
    }

    /// News for administrators, about no approval.
    fn news(&self, message: &Message<'_>, news: &str) -> anyhow::Result<Mail> {
        let (what, page) = match News::from_word(&message.waiting.cause) {
            Some(News::SlackRefused) => ("Slack refuses us", "/settings/sent"),
            Some(News::EndpointFailing) => ("A webhook endpoint fails", "/settings/webhooks"),
            Some(News::EndpointDisabled) => ("A webhook endpoint is disabled", "/settings/webhooks"),
            None => ("News", "/notifications"),
        };
        let mut parts = vec![Part::Head(format!("{what}.")), Part::Text(legible::line(news).into_owned())];
        parts.push(Part::Buttons(vec![Button::plain("Open it in Signoff", self.at(page))]));
        Ok(self.head(message)?.subject(format!("[Signoff] {what}")).multipart(self.body(&parts))?)
    }

    /// The headers: the sender, the recipient, and that no program should answer.
    fn head(&self, message: &Message<'_>) -> anyhow::Result<MessageBuilder> {
        let it = message.waiting;
        let to: Mailbox =
            it.recipient.parse().with_context(|| format!("{:?} is no address", it.recipient))?;
        let domain = self.from.email.domain();
        Ok(Mail::builder()
            .from(self.from.clone())
            .to(to)
            .message_id(Some(format!("<{}@{domain}>", it.id)))
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("X-Auto-Response-Suppress", "All"))
            .raw_header(header("List-Id", &format!("Signoff <approvals.{domain}>")))
            // It leads to a page where the person chooses. A mail provider must not be able to switch approvals off by
            // itself.
            .raw_header(header("List-Unsubscribe", &format!("<{}>", self.at("/settings/you")))))
    }

    fn body(&self, parts: &[Part]) -> MultiPart {
        let settings = self.at("/settings/you");
        MultiPart::alternative_plain_html(page::text(parts, &settings), page::html(parts, &settings))
    }

    /// The address of a page of the app.
    fn at(&self, page: &str) -> String {
        format!("{}{page}", self.public_url)
    }

    fn buttons(&self, message: &Message<'_>, approval: &Approval) -> Part {
        let mut buttons = Vec::new();
        if let Some(link) = message.link {
            let link = self.at(&format!("/d/{}", link.reveal()));
            buttons.push(Button::good("Approve", format!("{link}?v=approve")));
            buttons.push(Button::bad("Reject", format!("{link}?v=reject")));
        }
        buttons.push(Button::plain("Open it in Signoff", self.at(&format!("/approvals/{}", approval.id))));
        Part::Buttons(buttons)
    }
}

/// Facts about the approval, besides its title and description.
fn facts(message: &Message<'_>, loaded: &Loaded) -> Vec<(&'static str, String)> {
    let approval = &*loaded.approval;
    let request = &approval.request;
    let by = approval.requested_by.name.as_str();
    let by = approval.on_behalf_of.as_ref().map_or_else(|| by.to_owned(), |whom| format!("{by} for {whom}"));
    let mut facts = vec![("Asked by", legible::line(&by).into_owned())];
    facts.push(("Run", request.run_id.as_str().to_owned()));
    if let Some(workflow) = &request.workflow {
        facts.push(("Workflow", workflow.as_str().to_owned()));
    }
    match &approval.state {
        State::Pending => {
            let until = shown::moment(approval.expires_at, message.zone);
            let left = shown::span(approval.expires_at - loaded.now);
            facts.push(("Until", format!("{until} ({left} left)")));
            if let Some(progress) = &approval.progress {
                facts.push(("Needs", legible::line(&progress.summary()).into_owned()));
            }
        }
        State::Final { ending, at } => {
            let by = ending.by().map_or_else(String::new, |by| format!(" by {}", by.name));
            let outcome = match ending {
                Ending::Expired { resolution: None } => "expired",
                Ending::Cancelled { .. } => "cancelled",
                other => other.resolution().map_or("ended", |it| it.as_str()),
            };
            facts.push(("Outcome", format!("{outcome}{by}, {}", shown::moment(*at, message.zone))));
        }
    }
    facts
}

/// The first sentence, and whether this mail begins the conversation.
fn opening(asks: bool, cause: &str, approval: &Approval) -> (String, bool) {
    let who = legible::line(approval.requested_by.name.as_str()).into_owned();
    match (Cause::from_word(cause), asks) {
        (Some(Cause::Requested), true) => (format!("{who} asks for your approval."), true),
        (Some(Cause::Requested), false) => (format!("{who} asks for an approval."), true),
        (Some(Cause::Escalated), true) => {
            (format!("It has not been decided. Now {who} asks for your approval."), true)
        }
        (Some(Cause::Reminder), _) => ("It still waits for your approval.".to_owned(), false),
        (Some(Cause::Voted), _) => ("There is a vote on what you asked for.".to_owned(), false),
        (Some(Cause::Expired), _) => ("Its deadline has passed.".to_owned(), false),
        (Some(Cause::Cancelled), _) => ("It was cancelled.".to_owned(), false),
        (Some(Cause::Decided), _) => ("It has been decided.".to_owned(), false),
        (Some(Cause::Escalated), false) | (None, _) => ("Something has happened to it.".to_owned(), false),
    }
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}
