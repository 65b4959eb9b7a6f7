//! Webhooks: events for programs, sent to the URLs that a workspace chose, signed as Standard Webhooks wants it.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`events`] | writes an event for each endpoint that wants it, when it is routed |
//! | [`answer`] | what an endpoint's answer means |
//! | [`keys`] | keys that sign: sealed, several while they are rotated |
//! | [`manage`] | what members do with endpoints |
//! | [`watch`] | endpoints that fail for days, and the one that the configuration names |
//!
//! An event was written when it happened. What is sent is these bytes, whatever has become of the approval since.

pub mod answer;
pub mod events;
pub mod keys;
pub mod manage;
pub mod watch;

use std::{error::Error as _, fmt::Write as _, sync::Arc, time::Duration};

use anyhow::Context;
use chrono::{DateTime, Utc};
use reqwest::{Client, Response, Url, header};
use secrecy::ExposeSecret;
use sqlx::{Connection, PgConnection};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use self::{
    answer::{Answer, judged},
    keys::{Key, Keys, Unusable},
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
        webhook::{AGAIN, Disabled, Event, Format, ManagedBy, event_id, own_id},
    },
    seal::Sealer,
    store::{
        Database,
        deliveries::{self, Dispatch},
        lanes::Waiting,
    },
};

/// Longest that a try may take, until the answer's head is there.
const ANSWER: Duration = Duration::from_secs(15);
/// Longest that the rest of an answer is waited for: what it means is known by then.
const REST: Duration = Duration::from_secs(3);
/// How much of an answer is read, in bytes.
const READ: usize = 16 * 1024;
/// How long an endpoint is left alone whose secret this instance can't use.
const UNUSABLE: Duration = Duration::from_mins(5);
/// The same where something of our own kept it from being tried.
const OURS: Duration = Duration::from_secs(5);
const STATEMENT: Duration = Duration::from_secs(4);

/// Something that happened to an approval, for one kind of body.
pub struct Happening<'a> {
    pub event: Event,
    pub id: &'a str,
    /// Where it comes from: the service and the workspace.
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

/// A try that a member wants.
pub struct Trial<'a> {
    pub id: &'a str,
    pub source: &'a str,
    pub endpoint: EndpointId,
    pub at: DateTime<Utc>,
    pub format: Format,
}

/// What writes bodies: what travels as JSON is not this module's.
#[derive(Clone, Copy)]
pub struct Bodies {
    pub happening: fn(&Happening<'_>) -> String,
    pub trial: fn(&Trial<'_>) -> String,
}

/// Sends webhooks. Clones share connections.
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
}

impl Webhooks {
    pub fn new(config: &Config, database: Database, bodies: Bodies) -> anyhow::Result<Self> {
        let guard = Guard::new(config.webhooks.allowed()?, config.webhooks.allow_http);
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let endpoint = watch::Configured {
            url: config.webhooks.is_on().then(|| config.webhooks.url.clone()),
            workspace: given(&config.webhooks.workspace),
        };
        let secret = config.webhooks.secret.expose_secret();
        let configured = match secret {
            "" => None,
            secret => Some(Key::parse(secret).context("webhooks.secret")?),
        };
        Ok(Self {
            database,
            sealer: config.secrets.sealer()?,
            bodies,
            public_url: config.http.public_url.trim_end_matches('/').into(),
            configured,
            endpoint,
            relay: config.smtp.relay().map(Arc::from),
            https: guard.client(Arc::new(System), false)?,
            http: guard.client(Arc::new(System), true)?,
            unguarded: unguarded()?,
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

    /// What it takes to send it; or what came of it without.
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

    /// It wants nothing more.
    async fn gone(&self, workspace: WorkspaceId, endpoint: EndpointId, url: &str) -> Handed {
        let work = async |conn: &mut PgConnection| {
            let mut transaction = conn.begin().await?;
            let which = (workspace, endpoint, url);
            watch::disable(&mut transaction, which, Disabled::Gone, self.relay.as_deref()).await?;
            transaction.commit().await?;
            Ok(())
        };
        if let Err(error) = self.database.notify.run(STATEMENT, work).await {
            tracing::warn!(%error, %endpoint, "an endpoint that answered 410 could not be disabled");
        }
        let error = "it answered 410: the endpoint is disabled".to_owned();
        Handed::Held { hold: UNUSABLE, code: Some(410), error }
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
        // By the database's clock, as of now.
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

/// A failure that speaks of the endpoint.
fn in_vain(error: String) -> Handed {
    Handed::InVain { of_destination: true, code: None, error, answer: None }
}

/// As much of an answer as is kept, and no longer than it takes: what it means stands in its head.
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
    // An answer that never ends, or breaks off, has said what it means.
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

/// What went wrong, with all that is behind it, in one line. The URL is known.
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
