//! Every metric, by name, in one place.
//!
//! Each instance has a recorder of its own, so that several can live in one process. Units are base units, and
//! no label carries an id.

use std::{sync::Arc, time::Duration};

use ::metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
    with_local_recorder,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::Tally;

/// Buckets for what should take milliseconds.
const FAST: &[f64] =
    &[0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0];
/// Buckets for what may take as long as a long poll.
const SLOW: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 30.0, 60.0];
/// Buckets for how many went together.
const COUNT: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// What a look at the audit's chains found.
#[derive(Debug, Clone, Copy)]
pub struct Chains {
    /// Records that were linked.
    pub links: usize,
    /// Numbers of records that were handed out and have no link yet.
    pub unlinked: i64,
    /// The age of the oldest record that was linked, or that waits.
    pub lag: Duration,
    /// Chains that nothing can be linked to.
    pub stuck: usize,
}

/// Records and renders. Clones share one recorder.
#[derive(Clone)]
pub struct Metrics {
    recorder: Arc<PrometheusRecorder>,
    handle: PrometheusHandle,
    process: metrics_process::Collector,
    tally: Arc<Tally>,
}

/// What is read off at the moment of a scrape.
#[derive(Debug, Clone, Default)]
pub struct Readings {
    pub waiters: usize,
    pub connections: usize,
    pub sockets: usize,
    /// Pool, open, idle.
    pub pools: Vec<(&'static str, u32, u32)>,
    /// Queue, length.
    pub queues: Vec<(&'static str, usize)>,
    pub database_up: bool,
    /// Postgres gives fewer connections than are wanted.
    pub database_short: bool,
    /// Connections that were found dead.
    pub database_dead: u64,
    pub draining: bool,
}

impl Metrics {
    pub fn new(version: &'static str) -> anyhow::Result<Self> {
        let recorder = PrometheusBuilder::new()
            .set_buckets(FAST)?
            .set_buckets_for_metric(Matcher::Prefix("signoff_http_".into()), SLOW)?
            .set_buckets_for_metric(Matcher::Suffix("_batch_size".into()), COUNT)?
            .build_recorder();
        let handle = recorder.handle();
        let me = Self {
            recorder: Arc::new(recorder),
            handle,
            process: metrics_process::Collector::new("signoff_"),
            tally: Arc::default(),
        };
        me.within(|| {
            describe();
            super::outbox::describe();
            me.process.describe();
            gauge!("signoff_build_info", "version" => version).set(1.0);
            gauge!("signoff_bus_up").set(0.0);
            gauge!("signoff_rate_limits_shared").set(0.0);
        });
        Ok(me)
    }

    /// What heartbeats store.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    pub(super) fn within<T>(&self, record: impl FnOnce() -> T) -> T {
        with_local_recorder(&*self.recorder, record)
    }

    /// The exposition text, with the readings of this moment.
    pub fn render(&self, readings: &Readings) -> String {
        self.within(|| {
            self.process.collect();
            #[expect(clippy::cast_precision_loss, reason = "a gauge is a double; no count here nears 2^52")]
            let set = |name: &'static str, value: usize| gauge!(name).set(value as f64);
            set("signoff_waiters", readings.waiters);
            set("signoff_http_connections", readings.connections);
            set("signoff_sockets", readings.sockets);
            set("signoff_database_up", usize::from(readings.database_up));
            set("signoff_database_short", usize::from(readings.database_short));
            set("signoff_draining", usize::from(readings.draining));
            counter!("signoff_database_dead_connections_total").absolute(readings.database_dead);
            for (pool, open, idle) in &readings.pools {
                gauge!("signoff_database_connections", "pool" => *pool, "state" => "idle")
                    .set(f64::from(*idle));
                gauge!("signoff_database_connections", "pool" => *pool, "state" => "used")
                    .set(f64::from(open - idle));
            }
            for (queue, length) in &readings.queues {
                #[expect(clippy::cast_precision_loss, reason = "a gauge is a double; queues are short")]
                gauge!("signoff_queue_length", "queue" => *queue).set(*length as f64);
            }
        });
        self.handle.render()
    }

    /// Folds what was observed into the histograms; to be called every few seconds.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }

    pub fn http_request(&self, method: &str, route: &str, status: u16, took: Duration) {
        self.within(|| {
            let labels =
                [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.to_string())];
            counter!("signoff_http_requests_total", &labels).increment(1);
            histogram!("signoff_http_request_duration_seconds", "route" => route.to_owned()).record(took);
        });
    }

    pub fn approval_requested(&self) {
        self.within(|| counter!("signoff_approvals_requested_total").increment(1));
    }

