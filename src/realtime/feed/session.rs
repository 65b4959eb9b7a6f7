//! One feed from its first frame to its last: a loop that sleeps until there is something to tell or to hear.
//!
//! What it tells is a hint with a summary. Each screen gets it with what its own person may do. Who that is, and what
//! they may follow, is looked at again within a minute.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, sleep_until};

use super::{
    Feeds,
    mailbox::{Letters, Mailbox, Told},
    messages::{
        self, Hello, Message, MoreOfTask, Notified, Outgoing, Pong, Reconnect, Refused, Resync, Subscribed,
        Topic, Topics, Unread,
    },
};
use crate::{
    auth::{Caller, Permission, Rejection},
    bus::seats::Outdated,
    limits::Subject,
    realtime::{
        allowance::Allowance,
        close::Reason,
        frames::{Frame, Reference},
        outgoing::ErrorData,
        socket::{Lost, Received, Socket},
    },
    wire::{
        counts::CountsView,
        problem::{Code, Problem},
        summary::{OwnView, allowed},
    },
};

/// How often the one who looks is looked at.
const LOOK: Duration = Duration::from_mins(1);
/// Looks in a row that failed, until the credential counts as bad.
const MISSES: u32 = 2;
/// Between two times that a screen is told something: what changes meanwhile is told once. And where it can't be seen.
const PACE: Duration = Duration::from_millis(150);
const PACE_UNSEEN: Duration = Duration::from_secs(2);
/// Approvals that are told at once.
const TOLD: usize = 64;
/// So many malformed messages in a row, and the feed is closed.
const MAX_STRIKES: u32 = 20;
/// Tasks that one feed may follow.
const MAX_TASKS: usize = 16;

/// One feed.
pub struct Session {
    feeds: Feeds,
    socket: Socket,
    mailbox: Arc<Mailbox>,
    unanswered_pings: u32,
    strikes: u32,
    allowance: Allowance,
    /// Nothing is told before.
    quiet_until: Instant,
    pace: Duration,
    misses: u32,
}

/// What a turn of the loop is about.
enum Turn {
    Mail,
    Received(Result<Received, Lost>),
    Ping,
    Look,
    Closing,
}

/// What a look at the credential came to.
enum Looked {
    Good,
    /// It can't be looked at now.
    Unknown,
    Bad(Reason),
}

impl Session {
    pub fn new(feeds: Feeds, socket: Socket, mailbox: Arc<Mailbox>) -> Self {
        let allowance = Allowance::new(feeds.sockets.messages_per_second);
        Self {
            feeds,
            socket,
            mailbox,
            unanswered_pings: 0,
            strikes: 0,
            allowance,
            quiet_until: Instant::now(),
            pace: PACE,
            misses: 0,
        }
    }

    /// Runs until there is a reason to close; hands the socket back for that.
    pub async fn run(mut self) -> (Socket, Reason) {
        let reason = match self.follow().await {
            Ok(reason) => reason,
            Err(lost) => lost.into(),
        };
        (self.socket, reason)
    }

    async fn follow(&mut self) -> Result<Reason, Lost> {
        Box::pin(self.greet()).await?;
        let mut pings = timer(Duration::from_secs(self.feeds.sockets.ping_seconds));
        let mut looks = timer(LOOK);
        let lifecycle = self.feeds.lifecycle.clone();
        let closing = lifecycle.closing().cancelled();
        tokio::pin!(closing);
        loop {
            let mailbox = self.mailbox.clone();
            let quiet_until = self.quiet_until;
            let mail = async {
                sleep_until(quiet_until).await;
                mailbox.full().await;
            };
            let turn = tokio::select! {
                () = mail => Turn::Mail,
                received = self.socket.receive() => Turn::Received(received),
                _ = pings.tick() => Turn::Ping,
                _ = looks.tick() => Turn::Look,
                () = &mut closing => Turn::Closing,
            };
            if let Some(reason) = Box::pin(self.take(turn)).await? {
                return Ok(reason);
            }
        }
    }

