//! What a webhook's body says, in the two formats. Written once for each event; every try has the same bytes.
//!
//! Callers' texts and JSON are shown as far as the workspace shows them outside. A body that would be too large loses
//! what makes it so, the least needed first, and says so.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use serde_json::{Value, json, value::RawValue};

use super::policy::PolicyView;
use crate::{
    domain::{
        approval::{Ending, Outcome, Resolution, State},
        decision::Vote,
        names::{CallerName, PrincipalName},
        webhook::{self, Event, Format, LARGEST_BODY},
    },
    notify::webhook::{Happening, Trial},
};

/// What texts are cut to where a body is too large, in characters.
const SHORT: usize = 500;
/// Most votes that are shown.
const MOST_VOTES: usize = 50;

/// A value of `data`.
enum Field<'a> {
    Text(Option<Cow<'a, str>>),
    Time(DateTime<Utc>),
    Number(i32),
    Flag(bool),
    Json(Value),
    /// As its caller wrote it.
    Raw(Option<Box<RawValue>>),
}

impl Serialize for Field<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => text.serialize(serializer),
            Self::Time(at) => moment(at).serialize(serializer),
            Self::Number(number) => number.serialize(serializer),
            Self::Flag(flag) => flag.serialize(serializer),
            Self::Json(value) => value.serialize(serializer),
            Self::Raw(json) => json.serialize(serializer),
        }
    }
}

/// `data`, in the order in which it is written.
#[derive(Default)]
struct Data<'a>(Vec<(&'static str, Field<'a>)>);

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, field) in &self.0 {
            map.serialize_entry(name, field)?;
        }
        map.end()
    }
}

impl<'a> Data<'a> {
    fn text(&mut self, name: &'static str, text: Option<impl Into<Cow<'a, str>>>) {
        self.0.push((name, Field::Text(text.map(Into::into))));
    }

    fn put(&mut self, name: &'static str, field: Field<'a>) {
        self.0.push((name, field));
    }

    /// Loses the next thing that can be done without; answers whether there was one.
    fn lose(&mut self, step: usize) -> bool {
        const RAW: [&str; 3] = ["context", "state", "modifications"];
        const LISTS: [&str; 2] = ["votes", "policy"];
        const TEXTS: [&str; 4] = ["description", "comment", "feedback", "title"];
        let name = match RAW.iter().chain(&LISTS).chain(&TEXTS).nth(step) {
            Some(name) => *name,
            None => return false,
        };
        for (known, field) in &mut self.0 {
            match field {
                Field::Flag(flag) if *known == "truncated" => *flag = true,
                Field::Raw(json) if *known == name => *json = None,
                Field::Json(value) if *known == name => *value = Value::Null,
                Field::Text(Some(text)) if *known == name && text.chars().count() > SHORT => {
                    *text = text.chars().take(SHORT).chain(['…']).collect::<String>().into();
                }
                _ => {}
            }
        }
        true
    }
}

#[derive(Serialize)]
struct Standard<'a> {
    r#type: &'static str,
    timestamp: String,
    data: &'a Data<'a>,
}

#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    time: String,
    datacontenttype: &'static str,
    data: &'a Data<'a>,
}

/// What an envelope says.
struct Envelope<'a> {
    event: Event,
    format: Format,
    id: &'a str,
    source: &'a str,
    subject: Option<String>,
    at: DateTime<Utc>,
}

impl Envelope<'_> {
    fn around(&self, data: &Data<'_>) -> String {
        let written = match self.format {
            Format::Standard => serde_json::to_string(&Standard {
                r#type: self.event.as_str(),
                timestamp: moment(&self.at),
                data,
            }),
            Format::CloudEvents => serde_json::to_string(&CloudEvent {
                specversion: "1.0",
                id: self.id,
                source: self.source,
                r#type: format!("signoff.{}", self.event.as_str().replace(':', ".")),
                subject: self.subject.clone(),
                time: moment(&self.at),
                datacontenttype: "application/json",
                data,
            }),
        };
        // Maps with names for keys, and JSON that was read before: it can't fail.
        written.unwrap_or_default()
    }

    fn fitting(&self, mut data: Data<'_>) -> String {
        let mut body = self.around(&data);
        for step in 0.. {
            if body.len() <= LARGEST_BODY || !data.lose(step) {
                break;
            }
            body = self.around(&data);
        }
        body
    }
}

