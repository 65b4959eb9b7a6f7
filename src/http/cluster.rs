//! The instances of the service, as their leases tell.

use std::time::Duration;

use axum::{Json, extract::State};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Api,
    caller::{May, ViewCluster},
    query::{Params, decode_cursor, encode_cursor, is_within_reach, limit, time},
};
use crate::{
    presence::past::{self, Wanted},
    store::samples::{Event, Span},
    wire::{cluster::ClusterView, problem::Problem, validate::Check, vocabulary},
};

/// Longest span of samples.
const LONGEST_SPAN: TimeDelta = TimeDelta::days(366);
/// What samples are shown of where nothing else is asked for.
const HOUR: Duration = Duration::from_hours(1);

/// List the instances
///
/// Every instance that holds a lease, with its heartbeat's age, and those that lost theirs within ten minutes.
#[utoipa::path(get, path = "/api/v1/cluster", tag = "operating",
    security(("key" = ["cluster:view"])), responses((status = 200, body = ClusterView)))]
pub async fn cluster(State(api): State<Api>, _: May<ViewCluster>) -> Result<Json<ClusterView>, Problem> {
    let listing = &api.listing;
    Ok(Json(ClusterView::new(listing.instances().await?, listing.heartbeat, listing.lease_ttl)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SamplesQuery {
    /// From then on; an hour before `to` by default.
    #[param(value_type = Option<DateTime<Utc>>)]
    from: Option<String>,
    /// Before then; now by default.
    #[param(value_type = Option<DateTime<Utc>>)]
    to: Option<String>,
    /// Seconds that one point is about, 1 to 86,400. A wish: `step_seconds` says what was used.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 86_400)]
    step: Option<String>,
}

/// How the instances were.
#[derive(Serialize, ToSchema)]
pub struct Samples {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// What one point is about. Longer than was asked for where there would be more than some 2,000 points; never
    /// shorter than a heartbeat.
    #[schema(example = 30)]
    step_seconds: i64,
    /// False where points were left out, the oldest ones: too many instances had samples.
    complete: bool,
    instances: Vec<Series>,
}

/// The points of one instance, which has a new id at each start.
#[derive(Serialize, ToSchema)]
pub struct Series {
    #[schema(example = "web-1-0af3c2d1")]
    instance_id: String,
    /// Oldest first. A step without a sample has no point.
    points: Vec<Point>,
}

/// One instance within one step. Counts are of what came since its sample before this step.
#[derive(Serialize, ToSchema)]
pub struct Point {
    /// The beginning of the step.
    at: DateTime<Utc>,
    /// Heartbeats that arrived in it.
    samples: i64,
    /// The most that a sample saw.
    sockets: i32,
    /// The most that a sample saw.
    waiters: i32,
    queued: Queued,
    wakes: Wakes,
    wake_delay: WakeDelay,
    /// Approvals that ended here: by a decision, a cancellation or a deadline.
    decisions: i64,
    commits: Commits,
    /// The longest time since a sweep for outcomes or for deadlines had worked, in seconds.
    sweep_lag_seconds: f64,
    /// Whether hints arrived through Redis in every sample.
    bus_up: bool,
}

/// The most that a sample saw waiting.
#[derive(Serialize, ToSchema)]
pub struct Queued {
    /// Commands that wait to be committed: creates, votes, events.
    writes: i32,
    /// Reads that wait for their turn.
    reads: i32,
}

/// Approvals whose waiters were woken, by how the instance learned of the outcome.
#[derive(Serialize, ToSchema)]
pub struct Wakes {
    /// It was decided on this instance.
    local: i64,
    /// A hint came through Redis.
    redis: i64,
    /// The sweep found it.
    sweep: i64,
}

/// From the outcome's moment, which lies before its commit, to the answer of a waiting call that had to be woken. By
/// the database's clock, which an instance knows to within a heartbeat's round trip.
#[derive(Serialize, ToSchema)]
pub struct WakeDelay {
    /// Waiting calls that were answered so.
    count: i64,
    /// Half were no longer; null where there was none. From a histogram, as `histogram_quantile` reckons; at most 5.
    p50_seconds: Option<f64>,
    p99_seconds: Option<f64>,
}

/// Group commits of creates, votes and events.
#[derive(Serialize, ToSchema)]
pub struct Commits {
    count: i64,
    /// Null where there was none.
    mean_seconds: Option<f64>,
    longest_seconds: f64,
}

impl From<past::Point> for Point {
    fn from(it: past::Point) -> Self {
        let [local, redis, sweep] = it.wakes;
        Self {
            at: it.at,
            samples: it.samples,
            sockets: it.sockets,
            waiters: it.waiters,
            queued: Queued { writes: it.queued_writes, reads: it.queued_reads },
            wakes: Wakes { local, redis, sweep },
            wake_delay: WakeDelay {
                count: it.wake_delays,
                p50_seconds: it.wake_p50_seconds,
                p99_seconds: it.wake_p99_seconds,
            },
            decisions: it.decisions,
            commits: Commits {
                count: it.commits,
                mean_seconds: it.mean_commit_seconds,
                longest_seconds: it.longest_commit_seconds,
            },
            sweep_lag_seconds: it.sweep_lag_seconds,
            bus_up: it.bus_up,
        }
    }
}

/// Show how the instances were
///
/// Each heartbeat stores a sample of its instance. They are kept for a day by default.
#[utoipa::path(get, path = "/api/v1/cluster/samples", operation_id = "list_cluster_samples", tag = "operating",
    security(("key" = ["cluster:view"])), params(SamplesQuery), responses((status = 200, body = Samples)))]
pub async fn samples(
    State(api): State<Api>,
    may: May<ViewCluster>,
    Params(query): Params<SamplesQuery>,
) -> Result<Json<Samples>, Problem> {
    let mut check = Check::default();
    let from = time(&mut check, "?from", query.from.as_deref());
    let to = time(&mut check, "?to", query.to.as_deref());
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        check.fail("?to", "range", "must be later than from");
    }
    if let (Some(from), Some(to)) = (from, to)
        && to - from > LONGEST_SPAN
    {
        check.fail("?from", "range", "must be at most 366 days before to");
    }
    let step = query.step.as_deref().map(|text| {
        let number = Some(text.parse().unwrap_or(0));
        check.range("?step", number, (1, past::LONGEST_STEP), 1)
    });
    check.finish()?;
    let wanted = Wanted { span: Span { from, to, length: HOUR }, step };
    let past = api.listing.past(may.caller().workspace, &wanted).await?;
    // One of the two may have been left out.
    if past.from >= past.to || past.to - past.from > LONGEST_SPAN {
        let mut check = Check::default();
        check.fail("?from", "range", "must lie in the 366 days before to, which is now by default");
        check.finish()?;
    }
    let series = past.instances.into_iter().map(|(instance_id, points)| Series {
        instance_id,
        points: points.into_iter().map(Point::from).collect(),
    });
    Ok(Json(Samples {
        from: past.from,
        to: past.to,
        step_seconds: past.step,
        complete: past.complete,
        instances: series.collect(),
    }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// Only what happened from then on.
    #[param(value_type = Option<DateTime<Utc>>)]
    after: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// Something that happened to the service.
#[derive(Serialize, ToSchema)]
pub struct ClusterEvent {
    id: Uuid,
    at: DateTime<Utc>,
    #[schema(example = "web-1-0af3c2d1")]
    instance_id: String,
    #[schema(value_type = vocabulary::ClusterEventKind, example = "lost")]
    kind: String,
}

/// One page.
#[derive(Serialize, ToSchema)]
pub struct ClusterEventsPage {
    /// Newest first.
    items: Vec<ClusterEvent>,
    /// Null on the last page.
    next_cursor: Option<String>,
}

/// Where a page ended.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    at: DateTime<Utc>,
    id: Uuid,
}

/// List what happened to the service
///
/// Kept for 30 days by default. What an instance could not store before it ended is missing.
#[utoipa::path(get, path = "/api/v1/cluster/events", operation_id = "list_cluster_events", tag = "operating",
    security(("key" = ["cluster:view"])), params(EventsQuery), responses((status = 200, body = ClusterEventsPage)))]
pub async fn events(
    State(api): State<Api>,
    may: May<ViewCluster>,
    Params(query): Params<EventsQuery>,
) -> Result<Json<ClusterEventsPage>, Problem> {
    let mut check = Check::default();
    let after = time(&mut check, "?after", query.after.as_deref());
    let cursor = query.cursor.as_deref().map(decode_cursor::<Cursor>);
    if matches!(&cursor, Some(cursor) if cursor.as_ref().is_none_or(|it| !is_within_reach(&it.at))) {
        check.fail("?cursor", "cursor", "must be a next_cursor of this list");
    }
    let limit = limit(&mut check, query.limit.as_deref());
    check.finish()?;
    let before = cursor.flatten().map(|it| (it.at, it.id));
    let page = api.listing.happened(may.caller().workspace, after, before, limit).await?;
    let last = page.items.last().filter(|_| page.more);
    let next_cursor = last.map(|it| encode_cursor(&Cursor { at: it.at, id: it.id })).transpose()?;
    let event = |it: Event| ClusterEvent { id: it.id, at: it.at, instance_id: it.instance_id, kind: it.kind };
    Ok(Json(ClusterEventsPage { items: page.items.into_iter().map(event).collect(), next_cursor }))
}