    async fn take(&mut self, turn: Turn) -> Result<Option<Reason>, Lost> {
        match turn {
            Turn::Mail => {
                let more = self.deliver().await?;
                let pause = if more { Duration::ZERO } else { self.pace };
                self.quiet_until = Instant::now() + pause;
            }
            Turn::Received(received) => {
                self.unanswered_pings = 0;
                return self.hear(received?).await;
            }
            Turn::Ping => {
                if self.socket.stirred() {
                    self.unanswered_pings = 0;
                }
                // Two intervals without a sign of life.
                if self.unanswered_pings >= 2 {
                    return Ok(Some(Reason::Gone));
                }
                self.unanswered_pings += 1;
                self.socket.ping().await?;
            }
            Turn::Look => return self.look().await,
            Turn::Closing => return self.hand_over().await.map(Some),
        }
        Ok(None)
    }

    async fn greet(&mut self) -> Result<(), Lost> {
        let feeds = self.feeds.clone();
        let now = feeds.now();
        let hello = Hello {
            now,
            build: &feeds.build,
            instance_id: &feeds.instance,
            heartbeat_seconds: feeds.sockets.ping_seconds,
            unread: feeds.unread(&self.mailbox.caller()).await,
        };
        self.say("hello", hello, None).await
    }

    /// Tells a part of what there is to tell, in one go; answers whether there is more.
    async fn deliver(&mut self) -> Result<bool, Lost> {
        let (letters, more) = self.mailbox.take(TOLD);
        let Letters { approvals, counts, cluster, tasks, notification, unread, resync } = letters;
        let caller = self.mailbox.caller();
        let mut texts = Vec::with_capacity(approvals.len() + 1);
        // First: what comes behind it is newer than what is read because of it.
        if let Some(reason) = resync {
            self.feeds.metrics.feed_resync(reason);
            texts.push(self.text("resync", Resync { reason }, None));
        }
        let mut told: Vec<Arc<Told>> = approvals.into_values().collect();
        told.sort_unstable_by_key(|it| it.loaded.approval.updated_at);
        texts.extend(told.iter().map(|it| self.approval(it, &caller)));
        if let Some(counts) = counts {
            let decides = caller.may(Permission::ApprovalApprove) || caller.may(Permission::ApprovalReject);
            texts.push(self.text("counts", CountsView::new(counts, decides), None));
        }
        if let Some(cluster) = cluster {
            let head =
                format!("{{\"event_type\":\"cluster\",\"timestamp\":{},\"data\":", json(&self.feeds.now()));
            texts.push([head.as_bytes(), cluster.as_bytes(), b"}"].concat());
        }
        for (task_id, cursor) in tasks {
            let cursor = cursor.to_string();
            texts.push(self.text("task", MoreOfTask { task_id, cursor }, None));
        }
        match (&notification, unread) {
            (Some(notification), Some(unread)) => {
                texts.push(self.text("notification", Notified { notification, unread }, None));
            }
            (_, Some(unread)) => texts.push(self.text("unread", Unread { unread }, None)),
            (_, None) => {}
        }
        // A thousand screens that take their time must not hold a thousand copies of it.
        let size = texts.iter().map(Vec::len).sum();
        let Ok(_room) = self.feeds.answers.to_send(Subject::Workspace(caller.workspace), size) else {
            self.feeds.metrics.shed("answers");
            self.mailbox.resync("too_much");
            return Ok(false);
        };
        self.feeds.metrics.feed_messages(texts.len());
        self.socket.send(texts.iter().map(Vec::as_slice)).await?;
        Ok(more)
    }

    /// A summary: what all who look see alike, and what is this one's own.
    fn approval(&self, told: &Told, caller: &Caller) -> Vec<u8> {
        let own = json(&OwnView::of(&told.loaded, &caller.voter, allowed(caller)));
        let head =
            format!("{{\"event_type\":\"approval\",\"timestamp\":{},\"data\":", json(&self.feeds.now()));
        // Two objects become one.
        let same = told.same.strip_suffix(b"}").unwrap_or_default();
        let own = own.strip_prefix('{').unwrap_or_default();
        [head.as_bytes(), same, b",", own.as_bytes(), b"}"].concat()
    }

