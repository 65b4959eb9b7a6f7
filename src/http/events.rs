//! Events of a task: sending them, and reading them again without a socket.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::{
    Api,
    body::{self, Body},
    caller::{May, Publish, Subscribe},
    path::NamePath,
    query::{self, Params, limit},
};
use crate::{
    auth::Caller,
    domain::{
        approval::Opaque,
        event::{Cursor, Epoch, EventType, TaskKey},
    },
    events::{publish::Publication, read::From},
    store::events::Event,
    wire::{
        parse::Object,
        problem::Problem,
        validate::{Check, MAX_OBJECT},
    },
};

const MAX_EVENTS: usize = 500;

/// One event, or up to 500 of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"event_type": "output", "data": {"line": "14 tests passed"}}))]
pub struct PublishBody {
    /// `output`, `workflow_started`, `workflow_state_changed`, `workflow_completed`, `workflow_failed`, or a name of
    /// your own. Names that Signoff sends itself are refused.
    #[schema(pattern = "^[A-Za-z0-9._:-]{1,200}$")]
    event_type: Option<String>,
    /// Any JSON, at most 256 KiB; an empty object by default. It comes back untouched.
    #[schema(value_type = Option<serde_json::Value>)]
    data: Option<Box<RawValue>>,
    /// Instead of the other two. All are kept, in this order, or none.
    #[schema(value_type = Option<Vec<EventBody>>, min_items = 1, max_items = 500)]
    events: Option<Vec<Object<EventBody>>>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventBody {
    #[schema(required, nullable = false, pattern = "^[A-Za-z0-9._:-]{1,200}$")]
    event_type: Option<String>,
    #[schema(value_type = Option<serde_json::Value>)]
    data: Option<Box<RawValue>>,
}

/// The events are in the task's log.
#[derive(Serialize, ToSchema)]
pub struct AcceptedView {
    /// Where the last of them is.
    #[schema(example = "1763700000000042")]
    cursor: String,
    /// Whether a socket follows the task now. Without one they wait in the log.
    connected: bool,
}

/// Send events of a task
///
/// They are in the task's log once this answers, and reach its socket on whichever instance that is.
#[utoipa::path(
    post, path = "/api/v1/tasks/{task_id}/events", tag = "tasks",
    security(("key" = ["event:publish"])),
    params(("task_id" = String, Path, description = "The task's name", example = "run-42")),
    request_body = PublishBody,
    responses((status = 202, body = AcceptedView))
)]
pub async fn publish(
    State(api): State<Api>,
    may: May<Publish>,
    NamePath(task): NamePath,
    Body { value, .. }: Body<PublishBody, body::Events>,
) -> Result<(StatusCode, Json<AcceptedView>), Problem> {
    let events = events(value)?;
    let Caller { workspace, looked_at, .. } = *may.caller();
    let key = TaskKey { workspace, task };
    let accepted = api.events.publish(Publication { key, events: events.into(), looked_at }).await?;
    let view = AcceptedView { cursor: accepted.cursor.to_string(), connected: accepted.connected };
    Ok((StatusCode::ACCEPTED, Json(view)))
}

fn events(body: PublishBody) -> Result<Vec<(EventType, Opaque)>, Problem> {
    let mut check = Check::default();
    let PublishBody { event_type, data, events } = body;
    let bodies: Vec<(String, EventBody)> = match events {
        None => vec![(String::new(), EventBody { event_type, data })],
        Some(events) => {
            if event_type.is_some() || data.is_some() {
                check.fail("/events", "excluded", "excludes event_type and data");
            }
            if events.is_empty() || events.len() > MAX_EVENTS {
                check.fail("/events", "items", format!("must be 1 to {MAX_EVENTS}"));
            }
            let at = |(index, Object(event))| (format!("/events/{index}"), event);
            events.into_iter().enumerate().map(at).collect()
        }
    };
    let events = bodies.into_iter().filter_map(|(at, body)| event(&mut check, &at, body)).collect();
    check.finish()?;
    Ok(events)
}

