//! One connection after the other, and what lies between them.
//!
//! The cursor is where everything has been shown up to. It moves when a line has been written, and each connection
//! begins behind it: that is all it takes for each event to be shown once and in order. Where a service can't
//! honour it, the log is read by pages until its end, and followed from there.
//!
//! A cursor that isn't honoured says nothing of where its place is now: events may be gone, or a database that was set
//! back may hold again what has been shown. So the time of the newest event is kept, too. What isn't newer is not shown
//! again, and ends nothing.

use std::{convert::Infallible, io, time::Duration};

use anyhow::anyhow;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::{
    io::{AsyncWriteExt, Stdout},
    time::{Instant, sleep},
};

use super::{
    Tail,
    credential::Credential,
    ending::{Break, End},
    event::Event,
    link::{Hello, Link, not_ours},
};
use crate::{
    cli::{
        backoff::Backoff,
        client::{Client, path_segment},
        failure::{ClientError, Trouble},
        output::{Unprinted, field, say},
    },
    domain::legible,
};

/// Pending approvals that are listed.
const LISTED: usize = 10;
/// A connection that stood for so long shows that the trouble is over. What breaks each one after its first frame must
/// not be met with a new one at once, for ever.
const STEADY: Duration = Duration::from_secs(5);
/// Of a cursor that isn't honoured.
const UNKNOWN_PLACE: &str = "the place in the log is not known any more: events behind it are no longer kept, or the \
                             database was set back";

pub struct Follower<'a> {
    wanted: &'a Tail,
    client: Client,
    out: Stdout,
    /// Everything up to here has been shown.
    cursor: Option<String>,
    /// The time of the newest event that was shown, or of the beginning: by the database's clock. Nothing behind a place
    /// that the caller named.
    seen: Option<DateTime<Utc>>,
    /// Whether the service has answered, and taken the cursor for one.
    placed: bool,
    /// Whether the log has to be read before it can be followed.
    behind: bool,
    /// Whether events may have been missed since the last greeting.
    has_gap: bool,
    backoff: Backoff,
    credential: Credential,
    /// When the service greeted the connection that there is.
    greeted: Option<Instant>,
    /// Since when no connection has stood for long; nothing while one does.
    lost: Option<Instant>,
}

/// A part of the log.
#[derive(Deserialize)]
struct Page {
    items: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
    cursor: String,
    recovered: Option<bool>,
}

impl<'a> Follower<'a> {
    pub fn new(wanted: &'a Tail, client: Client) -> Self {
        Self {
            wanted,
            client,
            out: tokio::io::stdout(),
            cursor: wanted.cursor.clone(),
            seen: None,
            placed: false,
            behind: wanted.from_start,
            has_gap: false,
            backoff: Backoff::default(),
            credential: Credential::default(),
            greeted: None,
            lost: None,
        }
    }

    /// Where another tail can go on.
    pub fn place(&self) -> Option<&str> {
        self.cursor.as_deref().filter(|_| self.placed)
    }

    /// Follows until there is a reason not to.
    pub async fn run(&mut self) -> anyhow::Result<End> {
        loop {
            let Err(end) = self.connection().await;
            if self.greeted.take().is_some_and(|greeted| greeted.elapsed() >= STEADY) {
                self.backoff.reset();
                self.lost = None;
            }
            let delay = match end {
                Break::NewCredential(reason) => self.credential.worn_out(&self.client, &reason).await,
                Break::Stop(error) if is_unauthenticated(&error) => {
                    self.credential.refused(&self.client, error).await
                }
                end => Err(end),
            };
            let delay = match delay {
                Ok(delay) => delay,
                Err(Break::Again(trouble)) => self.bear(trouble)?,
                Err(Break::Behind) => {
                    self.behind = true;
                    self.backoff.delay(Duration::ZERO)
                }
                // None is left: what follows one is above.
                Err(Break::NewCredential(_)) => self.backoff.delay(Duration::ZERO),
                Err(Break::Stop(error)) => return Err(error),
                Err(Break::End(end)) => return Ok(end),
            };
            sleep(delay).await;
        }
    }

    /// How long to wait before the next try, unless no connection has stood for too long.
    fn bear(&mut self, trouble: Trouble) -> Result<Duration, ClientError> {
        let lost = self.lost.get_or_insert_with(Instant::now).elapsed();
        let left = self.client.patience().map_or(Duration::MAX, |patience| patience.saturating_sub(lost));
        // Such an address never led to the service.
        if left.is_zero() || trouble.redirected && !self.placed {
            return Err(ClientError::Unreachable(trouble));
        }
        // The last try is at the very end.
        let delay = self.backoff.delay(trouble.retry_after).min(left);
        say(&format!("{trouble}; trying again in {:.1} s", delay.as_secs_f64()));
        Ok(delay)
    }

    /// One connection, to its end.
    async fn connection(&mut self) -> Result<Infallible, Break> {
        if self.behind {
            self.catch_up().await?;
        }
        let path = self.socket_path();
        let bearer = self.credential.next(&self.client).await?;
        let mut link = Link::open(self.client.base(), bearer, &path).await?;
        let (event, hello) = link.hello().await?;
        self.greeted(event, &hello)?;
        loop {
            let event = link.next().await?;
            if event.fields.cursor.is_some() {
                self.show(event).await?;
            }
        }
    }