    /// A final outcome: its status, or its resolution where it has one.
    pub fn outcome(&self, outcome: &'static str, via: &'static str) {
        self.tally.decided();
        self.within(|| counter!("signoff_decisions_total", "outcome" => outcome, "via" => via).increment(1));
    }

    /// A hop to the next level.
    pub fn escalated(&self, via: &'static str) {
        self.within(|| counter!("signoff_escalations_total", "via" => via).increment(1));
    }

    /// An executor said something of a claim.
    pub fn claimed(&self, result: &'static str) {
        self.within(|| counter!("signoff_claims_total", "result" => result).increment(1));
    }

    pub fn reminded(&self, count: u64) {
        self.within(|| counter!("signoff_reminders_total").increment(count));
    }

    pub fn vote(&self, verdict: &'static str) {
        self.within(|| counter!("signoff_votes_total", "verdict" => verdict).increment(1));
    }

    pub fn wakeups(&self, source: &'static str, count: u64) {
        if count > 0 {
            self.tally.woken(source, count);
            self.within(|| counter!("signoff_wakeups_total", "source" => source).increment(count));
        }
    }

    /// A message told the outcome of an approval that is waited for here: whether that was of use, or why not.
    pub fn proof(&self, result: &'static str) {
        self.within(|| counter!("signoff_outcome_proofs_total", "result" => result).increment(1));
    }

    /// From the outcome's moment (by the database's clock) to the waiter's answer.
    pub fn wake_latency(&self, latency: Duration) {
        self.tally.wake_delay(latency);
        self.within(|| histogram!("signoff_wake_latency_seconds").record(latency));
    }

    pub fn events_published(&self, count: usize) {
        self.within(|| counter!("signoff_events_published_total").increment(count as u64));
    }

    /// A call with events that was refused, since its workspace's quota is used up.
    pub fn events_over_quota(&self) {
        self.within(|| counter!("signoff_events_over_quota_total").increment(1));
    }

    /// What of its quota the workspace has used that has used most, as far as this instance knows.
    #[expect(clippy::cast_precision_loss, reason = "a gauge is a double; a share needs no more")]
    pub fn event_quota_used(&self, bytes: u64, most: u64) {
        self.within(|| gauge!("signoff_event_quota_used_ratio").set(bytes as f64 / most.max(1) as f64));
    }

