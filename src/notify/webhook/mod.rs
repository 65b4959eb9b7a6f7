//! Webhooks: events for programs, sent to the endpoints of a workspace, signed as Standard Webhooks wants it.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`events`] | writes an event for each endpoint that wants it, when the cause is routed |
//! | [`answer`] | what an endpoint's answer means |
//! | [`keys`] | the keys that sign |
//! | [`manage`] | what members do with endpoints |
//! | [`watch`] | looks after endpoints that fail for days, and after the one that the configuration names |
//! | `room` | knows how many more events are kept for disabled endpoints |
//!
//! The bytes of an event are written when the change is routed, and never change. They are sent whatever becomes of the
//! approval.

pub mod answer;
pub mod events;
pub mod keys;
pub mod manage;
mod room;
mod service;
pub mod watch;

use std::{error::Error as _, fmt::Write as _, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use reqwest::{Client, Response, Url, header};
use sqlx::PgConnection;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use self::{
    answer::{Answer, judged},
    keys::{Key, Keys, Unusable},
    room::Rooms,
};
use super::{
    courier::{Courier, Handed, Message},
    guard::{Guard, System, forbidden, unguarded},
};
use crate::{
    config::Config,
    domain::{
        approval::Approval,
        decision::Vote,
        ids::{EndpointId, WorkspaceId},
        notification::{Cause, Channel, Skipped},
        redaction::Redactor,
        webhook::{AGAIN, Event, Format, ManagedBy, event_id, own_id},
    },
    seal::Sealer,
    store::{
        Database,
        deliveries::{self, Dispatch},
        lanes::Waiting,
    },
};

/// The longest time until the head of an answer is there.
const ANSWER: Duration = Duration::from_secs(15);
/// The longest time for the rest of an answer. Its meaning is known by then.
const REST: Duration = Duration::from_secs(3);
/// How much of an answer's body is read, in bytes.
const READ: usize = 16 * 1024;
/// How long an endpoint is left alone if this instance can't use its secret, or it is disabled.
const UNUSABLE: Duration = Duration::from_mins(5);
/// How long it is left alone if a failure of our own kept the message from being sent.
const OURS: Duration = Duration::from_secs(5);
const STATEMENT: Duration = Duration::from_secs(4);

/// An event, and all that a body of it is made of.
pub struct Happening<'a> {
    pub event: Event,
    pub id: &'a str,
    /// Where the event comes from: the service and the workspace.
    pub source: &'a str,
    pub approval: &'a Approval,
    pub votes: &'a [Vote],
    pub level: i32,
    pub version: i32,
    pub at: DateTime<Utc>,
    pub format: Format,
    pub include_context: bool,
    pub redactor: &'a Redactor,
}

/// A test that a member wants.
pub struct Trial<'a> {
    pub id: &'a str,
    pub source: &'a str,
    pub endpoint: EndpointId,
    pub at: DateTime<Utc>,
    pub format: Format,
}