fn event(check: &mut Check, at: &str, body: EventBody) -> Option<(EventType, Opaque)> {
    let pointer = format!("{at}/event_type");
    if body.event_type.is_none() {
        check.fail(&pointer, "required", "must be given");
    }
    if body.data.as_ref().is_some_and(|data| data.get().len() > MAX_OBJECT) {
        check.fail(format!("{at}/data"), "max_size", format!("must have at most {MAX_OBJECT} bytes"));
    }
    match EventType::new(&body.event_type?) {
        Ok(event_type) => {
            let data = body.data.map_or_else(|| RawValue::from_string("{}".to_owned()), Ok).ok()?;
            Some((event_type, data))
        }
        Err(error) => {
            check.fail(pointer, "name", error.to_string());
            None
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReplayQuery {
    /// What was seen last: the `cursor` of an event, a `hello` or a page.
    #[param(example = "1763700000000042")]
    after: Option<String>,
    /// Instead of a cursor: events from this time on (RFC 3339).
    #[param(value_type = Option<DateTime<Utc>>)]
    since: Option<String>,
    /// 1 to 200; 50 by default.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// A part of a task's log.
#[derive(Serialize, ToSchema)]
pub struct EventPage<'a> {
    /// Oldest first.
    items: Vec<EventView<'a>>,
    /// For `after`, where there is more now; null at the end of the log.
    next_cursor: Option<String>,
    /// Where this part ends, also at the end of the log: for `after`, or a socket's `cursor`, later.
    cursor: String,
    /// With `after`: false where events behind it are no longer kept, or where the database was restored since; then
    /// this begins with the oldest that are.
    recovered: Option<bool>,
}

/// One event, as a socket would have got it.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventView<'a> {
    #[schema(example = "output")]
    event_type: &'a str,
    timestamp: DateTime<Utc>,
    task_id: &'a str,
    run_id: Option<&'a str>,
    session_id: Option<&'a str>,
    #[schema(value_type = serde_json::Value)]
    data: &'a RawValue,
    cursor: String,
}

impl<'a> EventView<'a> {
    fn new(task_id: &'a str, event: &'a Event, epoch: Epoch) -> Self {
        Self {
            event_type: &event.event_type,
            timestamp: event.at,
            task_id,
            run_id: event.run_id.as_deref(),
            session_id: event.session_id.as_deref(),
            data: &event.data,
            cursor: event.cursor(epoch).to_string(),
        }
    }
}

/// Read a task's events
///
/// From a cursor, from a time, or from the oldest that is kept. What a socket delivers, without one.
#[utoipa::path(
    get, path = "/api/v1/tasks/{task_id}/events", tag = "tasks",
    security(("key" = ["event:subscribe"])),
    params(("task_id" = String, Path, description = "The task's name", example = "run-42"), ReplayQuery),
    responses((status = 200, body = EventPage))
)]
pub async fn replay(
    State(api): State<Api>,
    may: May<Subscribe>,
    NamePath(task): NamePath,
    Params(query): Params<ReplayQuery>,
) -> Result<Response, Problem> {
    let (from, limit) = place(query)?;
    let key = TaskKey { workspace: may.caller().workspace, task: task.clone() };
    let replay = api.events.replay(key, from, limit).await?;
    let cursor = replay.cursor.to_string();
    let page = EventPage {
        items: replay.events.iter().map(|event| EventView::new(task.as_str(), event, replay.epoch)).collect(),
        next_cursor: replay.more.then(|| cursor.clone()),
        cursor,
        recovered: replay.recovered,
    };
    Ok(Json(page).into_response())
}

fn place(query: ReplayQuery) -> Result<(From, i64), Problem> {
    let mut check = Check::default();
    let limit = limit(&mut check, query.limit.as_deref());
    let from = match (query.after, query.since) {
        (None, None) => From::Start,
        (Some(after), None) => {
            let cursor = Cursor::parse(&after);
            if cursor.is_none() {
                check.fail("?after", "cursor", "must be a cursor that came from here");
            }
            cursor.map_or(From::Start, From::Cursor)
        }
        (None, Some(since)) => {
            query::time(&mut check, "?since", Some(&since)).map_or(From::Start, From::Time)
        }
        (Some(_), Some(_)) => {
            check.fail("?since", "excluded", "and after exclude each other");
            From::Start
        }
    };
    check.finish()?;
    Ok((from, limit))
}