    fn text(&self, event_type: &str, data: impl serde::Serialize, reference: Option<&Reference>) -> Vec<u8> {
        Outgoing { event_type, timestamp: self.feeds.now(), data, reference: reference.map(|it| &**it) }
            .text()
    }

    async fn say(
        &mut self,
        event_type: &str,
        data: impl serde::Serialize,
        reference: Option<&Reference>,
    ) -> Result<(), Lost> {
        let text = self.text(event_type, data, reference);
        self.socket.send([&text[..]]).await
    }

    async fn refuse(&mut self, problem: &Problem, reference: Option<&Reference>) -> Result<(), Lost> {
        self.say("error", ErrorData::from(problem), reference).await
    }

    /// Sees to what the screen says.
    async fn hear(&mut self, received: Received) -> Result<Option<Reason>, Lost> {
        let text = match received {
            Received::Life => return Ok(None),
            Received::Text(text) => Some(text),
            Received::Binary => None,
        };
        // Before it is looked at: looking is what costs.
        if !self.allowance.take(text.as_ref().map_or(0, |text| text.len())) {
            let problem =
                Problem::new(Code::RateLimited, "too many messages, or too large ones; wait a second");
            self.refuse(&problem, None).await?;
            // Refusing costs as much as a small message does. Meanwhile nothing is told either: it is their own screen.
            sleep(self.allowance.interval()).await;
            return Ok(None);
        }
        let frame = match text {
            Some(text) => messages::read(&text),
            None => Frame {
                reference: None,
                message: Err(Problem::new(Code::Malformed, "send JSON as text frames")),
            },
        };
        let reference = frame.reference;
        let message = match frame.message {
            Ok(message) => message,
            Err(problem) => {
                self.strikes += 1;
                if self.strikes >= MAX_STRIKES {
                    let why = format!("{MAX_STRIKES} malformed messages in a row");
                    return Ok(Some(Reason::NotAllowed(why)));
                }
                self.refuse(&problem, reference.as_ref()).await?;
                return Ok(None);
            }
        };
        self.strikes = 0;
        match message {
            // Nothing can be told now, and a pong would say that all is well. A closed feed makes the page say so.
            Message::Ping if !self.feeds.is_database_up() => {
                return Ok(Some(Reason::Full("the database can't be reached")));
            }
            Message::Ping => {
                let now = self.feeds.now();
                self.say("pong", Pong { now }, reference.as_ref()).await?;
            }
            Message::Presence(visible) => {
                self.pace = if visible { PACE } else { PACE_UNSEEN };
                self.quiet_until = self.quiet_until.min(Instant::now() + self.pace);
            }
            Message::Subscribe(topics) => return self.subscribe(topics, reference.as_ref()).await,
            Message::Unsubscribe(Topics { known, refused }) => {
                let left = self.mailbox.topics().difference(&known).cloned().collect();
                self.mailbox.follow(left);
                self.confirm(refused, reference.as_ref()).await?;
            }
        }
        Ok(None)
    }

    async fn subscribe(
        &mut self,
        topics: Topics,
        reference: Option<&Reference>,
    ) -> Result<Option<Reason>, Lost> {
        match self.look_again().await? {
            Looked::Good => {}
            Looked::Bad(reason) => return Ok(Some(reason)),
            Looked::Unknown => {
                let problem = Problem::new(Code::Unavailable, "the credential can't be checked now");
                self.refuse(&problem, reference).await?;
                return Ok(None);
            }
        }
        let caller = self.mailbox.caller();
        let Topics { known, mut refused } = topics;
        let before = self.mailbox.topics();
        let mut followed = before.clone();
        for topic in known {
            match refusal(&topic, &caller, &followed) {
                Some(problem) => refused.push(Refused::new(&topic, &problem)),
                None => drop(followed.insert(topic)),
            }
        }
        self.mailbox.follow(followed.clone());
        self.feeds.look(followed.difference(&before));
        self.confirm(refused, reference).await?;
        Ok(None)
    }

