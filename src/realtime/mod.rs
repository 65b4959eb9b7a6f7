//! Sockets: one session for each task, on whichever instance the client reached.
//!
//! | | |
//! | --- | --- |
//! | [`session`] | a socket from its first frame to its last: one `select!` |
//! | [`opening`] | before that: seat, bid, `hello` |
//! | [`requests`] | what clients ask for, by the same use cases and forms as HTTP |
//! | [`frames`] | what clients may say |
//! | [`outgoing`] | what they are told |
//! | [`socket`] | frames on a connection, each sent within its time or not at all |
//! | [`pieces`], [`allowance`] | what clients send that is no message of its own, and how much they may send |
//! | [`close`] | close codes, and what a client should do about each |
//! | [`feed`] | the other kind of socket: what the screens of people are told |
//!
//! A session holds one page of events at most: what is not sent yet waits in the log. Only the owner sends: every
//! page is read under its generation, and one that has lain too long (a frozen process) is read anew.

mod allowance;
pub mod close;
pub mod feed;
mod frames;
mod opening;
mod outgoing;
mod pieces;
mod requests;
mod session;
pub mod socket;

use std::{ops::Deref, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use futures_util::FutureExt;

use crate::{
    approvals::Approvals,
    auth::{Authenticator, Caller},
    bus::{Bus, seats::Most},
    config,
    domain::{
        credential::Origin,
        event::{Cursor, TaskKey},
        ids::WorkspaceId,
        names::CallerName,
    },
    events::Events,
    lifecycle::Lifecycle,
    limits::{Answers, Cap, Count, Counted, Held, Limiter},
    notify::Channels,
    presence::{DatabaseClock, Ownership},
    telemetry::{Metrics, Seldom},
};

use self::socket::Socket;

/// What sessions work with.
pub struct Parts {
    pub instance: String,
    pub approvals: Approvals,
    /// Room for what is being sent.
    pub answers: Answers,
    pub events: Events,
    pub authenticator: Authenticator,
    pub limiter: Limiter,
    pub ownership: Ownership,
    pub bus: Bus,
    pub clock: DatabaseClock,
    pub metrics: Metrics,
    pub lifecycle: Lifecycle,
    pub sockets: config::Sockets,
    pub most: Most,
    /// Largest message that a client may send, in bytes.
    pub max_message: usize,
    /// By which people can be reached.
    pub channels: Channels,
}

/// The sockets of one instance. Clones share everything.
#[derive(Clone)]
pub struct Realtime {
    parts: Arc<Parts>,
    /// Sessions, also those that are ending.
    sessions: Count,
    /// The same of each workspace.
    workspaces: Cap<WorkspaceId>,
    crowded_out: Arc<Seldom>,
}

/// What a client came with.
pub struct Arrival {
    pub caller: Caller,
    pub key: TaskKey,
    pub session: Option<CallerName>,
    pub cursor: Option<Result<Cursor, NoCursor>>,
    /// For the record.
    pub origin: Arc<Origin>,
}

/// What was given as a cursor can't be one.
#[derive(Debug, Clone, Copy)]
pub struct NoCursor;

/// A place for one more session.
pub struct Place {
    _of_all: Counted,
    _of_workspace: Held<WorkspaceId>,
}

impl Deref for Realtime {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

impl Realtime {
    pub fn new(parts: Parts) -> Self {
        let workspaces = Cap::new(with_those_that_go(parts.most.of_a_workspace));
        let crowded_out = Arc::new(Seldom::new(Duration::from_mins(1)));
        Self { parts: Arc::new(parts), sessions: Count::default(), workspaces, crowded_out }
    }

    /// A place, while there are not absurdly many. A socket that finds no seat is told so in a close frame; this
    /// bounds those that are being told, or being replaced.
    pub fn enter(&self, workspace: WorkspaceId) -> Option<Place> {
        let of_workspace = self.workspaces.enter(workspace)?;
        let of_all = self.sessions.enter_below(with_those_that_go(self.most.in_all))?;
        Some(Place { _of_all: of_all, _of_workspace: of_workspace })
    }

    /// Serves one socket to its end. A panic ends that socket alone.
    pub async fn serve(self, socket: Socket, arrival: Arrival, place: Place) {
        let metrics = self.metrics.clone();
        let serving = AssertUnwindSafe(Box::pin(opening::serve(self, socket, arrival)));
        if serving.catch_unwind().await.is_err() {
            tracing::error!("a session panicked; its socket is closed, its client will come again");
            metrics.panicked("socket");
        }
        drop(place);
    }

    /// What a socket's client may do.
    pub fn socket_limits(&self) -> socket::Limits {
        socket::Limits {
            send_timeout: Duration::from_secs(self.sockets.send_timeout_seconds),
            max_message: self.max_message,
            pieces_per_second: self.sockets.messages_per_second,
        }
    }

    /// The time of an event that has none of its own.
    fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "shown only, and only before the first heartbeat")]
        self.clock.now().unwrap_or_else(Utc::now)
    }
}

/// So many sockets, and those that are about to go.
fn with_those_that_go(most: usize) -> usize {
    most.saturating_mul(2).saturating_add(64)
}
