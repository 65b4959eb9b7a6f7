//! What travels on a feed: what screens may say, and what they are told.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::frames::{Fields, Frame, invalid, string, text};
use crate::{
    auth::Permission,
    domain::names::CallerName,
    wire::{
        notification::OwnNotification,
        parse::parse,
        problem::{Code, Problem},
    },
};

/// Most topics in one message.
const MOST: usize = 64;

/// What a screen says.
#[derive(Debug)]
pub enum Message {
    Ping,
    Subscribe(Topics),
    Unsubscribe(Topics),
    /// Whether the screen can be seen.
    Presence(bool),
}

/// What there is to follow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// What is pending, and how it ends.
    Approvals,
    /// How many are pending.
    Counts,
    /// The instances of the service.
    Cluster,
    /// What the person is to be told.
    Notifications,
    /// That there is more in a task's log.
    Task(CallerName),
}

/// Topics by name; those that are none are told with the answer.
#[derive(Debug, Default)]
pub struct Topics {
    pub known: BTreeSet<Topic>,
    pub refused: Vec<Refused>,
}

/// A topic that is not followed, or no more.
#[derive(Debug, Clone, Serialize)]
pub struct Refused {
    pub topic: String,
    pub code: &'static str,
    pub message: String,
}

impl Topic {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "approvals" => Self::Approvals,
            "counts" => Self::Counts,
            "cluster" => Self::Cluster,
            "notifications" => Self::Notifications,
            _ => Self::Task(CallerName::new(name.strip_prefix("task:")?).ok()?),
        })
    }

    pub fn name(&self) -> String {
        match self {
            Self::Approvals => "approvals".to_owned(),
            Self::Counts => "counts".to_owned(),
            Self::Cluster => "cluster".to_owned(),
            Self::Notifications => "notifications".to_owned(),
            Self::Task(task) => format!("task:{task}"),
        }
    }

    /// What it takes to follow it: the permission of what it shows. A person's notifications are their own.
    pub fn permission(&self) -> Option<Permission> {
        match self {
            Self::Approvals | Self::Counts => Some(Permission::ApprovalViewPending),
            Self::Cluster => Some(Permission::ClusterView),
            Self::Notifications => None,
            Self::Task(_) => Some(Permission::EventSubscribe),
        }
    }
}

impl Refused {
    pub fn new(topic: &Topic, problem: &Problem) -> Self {
        Self { topic: topic.name(), code: problem.code.as_str(), message: problem.detail.clone() }
    }
}

/// A message of a feed's client.
pub fn read(text: &str) -> Frame<Message> {
    Frame::parse_as(text, message)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TopicsBody {
    topics: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PresenceBody {
    visible: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

fn message(mut fields: Fields) -> Result<Message, Problem> {
    let kind = fields.remove("type").ok_or_else(|| invalid("/type", "required", "must be given"))?;
    let kind = string(&kind, "/type")?;
    let rest = text(&fields)?;
    let rest = rest.as_bytes();
    Ok(match kind.as_str() {
        "ping" => {
            let Nothing {} = parse(rest)?;
            Message::Ping
        }
        "subscribe" => Message::Subscribe(topics(parse(rest)?)?),
        "unsubscribe" => Message::Unsubscribe(topics(parse(rest)?)?),
        "presence" => {
            let PresenceBody { visible } = parse(rest)?;
            Message::Presence(visible.ok_or_else(|| invalid("/visible", "required", "must be given"))?)
        }
        _ => {
            return Err(invalid("/type", "choice", "must be subscribe, unsubscribe, ping or presence"));
        }
    })
}

fn topics(body: TopicsBody) -> Result<Topics, Problem> {
    let names = body.topics.ok_or_else(|| invalid("/topics", "required", "must be given"))?;
    if names.len() > MOST {
        return Err(invalid("/topics", "max_items", "must have at most 64"));
    }
    let mut topics = Topics::default();
    for name in names {
        match Topic::parse(&name) {
            Some(topic) => drop(topics.known.insert(topic)),
            None => topics.refused.push(Refused {
                message: "there are approvals, counts, cluster, notifications and task:<id>".to_owned(),
                topic: name,
                code: Code::Invalid.as_str(),
            }),
        }
    }
    Ok(topics)
}

/// The one shape of what is told.
#[derive(Serialize)]
pub struct Outgoing<'a, D> {
    pub event_type: &'a str,
    pub timestamp: DateTime<Utc>,
    pub data: D,
    /// On answers to a message that had one.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<&'a RawValue>,
}

impl<D: Serialize> Outgoing<'_, D> {
    /// As text. What we put in always has one.
    pub fn text(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_else(|error| {
            tracing::error!(%error, "a bug: a feed's message can't be written");
            Vec::new()
        })
    }
}

#[derive(Serialize)]
pub struct Hello<'a> {
    pub now: DateTime<Utc>,
    /// Of the program and the app in it: where it changes, a page may load itself anew.
    pub build: &'a str,
    pub instance_id: &'a str,
    pub heartbeat_seconds: u64,
    /// How many notifications the person has not read, 1,000 at most. Null: it could not be counted.
    pub unread: Option<i64>,
}

/// Something the person is told.
#[derive(Serialize)]
pub struct Notified<'a> {
    #[serde(flatten)]
    pub notification: &'a OwnNotification,
    pub unread: i64,
}

#[derive(Serialize)]
pub struct Unread {
    pub unread: i64,
}

#[derive(Serialize)]
pub struct Subscribed {
    /// All that is followed now.
    pub topics: Vec<String>,
    pub refused: Vec<Refused>,
}

#[derive(Serialize)]
pub struct Pong {
    pub now: DateTime<Utc>,
}

#[derive(Serialize)]
pub struct Resync {
    pub reason: &'static str,
}

#[derive(Serialize)]
pub struct MoreOfTask {
    pub task_id: CallerName,
    pub cursor: String,
}

#[derive(Serialize)]
pub struct Reconnect {
    pub after_ms: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_told_apart() {
        let frame = read(r#"{"type":"subscribe","topics":["approvals","task:a:b","task:","all"],"ref":1}"#);
        let Ok(Message::Subscribe(topics)) = frame.message else { panic!("{frame:?}") };
        let task = Topic::Task(CallerName::new("a:b").unwrap());
        assert_eq!(topics.known, [Topic::Approvals, task.clone()].into());
        let refused: Vec<&str> = topics.refused.iter().map(|it| it.topic.as_str()).collect();
        assert_eq!(refused, ["task:", "all"]);
        for topic in [Topic::Approvals, Topic::Counts, Topic::Cluster, Topic::Notifications, task] {
            assert_eq!(Topic::parse(&topic.name()), Some(topic));
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for text in [
            "7",
            "{}",
            r#"{"type":"subscribe"}"#,
            r#"{"type":"subscribe","topics":"approvals"}"#,
            r#"{"type":"subscribe","topics":[],"x":1}"#,
            r#"{"type":"presence"}"#,
            r#"{"type":"ping","x":1}"#,
            r#"{"type":"resolve_approval"}"#,
        ] {
            assert_eq!(read(text).message.unwrap_err().code, Code::Invalid, "{text}");
        }
        let many = serde_json::json!({ "type": "subscribe", "topics": vec!["counts"; MOST + 1] });
        assert!(read(&many.to_string()).message.is_err());
    }
}
