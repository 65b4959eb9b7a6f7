//! Writes events for endpoints, in the router's transaction. Endpoints that want the same kind of body share one, and
//! every try sends the same bytes.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use sqlx::PgConnection;

use super::{Happening, Webhooks, room::Rooms, watch::keep_in};
use crate::{
    domain::{
        ids::{ApprovalId, EndpointId, WorkspaceId},
        redaction::Redactor,
        webhook::{Event, Format, event_id},
    },
    store::{
        Error,
        approvals::{self, Loaded, Votes},
        causes::Caused,
        deliveries::{self, Delivery, Lanes, Subscriber},
    },
};

/// How many bytes of bodies one statement writes, about.
const TOGETHER: usize = 2 * 1024 * 1024;

/// A cause, its event, and the endpoints that want it.
struct Wanted<'a> {
    caused: &'a Caused,
    event: Event,
    by: Vec<&'a Subscriber>,
}

/// An event for one endpoint, with its body.
struct Made<'a> {
    caused: &'a Caused,
    endpoint: EndpointId,
    subject: Arc<str>,
    body: Arc<str>,
}

/// What came of writing events.
#[derive(Debug, Default)]
pub(in crate::notify) struct WrittenEvents {
    /// Whether any endpoint wants one.
    pub any: bool,
    /// Causes whose approvals this instance can't read. Their events are not written.
    pub unreadable: Vec<Caused>,
}

/// The bodies of one event, by format and by whether they have the context.
type Written = BTreeMap<(Format, bool), Arc<str>>;

impl Webhooks {
    /// Writes these events for each endpoint that wants them.
    pub(in crate::notify) async fn write(
        &self,
        conn: &mut PgConnection,
        caused: &[&Caused],
        redactors: &HashMap<WorkspaceId, Arc<Redactor>>,
    ) -> Result<WrittenEvents, Error> {
        let workspaces: BTreeSet<WorkspaceId> = caused.iter().map(|it| it.workspace).collect();
        keep_in(&mut *conn, &self.endpoint, Some(&workspaces)).await?;
        let subscribers = deliveries::subscribers(&mut *conn, &workspaces).await?;
        if subscribers.is_empty() {
            return Ok(WrittenEvents::default());
        }
        let (wanted, dropped) = wanted(caused, &subscribers, &self.rooms);
        for (endpoint, count) in dropped {
            deliveries::dropped(&mut *conn, endpoint, count).await?;
        }
        if wanted.is_empty() {
            return Ok(WrittenEvents::default());
        }
        let mut unreadable = Vec::new();
        let endpoints: BTreeSet<(WorkspaceId, EndpointId)> = wanted
            .iter()
            .flat_map(|it| it.by.iter().map(|endpoint| (endpoint.workspace, endpoint.id)))
            .collect();
        let lanes = deliveries::wake(&mut *conn, &endpoints).await?;
        let mut by_approval: BTreeMap<ApprovalId, Vec<&Wanted<'_>>> = BTreeMap::new();
        for it in &wanted {
            by_approval.entry(it.caused.approval).or_default().push(it);
        }
        let mut rest: Vec<ApprovalId> = by_approval.keys().copied().collect();
        while !rest.is_empty() {
            let part = approvals::load(&mut *conn, &rest, Votes::Read).await?;
            rest = part.rest;
            let mut made = Vec::new();
            for (id, loaded) in part.found {
                let loaded = match loaded {
                    Ok(loaded) => loaded,
                    Err(error) => {
                        tracing::warn!(%error, approval = %id, "its events are put off");
                        let those = by_approval.get(&id).into_iter().flatten();
                        unreadable.extend(those.map(|it| it.caused.clone()));
                        continue;
                    }
                };
                for wanted in by_approval.get(&id).into_iter().flatten() {
                    let Some(redactor) = redactors.get(&wanted.caused.workspace) else { continue };
                    made.extend(self.made(wanted, &loaded, redactor));
                    if made.iter().map(|it| it.body.len()).sum::<usize>() >= TOGETHER {
                        insert(&mut *conn, &lanes, &made).await?;
                        made.clear();
                    }
                }
            }
            insert(&mut *conn, &lanes, &made).await?;
        }
        for endpoint in wanted.iter().flat_map(|it| &it.by) {
            self.rooms.used(endpoint.id);
        }
        Ok(WrittenEvents { any: true, unreadable })
    }

    /// Makes the event for each endpoint that wants it.
    fn made<'a>(&self, wanted: &Wanted<'a>, loaded: &Loaded, redactor: &Redactor) -> Vec<Made<'a>> {
        let (caused, approval) = (wanted.caused, &*loaded.approval);
        let id = event_id(caused.approval, caused.version, caused.cause);
        let request = &approval.request;
        let subject = redactor.text(request.title.as_deref().unwrap_or(request.approval_type.as_str()));
        let subject: Arc<str> = subject.into();
        let mut written = Written::new();
        let of = |endpoint: &&Subscriber| {
            let body = written.entry((endpoint.format, endpoint.include_context)).or_insert_with(|| {
                let happening = Happening {
                    event: wanted.event,
                    id: &id,
                    source: &self.source(&endpoint.name),
                    approval,
                    votes: &loaded.votes,
                    level: caused.level,
                    version: caused.version,
                    at: caused.due_at,
                    format: endpoint.format,
                    include_context: endpoint.include_context,
                    redactor,
                };
                (self.bodies.happening)(&happening).into()
            });
            Made { caused, endpoint: endpoint.id, subject: subject.clone(), body: body.clone() }
        };
        wanted.by.iter().map(of).collect()
    }
}

/// Which endpoints want which event. And for how many events an endpoint has no room left.
fn wanted<'a>(
    caused: &[&'a Caused],
    subscribers: &'a [Subscriber],
    rooms: &Rooms,
) -> (Vec<Wanted<'a>>, Vec<(&'a Subscriber, i64)>) {
    let mut room: HashMap<EndpointId, i64> = HashMap::new();
    let mut dropped: HashMap<EndpointId, i64> = HashMap::new();
    let mut wanted = Vec::new();
    for caused in caused {
        let Some(event) = Event::of(caused.cause) else { continue };
        let by =
            subscribers.iter().filter(|it| it.workspace == caused.workspace && event.is_among(&it.events));
        let by: Vec<&Subscriber> = by
            .filter(|it| {
                let room = room.entry(it.id).or_insert_with(|| rooms.of(it));
                *room -= 1;
                if *room < 0 {
                    *dropped.entry(it.id).or_default() += 1;
                }
                *room >= 0
            })
            .collect();
        if !by.is_empty() {
            wanted.push(Wanted { caused, event, by });
        }
    }
    let dropped = subscribers.iter().filter_map(|it| Some((it, *dropped.get(&it.id)?))).collect();
    (wanted, dropped)
}

async fn insert(conn: &mut PgConnection, lanes: &Lanes, made: &[Made<'_>]) -> Result<(), Error> {
    let new: Vec<Delivery<'_>> = made
        .iter()
        .map(|it| Delivery {
            endpoint: it.endpoint,
            workspace: it.caused.workspace,
            approval: it.caused.approval,
            cause: it.caused.cause,
            level: it.caused.level,
            version: it.caused.version,
            ordinal: it.caused.ordinal,
            at: it.caused.due_at,
            subject: &it.subject,
            body: &it.body,
        })
        .collect();
    if new.is_empty() { Ok(()) } else { deliveries::insert(conn, lanes, &new).await }
}
