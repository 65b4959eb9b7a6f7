//! G17 where much waits: backlogs cost routing, looks and calls nothing, and one workspace's leave room for others.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use chrono::{DateTime, Utc};
use serde_json::json;
use signoff::{
    domain::{
        ids::WorkspaceId,
        notification::{Channel, Skipped, Status},
        webhook::MOST_KEPT,
    },
    store::{
        deliveries,
        lanes::{self, Fate, Lease},
        session,
    },
};
use sqlx::{Connection, Executor, PgConnection, postgres::PgConnectOptions};
use uuid::Uuid;

use super::{
    g17_webhooks::{Team, asked, setup},
    g19_row_walls::workspace,
};
use crate::support::{
    Setup, TestDatabase,
    cluster::{Instance, config, make_key},
    eventually,
    office::{Office, for_person, hire},
    process::Process,
    relay::Does as RelayDoes,
    sink::{Does, Sink},
};

/// Instances that neither route nor send.
fn silent() -> Setup {
    let mut setup = setup();
    setup.flags.push(("notify.enabled", "false".to_owned()));
    setup
}

/// Writes deliveries that wait for an endpoint, due one after the other.
async fn pile_up(conn: &mut PgConnection, endpoint: &str, count: i64) {
    sqlx::query(
        "WITH lane AS (
             INSERT INTO notification_lanes AS l (workspace_id, channel, destination)
             SELECT e.workspace_id, 'webhook', e.id::text FROM webhook_endpoints e WHERE e.id = $1::uuid
             ON CONFLICT (workspace_id, channel, destination) DO UPDATE SET wakes = l.wakes + 1
             RETURNING id, workspace_id)
         INSERT INTO approval_notifications (id, workspace_id, cause, channel, recipient, subject, body, lane_id, due_at,
                give_up_at)
         SELECT gen_random_uuid(), lane.workspace_id, 'test', 'webhook', $1, 'webhook:test', '{}', lane.id,
                now() - interval '1 hour' + n * interval '1 ms', now() + interval '4 days'
           FROM lane, generate_series(1, $2) n",
    )
    .bind(endpoint)
    .bind(count)
    .execute(conn)
    .await
    .unwrap();
}

/// Lets the oldest deliveries have waited for too long.
async fn let_be_over(conn: &mut PgConnection, count: i64) {
    sqlx::query(
        "UPDATE approval_notifications SET give_up_at = now() - interval '1 second'
          WHERE id IN (SELECT id FROM approval_notifications WHERE status = 'pending' AND channel = 'webhook'
                        ORDER BY due_at LIMIT $1)",
    )
    .bind(count)
    .execute(conn)
    .await
    .unwrap();
}

/// How often notifications were searched on this connection, and how many rows were read. Compare two of them within one
/// transaction.
async fn read(conn: &mut PgConnection) -> (i64, i64) {
    sqlx::query_as(
        "SELECT seq_scan + idx_scan, seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables
          WHERE relname = 'approval_notifications'",
    )
    .fetch_one(conn)
    .await
    .unwrap()
}

/// Where its figures mislead it, Postgres joins no tables row by row: it reads all that it could look up.
const MISLED: &str = "SET LOCAL enable_nestloop = off; SET LOCAL enable_mergejoin = off";