    /// What workspaces hold: each kind in all, and the one that holds most of all kinds.
    #[expect(clippy::cast_precision_loss, reason = "a gauge is a double; an estimate needs no more")]
    pub fn holdings(&self, of_all: [(&'static str, i64); 3], most: i64) {
        self.within(|| {
            for (kind, bytes) in of_all {
                gauge!("signoff_held_bytes", "kind" => kind).set(bytes as f64);
            }
            gauge!("signoff_workspace_held_bytes_max").set(most as f64);
        });
    }

    pub fn events_sent(&self, count: usize) {
        self.within(|| counter!("signoff_events_sent_total").increment(count as u64));
    }

    /// A bug of ours that cost one request, or one socket.
    pub fn panicked(&self, what: &'static str) {
        self.within(|| counter!("signoff_panics_total", "what" => what).increment(1));
    }

    /// A socket that ended: the close code that stands for why (0: the client went), and whether the client was told.
    pub fn socket_closed(&self, code: u16, told: bool) {
        let told = if told { "yes" } else { "no" };
        self.within(|| {
            counter!("signoff_sockets_closed_total", "code" => code.to_string(), "told" => told).increment(1);
        });
    }

    /// Feeds that have come (1) or gone (-1).
    pub fn feeds(&self, change: i32) {
        self.within(|| gauge!("signoff_feeds").increment(f64::from(change)));
    }

    pub fn feed_messages(&self, count: usize) {
        self.within(|| counter!("signoff_feed_messages_total").increment(count as u64));
    }

    /// A feed was told to read anew.
    pub fn feed_resync(&self, reason: &'static str) {
        self.within(|| counter!("signoff_feed_resyncs_total", "reason" => reason).increment(1));
    }

    /// A feed that ended: the close code that stands for why (0: the client went), and whether the client was told.
    pub fn feed_closed(&self, code: u16, told: bool) {
        self.within(|| {
            let told = if told { "yes" } else { "no" };
            counter!("signoff_feeds_closed_total", "code" => code.to_string(), "told" => told).increment(1);
        });
    }

    pub fn socket_opened(&self, recovered: &'static str) {
        self.within(|| counter!("signoff_sockets_opened_total", "recovered" => recovered).increment(1));
    }

    pub fn connections_reaped(&self, count: usize) {
        self.within(|| counter!("signoff_connections_reaped_total").increment(count as u64));
    }

    /// A request that a limit refused.
    pub fn rate_limited(&self, bucket: &'static str) {
        self.within(|| counter!("signoff_rate_limited_total", "bucket" => bucket).increment(1));
    }

    /// Something that a cap of this instance refused.
    pub fn shed(&self, cap: &'static str) {
        self.within(|| counter!("signoff_shed_total", "cap" => cap).increment(1));
    }

    /// Whether limits are counted for all instances.
    pub fn rate_limits_shared(&self, shared: bool) {
        self.within(|| gauge!("signoff_rate_limits_shared").set(if shared { 1.0 } else { 0.0 }));
    }

    pub fn hints_dropped(&self, why: &'static str, count: usize) {
        self.within(|| {
            counter!("signoff_bus_hints_dropped_total", "reason" => why).increment(count as u64);
        });
    }

    pub fn bus_up(&self, up: bool) {
        self.within(|| gauge!("signoff_bus_up").set(if up { 1.0 } else { 0.0 }));
    }

    #[expect(clippy::cast_precision_loss, reason = "a histogram takes doubles; batches are small")]
    pub fn batch(&self, kind: &'static str, size: usize, took: Duration) {
        self.tally.committed(took);
        self.within(|| {
            histogram!("signoff_commit_batch_size", "kind" => kind).record(size as f64);
            histogram!("signoff_commit_duration_seconds", "kind" => kind).record(took);
        });
    }

    /// One round of a sweep: when it ended, and whether it worked.
    pub fn swept(&self, sweep: &'static str, took: Duration, ok: bool) {
        self.within(|| {
            let result = if ok { "ok" } else { "failed" };
            counter!("signoff_sweeps_total", "sweep" => sweep, "result" => result).increment(1);
            histogram!("signoff_sweep_duration_seconds", "sweep" => sweep).record(took);
        });
    }

    /// Time since the last round that worked.
    pub fn sweep_lag(&self, sweep: &'static str, lag: Duration) {
        self.tally.sweep_lag(sweep, lag);
        self.within(|| gauge!("signoff_sweep_lag_seconds", "sweep" => sweep).set(lag.as_secs_f64()));
    }

    /// How long the oldest outcome has been waiting to be indexed.
    pub fn search_behind(&self, behind: Duration) {
        self.within(|| gauge!("signoff_search_behind_seconds").set(behind.as_secs_f64()));
    }

    /// From a deadline to the commit of what it did.
    pub fn expiry_lateness(&self, lateness: Duration) {
        self.within(|| histogram!("signoff_expiry_lateness_seconds").record(lateness));
    }

    /// One part of a heartbeat: what rides along with it grows with the connections.
    pub fn heartbeat_part(&self, part: &'static str, took: Duration) {
        self.within(|| histogram!("signoff_heartbeat_duration_seconds", "part" => part).record(took));
    }

    /// One look at the audit's chains.
    #[expect(clippy::cast_precision_loss, reason = "a gauge is a double; no count here nears 2^52")]
    pub fn chains(&self, chains: Chains) {
        self.within(|| {
            counter!("signoff_audit_links_total").increment(chains.links as u64);
            gauge!("signoff_audit_unlinked").set(chains.unlinked as f64);
            gauge!("signoff_audit_lag_seconds").set(chains.lag.as_secs_f64());
            gauge!("signoff_audit_chains_stuck").set(chains.stuck as f64);
        });
    }

    pub fn heartbeat(&self, to: &'static str, ok: bool) {
        let result = if ok { "ok" } else { "failed" };
        self.within(|| {
            counter!("signoff_heartbeats_total", "to" => to, "result" => result).increment(1);
        });
    }
}

/// What each is, for those who read the exposition.
fn describe() {
    describe_counters();
    describe_gauges();
    describe_histograms();
}

fn describe_counters() {
    let counters = [
        ("signoff_http_requests_total", "Requests, by method, route and status."),
        ("signoff_approvals_requested_total", "Approvals created."),
        ("signoff_decisions_total", "Final outcomes, by outcome and by what brought them about."),
        ("signoff_votes_total", "Accepted votes, by verdict."),
        ("signoff_escalations_total", "Hops to a next level, by what brought them about."),
        ("signoff_claims_total", "Claims of approved actions, by what became of them."),
        ("signoff_reminders_total", "Reminders that were told."),
        (
            "signoff_outcome_proofs_total",
            "Outcomes that messages told of approvals that are waited for here, by whether they were of use.",
        ),
        ("signoff_wakeups_total", "Approvals whose waiters were woken, by how this instance learned of it."),
        (
            "signoff_bus_hints_dropped_total",
            "Hints that were not published, by reason; the sweep makes up for them.",
        ),
        ("signoff_rate_limited_total", "Requests that a rate limit refused, by the kind of limit."),
        (
            "signoff_shed_total",
            "Calls and connections that a cap of this instance refused or ended, by the cap.",
        ),
        ("signoff_panics_total", "Bugs that cost one request or one socket; the logs say where."),
        ("signoff_events_published_total", "Events that producers appended to tasks' logs."),
        (
            "signoff_events_over_quota_total",
            "Calls with events that were refused: the workspace's quota is used up.",
        ),
        ("signoff_events_sent_total", "Events that were sent to sockets."),
        ("signoff_feed_messages_total", "Messages that were sent to feeds."),
        ("signoff_feed_resyncs_total", "Times that a feed was told to read anew, by reason."),
        (
            "signoff_feeds_closed_total",
            "Feeds that ended, by close code (0: the client went) and whether it was told.",
        ),
        ("signoff_sockets_opened_total", "Sockets that were opened, by whether their cursor was honoured."),
        (
            "signoff_sockets_closed_total",
            "Sockets that ended, by close code (0: the client went) and by whether the client was told.",
        ),
        ("signoff_connections_reaped_total", "Records of dead instances' connections that were removed."),
        ("signoff_audit_links_total", "Records that this instance linked into their workspaces' chains."),
        ("signoff_sweeps_total", "Rounds of each sweep, by result."),
        (
            "signoff_database_dead_connections_total",
            "Open connections to Postgres that did not answer when a call wanted one.",
        ),
        ("signoff_heartbeats_total", "Heartbeats, by where to and result."),
    ];
    for (name, text) in counters {
        describe_counter!(name, text);
    }
}

fn describe_gauges() {
    let gauges = [
        ("signoff_build_info", "1, labelled with the version."),
        ("signoff_waiters", "Calls that sleep on this instance until an outcome wakes them."),
        ("signoff_http_connections", "Open HTTP connections, without those that became sockets."),
        ("signoff_sockets", "Live sockets."),
        ("signoff_feeds", "Open feeds."),
        ("signoff_database_connections", "Connections to Postgres, by pool and state."),
        ("signoff_database_up", "1 while the last probe of Postgres was answered."),
        ("signoff_database_short", "1 while Postgres gives fewer connections than the pools want."),
        ("signoff_queue_length", "Commands that wait to be committed or read."),
        ("signoff_bus_up", "1 while the subscription to Redis is confirmed and its canary comes back."),
        (
            "signoff_rate_limits_shared",
            "1 while Redis counts requests for all instances, 0 while each limits by itself.",
        ),
        ("signoff_audit_unlinked", "Numbers of audit records that were handed out and have no link yet."),
        (
            "signoff_audit_lag_seconds",
            "Age of the oldest audit record that was linked in the last round, or that waits while another links.",
        ),
        (
            "signoff_audit_chains_stuck",
            "Chains whose end nothing can follow: their records get no links. Told by the instance that links.",
        ),
        (
            "signoff_event_quota_used_ratio",
            "Largest part of its quota of events that a workspace has used today, as far as this instance knows.",
        ),
        ("signoff_held_bytes", "Bytes on the disk that workspaces hold together, by kind; estimated."),
        (
            "signoff_workspace_held_bytes_max",
            "Bytes on the disk that the workspace holds that holds most; estimated.",
        ),
        ("signoff_draining", "1 from the beginning of a drain."),
        ("signoff_sweep_lag_seconds", "Time since each sweep last worked."),
        (
            "signoff_search_behind_seconds",
            "How long the oldest outcome has been waiting for the search's index.",
        ),
    ];
    for (name, text) in gauges {
        describe_gauge!(name, text);
    }
}

fn describe_histograms() {
    let seconds = [
        ("signoff_http_request_duration_seconds", "From the request's head to the response's, by route."),
        ("signoff_wake_latency_seconds", "From an outcome's moment to the waiter's answer."),
        ("signoff_heartbeat_duration_seconds", "Parts of a heartbeat: lease, keys, touch."),
        ("signoff_commit_duration_seconds", "One group commit, by kind."),
        ("signoff_sweep_duration_seconds", "One round of a sweep."),
        ("signoff_expiry_lateness_seconds", "From a deadline to what it did."),
    ];
    for (name, text) in seconds {
        describe_histogram!(name, Unit::Seconds, text);
    }
    describe_histogram!("signoff_commit_batch_size", "Commands that were committed together, by kind.");
}