fn moment(at: &DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// The body of something that happened to an approval.
pub fn body(it: &Happening<'_>) -> String {
    let approval = it.approval;
    let envelope = Envelope {
        event: it.event,
        format: it.format,
        id: it.id,
        source: it.source,
        subject: Some(approval.id.to_string()),
        at: it.at,
    };
    envelope.fitting(data(it))
}

/// The body of a try that a member wants.
pub fn trial(it: &Trial<'_>) -> String {
    let mut data = Data::default();
    data.text("endpoint_id", Some(it.endpoint.to_string()));
    data.text("message", Some("This is a test. Nothing has happened."));
    let (event, format, id, source, at) = (Event::Test, it.format, it.id, it.source, it.at);
    Envelope { event, format, id, source, subject: None, at }.fitting(data)
}

fn data<'a>(it: &Happening<'a>) -> Data<'a> {
    let (approval, redactor) = (it.approval, it.redactor);
    let request = &approval.request;
    let mut data = Data::default();
    let name = |name: &Option<CallerName>| name.as_ref().map(|it| it.as_str().to_owned());
    data.text("approval_id", Some(approval.id.to_string()));
    data.text("run_id", Some(request.run_id.as_str()));
    data.text("task_id", Some(request.task_id.as_str()));
    data.text("session_id", name(&request.session_id));
    data.text("job_id", name(&request.job_id));
    data.text("approval_type", Some(request.approval_type.as_str()));
    data.text("title", request.title.as_deref().map(|it| redactor.text(it)));
    data.text("requested_by", Some(approval.requested_by.name.as_str()));
    data.text("on_behalf_of", approval.on_behalf_of.as_ref().map(PrincipalName::as_str));
    match it.event {
        Event::Resolved => outcome(it, &mut data),
        Event::Requested | Event::Escalated | Event::Voted | Event::Test => question(it, &mut data),
    }
    data.put("level", Field::Number(it.level));
    data.put("version", Field::Number(it.version));
    data.put("truncated", Field::Flag(false));
    data
}

/// What waits for an answer.
fn question<'a>(it: &Happening<'a>, data: &mut Data<'a>) {
    let (approval, redactor) = (it.approval, it.redactor);
    let request = &approval.request;
    data.text("status", Some("pending"));
    data.text("description", request.description.as_deref().map(|it| redactor.text(it)));
    data.put("created_at", Field::Time(approval.created_at));
    data.put("expires_at", Field::Time(approval.expires_at));
    if it.event == Event::Voted {
        let votes = it.votes.iter().filter(|vote| vote.level == it.level).take(MOST_VOTES);
        data.put("votes", Field::Json(votes.map(shown).collect()));
    }
    let policy = serde_json::to_value(PolicyView::from(approval.policy_now())).unwrap_or_default();
    data.put("policy", Field::Json(policy));
    if it.include_context {
        data.put("context", Field::Raw(Some(redactor.raw(&request.context))));
    }
}

fn shown(vote: &Vote) -> Value {
    json!({
        "by": vote.by.name.as_str(),
        "for": vote.seat.as_ref().map(|seat| seat.name.as_str()),
        "vote": vote.verdict.as_str(),
    })
}

/// How it ended.
fn outcome<'a>(it: &Happening<'a>, data: &mut Data<'a>) {
    let (approval, redactor) = (it.approval, it.redactor);
    data.text("status", Some(webhook::status(approval)));
    let State::Final { ending, at } = &approval.state else { return };
    let none = Outcome::default();
    let (said, feedback) = match ending {
        Ending::Resolved { outcome, .. } => (outcome, outcome.feedback.as_deref()),
        Ending::Cancelled { reason, .. } => (&none, Some(reason.as_str())),
        Ending::Expired { .. } => (&none, None),
    };
    data.text("resolution", ending.resolution().map(Resolution::as_str));
    data.text("resolved_via", Some(ending.via().as_str()));
    data.text("resolved_by", ending.by().map(|by| by.name.as_str()));
    data.put("resolved_at", Field::Time(*at));
    data.text("feedback", feedback.map(|text| redactor.text(text).into_owned()));
    data.text("comment", said.comment.as_deref().map(|text| redactor.text(text).into_owned()));
    data.put("modifications", Field::Raw(said.modifications.as_ref().map(|edits| redactor.raw(&edits.0))));
    data.put("state", Field::Raw(state(it)));
    if it.include_context {
        data.put("context", Field::Raw(Some(redactor.raw(&approval.request.context))));
    }
}

/// What the requester wants handed back.
fn state(it: &Happening<'_>) -> Option<Box<RawValue>> {
    #[derive(Deserialize)]
    struct Checkpoint {
        state: Option<Box<RawValue>>,
    }
    let checkpoint = it.approval.request.checkpoint.as_ref()?;
    // It was checked when it came.
    let checkpoint: Checkpoint = serde_json::from_str(checkpoint.get()).ok()?;
    checkpoint.state.map(|state| it.redactor.raw(&state))
}