#[tokio::test(flavor = "multi_thread")]
async fn g17_routing_reads_nothing_of_what_waits_for_a_disabled_endpoint() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({})).await;
    hook.change(json!({ "enabled": false })).await.expect(200);
    let mut conn = team.cluster.database.connect().await;
    pile_up(&mut conn, &hook.id, 1_000).await;
    let acme = BTreeSet::from([workspace(&team.cluster, "acme").await]);
    let mut transaction = conn.begin().await.unwrap();
    let (before, _) = read(&mut transaction).await;
    let found = deliveries::subscribers(&mut transaction, &acme).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(read(&mut transaction).await.0, before, "what waits was searched");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_disabled_endpoint_keeps_what_it_may_and_every_other_event_is_counted() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "events": ["approval:requested"] })).await;
    hook.change(json!({ "enabled": false })).await.expect(200);
    let mut conn = team.cluster.database.connect().await;
    pile_up(&mut conn, &hook.id, MOST_KEPT).await;
    let dropped = async || hook.show().await["dropped"].as_i64().unwrap();
    let asks = AtomicI64::new(0);
    eventually("there is no room", || async {
        team.agent.ask(asked()).await;
        asks.fetch_add(1, Ordering::Relaxed);
        dropped().await > 0
    })
    .await;
    let conn = tokio::sync::Mutex::new(conn);
    eventually("each event is kept or counted", || async {
        let kept: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM approval_notifications
              WHERE channel = 'webhook' AND status = 'pending' AND approval_id IS NOT NULL",
        )
        .fetch_one(&mut *conn.lock().await)
        .await
        .unwrap();
        kept + dropped().await == asks.load(Ordering::Relaxed)
    })
    .await;
    let before = dropped().await;
    team.agent.ask(asked()).await;
    eventually("the next one is counted, too", || async { dropped().await == before + 1 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_looks_at_lanes_read_no_backlog() {
    const MANY: i64 = 20_000;
    /// Far more than a look needs.
    const FEW: i64 = 100;
    let team = Team::with(silent()).await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({})).await;
    hook.change(json!({ "enabled": false })).await.expect(200);
    let other = team.hook(&sink, json!({})).await;
    let mut conn = team.cluster.database.connect().await;
    pile_up(&mut conn, &hook.id, MANY).await;
    sqlx::query("UPDATE notification_lanes SET due_at = now() - interval '2 hours', hold_until = 'epoch'")
        .execute(&mut conn)
        .await
        .unwrap();
    // A lane that is not due though something waits in it, and lanes in which nothing waits.
    pile_up(&mut conn, &other.id, 1).await;
    sqlx::query(
        "INSERT INTO notification_lanes (workspace_id, channel, destination)
         SELECT id, 'slack', 'C' || n FROM workspaces, generate_series(1, 20) n",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    conn.execute("ANALYZE approval_notifications, notification_lanes, webhook_endpoints").await.unwrap();
    let mut transaction = conn.begin().await.unwrap();
    (&mut *transaction).execute(MISLED).await.unwrap();
    let (_, begun) = read(&mut transaction).await;
    assert_eq!(lanes::wake_forgotten(&mut transaction).await.unwrap(), 1);
    let (_, woken) = read(&mut transaction).await;
    assert!(woken - begun < FEW, "{} rows were read for forgotten lanes", woken - begun);
    transaction.rollback().await.unwrap();
    let mut transaction = conn.begin().await.unwrap();
    let (_, begun) = read(&mut transaction).await;
    assert_eq!(lanes::give_up(&mut transaction, 1_000).await.unwrap(), 0);
    let (_, given_up) = read(&mut transaction).await;
    assert!(given_up - begun < FEW, "{} rows were read for lanes that no one serves", given_up - begun);
    assert_eq!(lanes::give_up_disabled(&mut transaction, 1_000).await.unwrap(), 0);
    let (_, ended) = read(&mut transaction).await;
    assert!(ended - given_up < FEW, "{} rows were read for disabled endpoints", ended - given_up);
    let_be_over(&mut transaction, 30).await;
    assert_eq!(lanes::give_up(&mut transaction, 20).await.unwrap(), 20);
    assert_eq!(lanes::give_up_disabled(&mut transaction, 1_000).await.unwrap(), 10);
    assert_eq!(lanes::give_up_disabled(&mut transaction, 1_000).await.unwrap(), 0);
}

/// A statement keeps the plan that Postgres made while the tables were small. It must not read the whole table then.
#[tokio::test(flavor = "multi_thread")]
async fn g17_what_became_of_a_message_is_written_by_its_key_also_where_the_plan_is_old() {
    let team = Team::with(silent()).await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({})).await;
    let mut conn = team.cluster.database.connect().await;
    pile_up(&mut conn, &hook.id, 1).await;
    let options: PgConnectOptions = team.cluster.database.url.parse().unwrap();
    let options = session::serving(options).options([("role", "signoff_notify")]);
    let mut worker = PgConnection::connect_with(&options).await.unwrap();
    let due = "UPDATE notification_lanes SET due_at = now() - interval '2 hours', hold_until = 'epoch'";
    for count in [1, 20_000] {
        pile_up(&mut conn, &hook.id, count).await;
        sqlx::query(due).execute(&mut conn).await.unwrap();
        let leases =
            lanes::lease(&mut worker, Channel::Webhook, None, 1, Duration::from_mins(1)).await.unwrap();
        let waiting = lanes::fetch(&mut worker, &leases, 1).await.unwrap();
        let mut transaction = worker.begin().await.unwrap();
        let (_, begun) = read(&mut transaction).await;
        let skipped =
            Fate { skipped: Some(Skipped::Superseded), ..Fate::untried(&waiting[0], Status::Skipped) };
        lanes::record(&mut transaction, &[&skipped], &[]).await.unwrap();
        let (_, ended) = read(&mut transaction).await;
        transaction.commit().await.unwrap();
        assert!(ended - begun < 20, "{} rows were read to record one of {count}", ended - begun);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_look_that_fails_keeps_none_of_the_others() {
    let mut office = Office::open(1).await;
    office.relay.does(|_| RelayDoes::HangsUp);
    let process = office.process().await;
    office.api(&process).ask(for_person(0)).await;
    office.has(1, "pending").await;
    drop(process);
    for change in [
        "UPDATE approval_notifications SET give_up_at = now() - interval '1 hour' WHERE status = 'pending'",
        "UPDATE notification_lanes SET due_at = now() - interval '2 hours', hold_until = 'epoch'",
        // No lane can be woken.
        "REVOKE UPDATE ON notification_lanes FROM signoff_notify",
    ] {
        sqlx::query(change).execute(&mut office.conn).await.unwrap();
    }
    // An instance without mail.
    let _other = Process::start(&office.database, &office.prefix, &Setup::default()).await;
    office.has(1, "failed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_what_waits_in_lanes_is_read_in_its_order_whatever_the_plan() {
    let database = TestDatabase::new().await;
    make_key(&database, "acme", "agent", &[]).await;
    let mut conn = database.connect().await;
    hire(&mut conn, "acme", 1_000).await;
    conn.execute("ANALYZE principals").await.unwrap();
    let made: Vec<(i64, Uuid)> = sqlx::query_as(
        "INSERT INTO notification_lanes (workspace_id, channel, destination)
         SELECT id, 'slack', 'C' || n FROM workspaces, generate_series(1, 2) n RETURNING id, workspace_id",
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    // Two are due, and three later.
    sqlx::query(
        "INSERT INTO approval_notifications (id, workspace_id, cause, channel, recipient, lane_id, due_at, give_up_at)
         SELECT gen_random_uuid(), l.workspace_id, 'requested', 'slack', 'x', l.id, now() + (n - 3) * interval '1 minute',
                now() + interval '1 day'
           FROM notification_lanes l, generate_series(1, 5) n",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    let epoch: DateTime<Utc> = DateTime::UNIX_EPOCH;
    let lease = |(lane, workspace): (i64, Uuid)| Lease {
        lane,
        workspace: WorkspaceId(workspace),
        destination: "C".to_owned(),
        generation: 1,
        wakes: 0,
        floor_at: epoch,
        failures: 0,
        failing_since: None,
        leased_at: epoch,
    };
    let leases: Vec<Lease> = made.into_iter().map(lease).collect();
    let mut transaction = conn.begin().await.unwrap();
    (&mut *transaction).execute(MISLED).await.unwrap();
    let read = lanes::fetch(&mut transaction, &leases, 10).await.unwrap();
    let order: Vec<_> = read.iter().map(|it| (it.lane, it.due_at)).collect();
    assert_eq!(order.len(), 10);
    assert!(order.is_sorted(), "{order:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_an_endpoint_is_deleted_at_once_and_what_waits_for_it_is_skipped_in_turns() {
    const WAITING: i64 = 120;
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({})).await;
    hook.change(json!({ "enabled": false })).await.expect(200);
    let mut conn = team.cluster.database.connect().await;
    pile_up(&mut conn, &hook.id, WAITING).await;
    team.agent.ask(asked()).await;
    eventually("all wait", || async { hook.show().await["waiting"] == WAITING + 1 }).await;
    // Someone has one of the deliveries: whoever changes all of them would have to wait.
    let mut holder = team.cluster.database.connect().await;
    let mut holding = holder.begin().await.unwrap();
    sqlx::query("SELECT id FROM approval_notifications WHERE channel = 'webhook' LIMIT 1 FOR UPDATE")
        .fetch_one(&mut *holding)
        .await
        .unwrap();
    team.admin.delete(&hook.path("")).await.expect(204);
    team.admin.get(&hook.path("")).await.problem(404, "not_found");
    holding.rollback().await.unwrap();
    let conn = tokio::sync::Mutex::new(conn);
    eventually("all are skipped, and nothing waits", || async {
        let (skipped, due): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM approval_notifications
                      WHERE channel = 'webhook' AND status = 'skipped' AND skip_reason = 'endpoint_deleted'),
                    (SELECT count(*) FROM notification_lanes WHERE channel = 'webhook' AND due_at IS NOT NULL)",
        )
        .fetch_one(&mut *conn.lock().await)
        .await
        .unwrap();
        (skipped, due) == (WAITING + 1, 0)
    })
    .await;
    assert_eq!(sink.received().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_workspace_with_many_endpoints_that_hang_leaves_room_for_another() {
    const ENDPOINTS: usize = 40;
    /// Of 32 lanes, an eighth stays free.
    const MOST: usize = 28;
    let mut team = Team::with(silent()).await;
    let (stuck, well) = (Sink::start().await, Sink::start().await);
    stuck.always(Does::Stalls);
    for _ in 0..ENDPOINTS {
        team.hook(&stuck, json!({ "events": ["approval:requested"] })).await;
    }
    let other = team.cluster.api(0, &team.cluster.key("other", "root", &["workspace:admin"]).await);
    let hook = json!({ "url": well.url, "events": ["approval:requested"] });
    other.post("/api/v1/webhooks", &hook).await.expect(201);
    team.agent.ask(asked()).await;
    other.ask(json!({})).await;
    // One that sends: it finds both at once.
    let sending = config(&team.cluster.database, &team.cluster.prefix, &setup());
    let sending = Instance::start(sending).await;
    team.cluster.instances.push(sending);
    well.has(1).await;
    assert!(stuck.received().len() <= MOST, "the other waited for one that hangs");
    stuck.has(MOST).await;
    other.ask(json!({})).await;
    well.has(2).await;
    assert_eq!(stuck.received().len(), MOST, "the other waited for one that hangs");
}
