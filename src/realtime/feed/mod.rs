//! Feeds: what the screens of people are told as it happens. Many for one person at once, and none of them owns
//! anything: a feed never takes a task's socket.
//!
//! | | |
//! | --- | --- |
//! | [`session`] | a feed from its first frame to its last |
//! | [`messages`] | what travels on it |
//! | [`mailbox`] | what waits to be told to one screen |
//! | [`teller`] | reads what changed, once for all who look, and puts it into their mailboxes |
//! | [`rounds`] | what is looked at now and then while a feed follows it: counts, instances, tasks |
//! | [`notified`] | what each person was told in the app |
//!
//! Everything here is a hint. Who misses one reads again, and is told where something may have been missed.

mod mailbox;
mod messages;
mod notified;
mod rounds;
mod session;
mod teller;

use std::{
    collections::HashMap,
    ops::Deref,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use tokio::sync::Notify;

use self::{mailbox::Mailbox, messages::Topic, session::Session};
use super::{
    close::Reason,
    socket::{self, Socket},
};
use crate::{
    approvals::Approvals,
    auth::{Authenticator, Caller},
    bus::{Bus, watchers::Watching},
    config,
    domain::ids::{PrincipalId, WorkspaceId},
    events::Events,
    lifecycle::Lifecycle,
    limits::{Answers, Cap, Held},
    notify::in_app,
    presence::{DatabaseClock, Listing},
    store::Database,
    telemetry::Metrics,
};

/// Time that clients who are sent away together are spread over, for each of their feeds; at least, and at most.
const SPREAD: (Duration, Duration, Duration) =
    (Duration::from_millis(2), Duration::from_millis(500), Duration::from_secs(10));

/// Largest message of a client, in bytes.
const MAX_MESSAGE: usize = 16 * 1024;

/// What feeds work with.
pub struct Parts {
    pub instance: String,
    /// Of the program and the app in it.
    pub build: String,
    /// Room for what is being sent.
    pub answers: Answers,
    pub approvals: Approvals,
    pub authenticator: Authenticator,
    pub bus: Bus,
    pub clock: DatabaseClock,
    pub database: Database,
    pub events: Events,
    pub lifecycle: Lifecycle,
    pub listing: Listing,
    pub metrics: Metrics,
    pub sockets: config::Sockets,
    /// On this instance; one workspace has half of them.
    pub most: usize,
    pub most_of_a_principal: usize,
}

/// The feeds of one instance. Clones share everything.
#[derive(Clone)]
pub struct Feeds(Arc<Shared>);

struct Shared {
    parts: Parts,
    open: Mutex<HashMap<WorkspaceId, Vec<Arc<Mailbox>>>>,
    all: Cap<()>,
    workspaces: Cap<WorkspaceId>,
    principals: Cap<PrincipalId>,
    looked: Looked,
}

/// A feed follows a new topic: the round that looks at it begins at once.
#[derive(Default)]
struct Looked {
    counts: Notify,
    cluster: Notify,
    tasks: Notify,
    notifications: Notify,
}

/// A place for one more feed.
pub struct Place(
    #[expect(dead_code, reason = "they are held, not read")] (Held<()>, Held<WorkspaceId>, Held<PrincipalId>),
);

impl Deref for Feeds {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}

impl Feeds {
    pub fn start(parts: Parts) -> Self {
        let lifecycle = parts.lifecycle.clone();
        let me = Self(Arc::new(Shared {
            all: Cap::new(parts.most),
            workspaces: Cap::new(parts.most.div_ceil(2)),
            principals: Cap::new(parts.most_of_a_principal),
            parts,
            open: Mutex::default(),
            looked: Looked::default(),
        }));
        lifecycle.spawn_loop("feed teller", teller::run(me.clone()));
        lifecycle.spawn_loop("feed counts", rounds::counts(me.clone()));
        lifecycle.spawn_loop("feed instances", rounds::cluster(me.clone()));
        lifecycle.spawn_loop("feed tasks", rounds::tasks(me.clone()));
        lifecycle.spawn_loop("feed notifications", notified::run(me.clone()));
        me
    }

    /// What a feed's client may do: it says little.
    pub fn socket_limits(&self) -> socket::Limits {
        socket::Limits {
            send_timeout: Duration::from_secs(self.sockets.send_timeout_seconds),
            max_message: MAX_MESSAGE,
            pieces_per_second: self.sockets.messages_per_second,
        }
    }

    /// A place, or why there is none.
    pub fn enter(&self, caller: &Caller) -> Result<Place, &'static str> {
        let full = |cap: &'static str, why| {
            self.metrics.shed(cap);
            why
        };
        let of_principal = self.0.principals.enter(caller.actor.id);
        let of_principal = of_principal.ok_or_else(|| {
            full("feeds_of_a_principal", "the principal has as many feeds here as it may have")
        })?;
        let of_workspace = self.0.workspaces.enter(caller.workspace);
        let of_workspace = of_workspace.ok_or_else(|| {
            full("feeds_of_a_workspace", "the workspace has as many feeds here as it may have")
        })?;
        let of_all = self.0.all.enter(());
        let of_all = of_all.ok_or_else(|| full("feeds", "this instance has as many feeds as it may have"))?;
        Ok(Place((of_all, of_workspace, of_principal)))
    }

    /// Serves one feed to its end. A panic ends that feed alone.
    pub async fn serve(self, socket: Socket, caller: Caller, place: Result<Place, &'static str>) {
        let metrics = self.metrics.clone();
        let serving = AssertUnwindSafe(Box::pin(self.serve_to_its_end(socket, caller, place)));
        if serving.catch_unwind().await.is_err() {
            tracing::error!("a feed panicked; it is closed, and its client will come again");
            metrics.panicked("feed");
        }
    }

    async fn serve_to_its_end(self, socket: Socket, caller: Caller, place: Result<Place, &'static str>) {
        let (mut socket, reason) = match place {
            Err(why) => (socket, Reason::Full(why)),
            Ok(place) => {
                self.metrics.feeds(1);
                let seat = Seat::take(&self, caller);
                let session = Session::new(self.clone(), socket, seat.mailbox.clone());
                let ended = session.run().await;
                drop((seat, place));
                self.metrics.feeds(-1);
                ended
            }
        };
        let said = reason != Reason::Gone && socket.close(&reason).await;
        self.metrics.feed_closed(reason.code(), said);
        if said {
            socket.linger().await;
        }
    }

    /// The mailboxes of a workspace's feeds.
    fn of(&self, workspace: WorkspaceId) -> Vec<Arc<Mailbox>> {
        self.lock().get(&workspace).cloned().unwrap_or_default()
    }

    fn all(&self) -> Vec<Arc<Mailbox>> {
        self.lock().values().flatten().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<WorkspaceId, Vec<Arc<Mailbox>>>> {
        // No code that can panic runs under this lock.
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A feed follows these topics from now on.
    fn look<'a>(&self, new: impl IntoIterator<Item = &'a Topic>) {
        let looked = &self.0.looked;
        for topic in new {
            match topic {
                Topic::Counts => looked.counts.notify_one(),
                Topic::Cluster => looked.cluster.notify_one(),
                Topic::Task(_) => looked.tasks.notify_one(),
                Topic::Notifications => looked.notifications.notify_one(),
                Topic::Approvals => {}
            }
        }
    }

    fn is_database_up(&self) -> bool {
        self.database.is_up()
    }

    /// How many notifications a person has not read, if it can be counted now.
    async fn unread(&self, caller: &Caller) -> Option<i64> {
        let whose = (caller.workspace, caller.actor.id);
        match in_app::unread(&self.database, whose, rounds::LOOK).await {
            Ok(unread) => Some(unread),
            Err(error) => {
                tracing::debug!(%error, "what is unread could not be counted");
                None
            }
        }
    }

    /// In how many milliseconds a client shall come again who is sent away with all others.
    fn spread(&self) -> u64 {
        let (each, least, most) = SPREAD;
        let count = u32::try_from(self.lock().values().map(Vec::len).sum::<usize>()).unwrap_or(u32::MAX);
        let spread = each.saturating_mul(count).clamp(least, most);
        u64::try_from(spread.mul_f64(rand::random_range(0.0..1.0)).as_millis()).unwrap_or(u64::MAX)
    }

    fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "shown only, and only before the first heartbeat")]
        self.clock.now().unwrap_or_else(Utc::now)
    }
}

/// A feed that is open: it is told what changes for as long as this lives.
struct Seat {
    feeds: Feeds,
    mailbox: Arc<Mailbox>,
    _watching: Watching,
}

impl Seat {
    fn take(feeds: &Feeds, caller: Caller) -> Self {
        let mailbox = Arc::new(Mailbox::new(caller));
        let watching = feeds.bus.watchers.watch(mailbox.workspace);
        feeds.lock().entry(mailbox.workspace).or_default().push(mailbox.clone());
        Self { feeds: feeds.clone(), mailbox, _watching: watching }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.feeds.lock();
        let Some(feeds) = open.get_mut(&self.mailbox.workspace) else { return };
        feeds.retain(|it| !Arc::ptr_eq(it, &self.mailbox));
        if feeds.is_empty() {
            open.remove(&self.mailbox.workspace);
        }
    }
}