    /// Reads the log to its end.
    async fn catch_up(&mut self) -> Result<(), Break> {
        loop {
            // Without a place, what has been shown comes again.
            let shown_before = if self.cursor.is_none() { self.seen } else { None };
            let page: Page = self.client.get_once(&self.log_path()).await?;
            if page.recovered == Some(false) {
                return Err(self.lose_place());
            }
            for item in page.items {
                let event = Event::parse(Box::<str>::from(item).into()).map_err(not_ours)?;
                if shown_before.is_none_or(|seen| event.fields.timestamp > seen) {
                    self.show(event).await?;
                }
            }
            self.placed = true;
            self.cursor = Some(page.cursor);
            if page.next_cursor.is_none() {
                self.behind = false;
                return Ok(());
            }
        }
    }

    /// The next page: behind the place, else from the time on that is known, else the oldest that is kept.
    fn log_path(&self) -> String {
        let from = match (&self.cursor, self.seen) {
            (Some(cursor), _) => format!("&after={}", path_segment(cursor)),
            (None, Some(seen)) => format!("&since={}", path_segment(&exact(seen))),
            (None, None) => String::new(),
        };
        format!("/tasks/{}/events?limit=200{from}", path_segment(&self.wanted.task))
    }

    /// The cursor isn't honoured. What is newer than the last that was shown is known by its time.
    fn lose_place(&mut self) -> Break {
        let lost = self.cursor.take().unwrap_or_default();
        // The place in a log that had no event yet is none: begin with the first one, whenever it comes.
        if self.wanted.from_start && self.seen.is_none() {
            return Break::Behind;
        }
        self.has_gap = true;
        match (self.seen, &self.wanted.until) {
            (Some(seen), _) => {
                say(&format!("{UNKNOWN_PLACE}; going on with what came after {}", exact(seen)));
            }
            (None, None) => {
                say(&format!("{UNKNOWN_PLACE}; going on with the oldest events that are kept"));
            }
            (None, Some(until)) => {
                return Break::Stop(anyhow!(
                    "{lost}: {UNKNOWN_PLACE}; whether {until} came before it or after it can't be told (signoff tail {} \
                     --from-start shows what is kept)",
                    self.wanted.task
                ));
            }
        }
        Break::Behind
    }

    fn greeted(&mut self, event: Event, hello: &Hello) -> Result<(), Break> {
        if hello.recovered == Some(false) {
            // The log says more: that this is no cursor at all, for example.
            return Err(Break::Behind);
        }
        // Behind a cursor, events of before this moment are still to come.
        if hello.recovered.is_none() {
            self.seen = self.seen.max(Some(event.fields.timestamp));
        }
        self.credential.is_good();
        self.greeted = Some(Instant::now());
        self.placed = true;
        self.cursor = event.fields.cursor;
        let recovered = hello.recovered == Some(true) && !std::mem::take(&mut self.has_gap);
        let more = if hello.pending_more { "more than " } else { "" };
        let count = hello.pending.len();
        say(&format!(
            "connected to {}{}; {more}{count} pending",
            hello.instance_id,
            if recovered { ", nothing missed" } else { "" },
        ));
        // Those who have missed nothing have been told, or will be.
        for approval in hello.pending.iter().take(if recovered { 0 } else { LISTED }) {
            let [id, kind, title] = ["approval_id", "approval_type", "title"].map(|it| field(approval, it));
            say(&format!("  pending: {id}  {kind}  {}", legible::line(&title)));
        }
        Ok(())
    }

    async fn show(&mut self, event: Event) -> Result<(), Break> {
        let line = if self.wanted.client.json { event.json() } else { event.words() };
        let writing = async {
            self.out.write_all(line.shown_on(&self.out).as_bytes()).await?;
            self.out.flush().await
        };
        writing.await.map_err(|error: io::Error| match Unprinted::from(error) {
            Unprinted::Closed => Break::End(End::NobodyReads),
            failed @ Unprinted::Failed(_) => Break::Stop(failed.into()),
        })?;
        self.cursor = event.fields.cursor;
        self.seen = self.seen.max(Some(event.fields.timestamp));
        if self.wanted.until.as_ref() == Some(&event.fields.event_type) {
            return Err(Break::End(End::Reached));
        }
        Ok(())
    }

    fn socket_path(&self) -> String {
        let mut path = format!("/ws/{}", path_segment(&self.wanted.task));
        let parameters = [("session_id", self.wanted.session_id.as_ref()), ("cursor", self.cursor.as_ref())];
        let mut before = '?';
        for (name, value) in parameters {
            if let Some(value) = value {
                path = format!("{path}{before}{name}={}", path_segment(value));
                before = '&';
            }
        }
        path
    }
}

/// To the microsecond, as the log has it.
fn exact(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn is_unauthenticated(error: &anyhow::Error) -> bool {
    error.downcast_ref::<ClientError>().is_some_and(ClientError::is_unauthenticated)
}
