//! One connection after the other, and what lies between them.
//!
//! The cursor is where everything has been shown up to. It moves when a line has been written, and each connection
//! begins behind it: that is all it takes for each event to be shown once and in order. Where a service can't
//! honour it, the log is read by pages until its end, and followed from there.

use std::{convert::Infallible, io, time::Duration};

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

pub struct Follower<'a> {
    wanted: &'a Tail,
    client: Client,
    out: Stdout,
    /// Everything up to here has been shown.
    cursor: Option<String>,
    /// Whether the service has answered, and taken the cursor for one.
    placed: bool,
    /// Whether an event has been shown.
    shown: bool,
    /// Whether the log has to be read before it can be followed.
    behind: bool,
    backoff: Backoff,
    credential: Credential,
    /// Since when there has been no connection; nothing while there is one.
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
            placed: false,
            shown: false,
            behind: wanted.from_start,
            backoff: Backoff::default(),
            credential: Credential::default(),
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

    /// How long to wait before the next try, unless there was none that worked for too long.
    fn bear(&mut self, trouble: Trouble) -> Result<Duration, ClientError> {
        let lost = self.lost.get_or_insert_with(Instant::now).elapsed();
        let is_over = self.client.patience().is_some_and(|patience| lost >= patience);
        // Such an address never led to the service.
        if is_over || trouble.redirected && !self.placed {
            return Err(ClientError::Unreachable(trouble));
        }
        let delay = self.backoff.delay(trouble.retry_after);
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
            let after = self.cursor.as_deref().map(|it| format!("&after={}", path_segment(it)));
            let task = path_segment(&self.wanted.task);
            let path = format!("/tasks/{task}/events?limit=200{}", after.unwrap_or_default());
            let page: Page = self.client.get_as(&path).await?;
            if page.recovered == Some(false) {
                say("some events behind the cursor are no longer kept; going on with the oldest that are");
            }
            for item in page.items {
                let event = Event::parse(Box::<str>::from(item).into()).map_err(not_ours)?;
                self.show(event).await?;
            }
            self.placed = true;
            self.cursor = Some(page.cursor);
            if page.next_cursor.is_none() {
                self.behind = false;
                return Ok(());
            }
        }
    }

    fn greeted(&mut self, event: Event, hello: &Hello) -> Result<(), Break> {
        if hello.recovered == Some(false) {
            // The place in a log that had no event yet is none: begin with the first one, whenever it comes.
            if self.wanted.from_start && !self.shown {
                self.cursor = None;
            }
            return Err(Break::Behind);
        }
        self.backoff.reset();
        self.credential.is_good();
        self.lost = None;
        self.placed = true;
        self.cursor = event.fields.cursor;
        let recovered = hello.recovered == Some(true);
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
        self.shown = true;
        self.cursor = event.fields.cursor;
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

fn is_unauthenticated(error: &anyhow::Error) -> bool {
    error.downcast_ref::<ClientError>().is_some_and(ClientError::is_unauthenticated)
}