    async fn confirm(&mut self, refused: Vec<Refused>, reference: Option<&Reference>) -> Result<(), Lost> {
        let topics = self.mailbox.topics().iter().map(Topic::name).collect();
        self.say("subscribed", Subscribed { topics, refused }, reference).await
    }

    /// The look that comes by itself: what can't be looked at now and then is not held against anybody.
    async fn look(&mut self) -> Result<Option<Reason>, Lost> {
        Ok(match self.look_again().await? {
            Looked::Bad(reason) => Some(reason),
            Looked::Unknown if self.feeds.is_database_up() => {
                self.misses += 1;
                let is_bad = self.misses >= MISSES;
                is_bad.then_some(Reason::Full("the credential could not be checked"))
            }
            Looked::Good | Looked::Unknown => None,
        })
    }

    /// Looks whether the credential is still good, and what it allows now.
    async fn look_again(&mut self) -> Result<Looked, Lost> {
        let before = self.mailbox.caller();
        let now = match self.feeds.authenticator.again(&before).await {
            Ok(now) => now,
            Err(Rejection::Unavailable(_)) => return Ok(Looked::Unknown),
            Err(_) => return Ok(Looked::Bad(self.shut_out().await)),
        };
        self.misses = 0;
        let is_another = now.voter != before.voter || now.permissions != before.permissions;
        let now = Arc::new(now);
        self.mailbox.is_seen_by(now.clone());
        if !is_another {
            return Ok(Looked::Good);
        }
        let (lost, left): (BTreeSet<Topic>, BTreeSet<Topic>) =
            self.mailbox.topics().into_iter().partition(|topic| !may(topic, &now));
        self.mailbox.follow(left);
        for topic in lost {
            let permission = topic.permission().unwrap_or(Permission::ApprovalViewPending);
            let refused = Refused::new(&topic, &Problem::forbidden(permission));
            self.say("unsubscribed", refused, None).await?;
        }
        // What one may do with each approval may have changed with it.
        self.mailbox.resync("membership");
        Ok(Looked::Good)
    }

    /// Why a credential is good no more.
    async fn shut_out(&self) -> Reason {
        let credential = self.mailbox.caller().credential;
        match self.feeds.authenticator.outdated(&[credential]).await {
            Ok(outdated) => match outdated.get(&credential) {
                Some(how) => Reason::Outdated(*how),
                None => Reason::NotAllowed("the credential was revoked".to_owned()),
            },
            Err(error) => {
                tracing::debug!(%error, "why a credential is refused is not known");
                Reason::Outdated(Outdated::Changed)
            }
        }
    }

    /// Says when to come again.
    async fn hand_over(&mut self) -> Result<Reason, Lost> {
        let after_ms = self.feeds.spread();
        self.say("reconnect", Reconnect { after_ms }, None).await?;
        Ok(Reason::Restarting)
    }
}

/// Feeds that came together shall not all be busy together.
fn timer(interval: Duration) -> tokio::time::Interval {
    let first = Instant::now() + interval.mul_f64(rand::random_range(0.5..1.0));
    let mut timer = interval_at(first, interval);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    timer
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| {
        tracing::error!(%error, "a bug: a part of a feed's message can't be written");
        "null".to_owned()
    })
}

fn may(topic: &Topic, caller: &Caller) -> bool {
    topic.permission().is_none_or(|permission| caller.may(permission))
}

/// Why a topic can't be followed besides these.
fn refusal(topic: &Topic, caller: &Caller, followed: &BTreeSet<Topic>) -> Option<Problem> {
    if let Some(permission) = topic.permission().filter(|permission| !caller.may(*permission)) {
        return Some(Problem::forbidden(permission));
    }
    let tasks = followed.iter().filter(|it| matches!(it, Topic::Task(_)) && *it != topic).count();
    (matches!(topic, Topic::Task(_)) && tasks >= MAX_TASKS)
        .then(|| Problem::new(Code::LimitReached, format!("one feed follows {MAX_TASKS} tasks at most")))
}