/// The functions that write bodies. They come from outside: JSON is not this module's affair.
#[derive(Clone, Copy)]
pub struct Bodies {
    pub happening: fn(&Happening<'_>) -> String,
    pub trial: fn(&Trial<'_>) -> String,
}

/// Sends webhooks. Clones share connections, and what is known of rooms.
#[derive(Clone)]
pub struct Webhooks {
    database: Database,
    pub guard: Guard,
    sealer: Option<Sealer>,
    bodies: Bodies,
    public_url: Arc<str>,
    /// The key of the endpoint that the configuration names.
    configured: Option<Key>,
    endpoint: watch::Configured,
    /// The relay that takes our mail.
    relay: Option<Arc<str>>,
    https: Client,
    http: Client,
    unguarded: Client,
    rooms: Arc<Rooms>,
}

impl Webhooks {
    pub fn new(config: &Config, database: Database, bodies: Bodies) -> anyhow::Result<Self> {
        let guard = Guard::new(config.webhooks.allowed()?, config.webhooks.allow_http);
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let endpoint = watch::Configured {
            url: config.webhooks.is_on().then(|| config.webhooks.url.clone()),
            workspace: given(&config.webhooks.workspace),
        };
        let configured = Key::from_config(&config.webhooks)?;
        Ok(Self {
            database,
            sealer: Sealer::from_config(&config.secrets)?,
            bodies,
            public_url: config.http.public_url.trim_end_matches('/').into(),
            configured,
            endpoint,
            relay: config.smtp.relay().map(Arc::from),
            https: guard.client(Arc::new(System), false)?,
            http: guard.client(Arc::new(System), true)?,
            unguarded: unguarded()?,
            rooms: Arc::default(),
            guard,
        })
    }

    /// What seals secrets. `None`: endpoints can't be made.
    pub fn sealer(&self) -> Option<&Sealer> {
        self.sealer.as_ref()
    }

    /// Where events of a workspace come from.
    fn source(&self, workspace: &str) -> String {
        format!("{}/workspaces/{workspace}", self.public_url)
    }

    /// All that is needed to send a message. Or what became of it, where it can't be sent.
    async fn prepare(&self, it: &Waiting) -> Result<(EndpointId, Dispatch, Keys, Url), Handed> {
        let Ok(endpoint) = it.recipient.parse::<Uuid>().map(EndpointId) else {
            let error = format!("{:?} names no endpoint", it.recipient);
            return Err(Handed::Refused { code: None, error });
        };
        let work =
            async |conn: &mut PgConnection| deliveries::dispatch(conn, it.workspace, it.id, endpoint).await;
        let dispatch = match self.database.notify.run(STATEMENT, work).await {
            Ok(Some(dispatch)) => dispatch,
            Ok(None) => {
                let error = "its endpoint was deleted".to_owned();
                return Err(Handed::Moot { why: Skipped::EndpointDeleted, code: None, error });
            }
            Err(error) => {
                tracing::warn!(%error, %endpoint, "a webhook could not be prepared; it is tried again");
                let error = "the service could not read it".to_owned();
                return Err(Handed::Held { hold: OURS, code: None, error });
            }
        };
        if dispatch.disabled.is_some() {
            let error = "its endpoint is disabled".to_owned();
            return Err(Handed::Held { hold: UNUSABLE, code: None, error });
        }
        let keys = self.keys(it.workspace, endpoint, &dispatch).map_err(|error| {
            tracing::warn!(%error, %endpoint, "a webhook can't be signed");
            let (hold, error) = (Some(UNUSABLE), error.to_string());
            Handed::Paused { hold, fails: true, code: None, error, answer: None }
        })?;
        let url = match dispatch.managed_by {
            ManagedBy::Configuration => Url::parse(&dispatch.url).map_err(|error| error.to_string()),
            ManagedBy::Api => self.guard.parse(&dispatch.url).map_err(|error| format!("its URL {error}")),
        };
        let url = url.map_err(in_vain)?;
        Ok((endpoint, dispatch, keys, url))
    }

    fn keys(
        &self,
        workspace: WorkspaceId,
        endpoint: EndpointId,
        dispatch: &Dispatch,
    ) -> Result<Keys, Unusable> {
        match &dispatch.secrets {
            Some(sealed) => Keys::open(self.sealer.as_ref(), workspace, endpoint, sealed),
            None => self.configured.clone().map(Keys::of).ok_or(Unusable::NotConfigured),
        }
    }

    fn client(&self, managed_by: ManagedBy, url: &Url) -> &Client {
        match (managed_by, url.scheme()) {
            (ManagedBy::Configuration, _) => &self.unguarded,
            (ManagedBy::Api, "http") => &self.http,
            (ManagedBy::Api, _) => &self.https,
        }
    }

    /// Disables an endpoint that wants nothing more.
    async fn gone(&self, workspace: WorkspaceId, endpoint: EndpointId, url: &str) -> Handed {
        let work = async |conn: &mut PgConnection| {
            watch::gone(conn, (workspace, endpoint, url), self.relay.as_deref()).await
        };
        let (code, error) = (Some(410), "it answered 410: the endpoint is disabled".to_owned());
        match self.database.notify.run(STATEMENT, work).await {
            Ok(true) => Handed::Held { hold: UNUSABLE, code, error },
            // It was disabled already, or has another URL by now.
            Ok(false) => {
                let error = "it answered 410, at the URL of then".to_owned();
                Handed::InVain { of_destination: false, code, error, answer: None }
            }
            Err(error) => {
                tracing::warn!(%error, %endpoint, "an endpoint that answered 410 could not be disabled");
                let error = "it answered 410, and could not be disabled".to_owned();
                Handed::Held { hold: UNUSABLE, code, error }
            }
        }
    }
}

impl Courier for Webhooks {
    const CHANNEL: Channel = Channel::Webhook;
    const LANES: usize = 32;
    const AT_ONCE: usize = 8;
    const TOGETHER: usize = 64;
    const LONGEST: Duration = Duration::from_secs(25);
    const AS_IT_STANDS: bool = false;
    const FLOOD: Option<usize> = None;
    const LINKS: bool = false;

    async fn send(&self, message: &Message<'_>) -> Handed {
        let it = message.waiting;
        let read = Instant::now();
        let (endpoint, dispatch, keys, url) = match self.prepare(it).await {
            Ok(prepared) => prepared,
            Err(handed) => return handed,
        };
        let id = match (it.approval, Cause::from_word(&it.cause)) {
            (Some(approval), Some(cause)) => event_id(approval, it.version, cause),
            _ => own_id(it.id),
        };
        // The time now, by the database's clock.
        let now = dispatch.now + read.elapsed();
        let client = self.client(dispatch.managed_by, &url);
        let request = client
            .post(url)
            .header(header::CONTENT_TYPE, media_type(dispatch.format))
            .header("webhook-id", &id)
            .header("webhook-timestamp", now.timestamp())
            .header("webhook-signature", keys.signatures(&id, now, dispatch.body.as_bytes()))
            .body(dispatch.body);
        match timeout_at(Instant::now() + ANSWER, request.send()).await {
            Err(_) => in_vain(format!("no answer within {} s", ANSWER.as_secs())),
            Ok(Err(error)) => in_vain(told(error)),
            Ok(Ok(response)) if response.status().as_u16() == 410 => {
                self.gone(it.workspace, endpoint, &dispatch.url).await
            }
            Ok(Ok(response)) => judged(read_to_the_end(response).await, now),
        }
    }

    fn again(tries: i32) -> Option<Duration> {
        usize::try_from(tries).ok().and_then(|tries| AGAIN.get(tries).copied())
    }
}

fn media_type(format: Format) -> &'static str {
    match format {
        Format::Standard => "application/json",
        Format::CloudEvents => "application/cloudevents+json",
    }
}

/// A failure of the endpoint as a whole.
fn in_vain(error: String) -> Handed {
    Handed::InVain { of_destination: true, code: None, error, answer: None }
}

/// Reads as much of an answer as is stored, within limits of time and size. Its head alone says what it means.
async fn read_to_the_end(mut response: Response) -> Answer {
    let head =
        |name| response.headers().get(name).map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned());
    let (status, retry_after) = (response.status().as_u16(), head(header::RETRY_AFTER));
    let mut text = String::new();
    for (name, value) in [("content-type", head(header::CONTENT_TYPE)), ("retry-after", retry_after.clone())]
    {
        if let Some(value) = value {
            // Writing to a string can't fail.
            let _ = writeln!(text, "{name}: {value:.200}");
        }
    }
    let until = Instant::now() + REST;
    let mut bytes = Vec::new();
    // An answer that never ends or breaks off counts, too: its head was read.
    while bytes.len() < READ
        && let Ok(Ok(Some(chunk))) = timeout_at(until, response.chunk()).await
    {
        bytes.extend_from_slice(&chunk[..chunk.len().min(READ - bytes.len())]);
    }
    if !bytes.is_empty() {
        text.push('\n');
        text.push_str(&String::from_utf8_lossy(&bytes));
    }
    Answer { status, retry_after, text: Some(text).filter(|text| !text.is_empty()) }
}

/// The error and its causes, in one line. The URL is left out: readers know it.
fn told(error: reqwest::Error) -> String {
    if let Some(forbidden) = forbidden(&error) {
        return format!("nothing was sent: {forbidden}");
    }
    let error = error.without_url();
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words = format!("{words}: {cause}");
        source = cause.source();
    }
    words
}
