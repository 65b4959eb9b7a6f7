//! What the outbox costs by itself, without the sending: the row that says what happened, leasing lanes beside leasing
//! rows, and finding what waits behind much that was sent while a backup holds a snapshot.
//!
//! The rival leases rows: it puts off what it takes, and updates each row again when it was sent. It has a table of the
//! same form and indexes, and takes as many rows at a time. No instance sends here: their channels are not configured.
//! What waits became due over ten minutes, as it does where something was away.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use signoff::{
    domain::notification::{Channel, Status, TryResult},
    store::lanes::{self, Attempt, Fate, Handback, Lease, Waiting},
};
use sqlx::{Connection as _, Executor, PgConnection, Row as _};
use uuid::Uuid;

use super::{
    Extent,
    cluster::Cluster,
    figures::{Goal, Point, Report, Samples, Track, Unit},
    load::{self, ask},
    throughput::decide,
};

const LEASE: Duration = Duration::from_mins(1);
/// Lanes that are leased at a time, as a worker does.
const LANES: i64 = 32;

/// How much waits, in how many lanes, and how much of each is taken at a time.
#[derive(Debug, Clone, Copy)]
struct Shape {
    lanes: i32,
    rows: i32,
    leased: i64,
    batch: i64,
}

pub async fn measure(cluster: &Cluster, extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    let mut conn = PgConnection::connect(&cluster.database_url).await?;
    causes(cluster, &mut conn, extent, report).await?;
    prepare(&mut conn).await?;
    let backlog = Shape { lanes: 8, rows: extent.pick(20_000, 8_000), leased: 8, batch: 50 };
    let thin =
        Shape { lanes: extent.pick(3_000, 1_500), rows: extent.pick(3_000, 1_500), leased: LANES, batch: 50 };
    for (shape, what, least) in [
        (backlog, "lease, fetch and record: a backlog in 8 lanes", 1.1),
        (thin, "… one row in each lane, 32 lanes at a time", 0.5),
    ] {
        let mut track = Track::default();
        for _ in 0..extent.rounds {
            let rows = by_rows(&mut conn, shape).await?;
            track.push_beside(by_lanes(&mut conn, shape).await?, rows);
        }
        report.add(what, Unit::PerSecond, &track, Some(Goal::RatioAtLeast(least)));
    }
    let mut held = Track::default();
    for _ in 0..extent.rounds {
        let (first, later) = under_a_snapshot(cluster, &mut conn, extent.pick(100_000, 20_000)).await?;
        held.push_beside(later, first);
    }
    let what = "a fetch behind what was sent under a held snapshot, beside the first";
    report.add(what, Unit::Milliseconds, &held, Some(Goal::RatioAtMost(2.0)));
    Ok(conn.close().await?)
}

/// Creates and decisions with the row that says what happened, beside those where a trigger leaves it out. The router may
/// read nothing meanwhile: its work is not what is measured.
async fn causes(
    cluster: &Cluster,
    conn: &mut PgConnection,
    extent: Extent,
    report: &mut Report,
) -> anyhow::Result<()> {
    conn.execute(
        "REVOKE SELECT ON notification_causes FROM signoff_notify;
         CREATE FUNCTION bench_leave_out() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER bench_leave_out BEFORE INSERT ON notification_causes
            FOR EACH ROW EXECUTE FUNCTION bench_leave_out()",
    )
    .await?;
    let (mut creates, mut decisions) = (Track::default(), Track::default());
    let count = load::LANES * extent.pick(100, 60);
    rates(cluster, count).await?;
    for _ in 0..2 * extent.rounds {
        conn.execute("ALTER TABLE notification_causes ENABLE TRIGGER bench_leave_out").await?;
        let without = rates(cluster, count).await?;
        conn.execute("ALTER TABLE notification_causes DISABLE TRIGGER bench_leave_out").await?;
        let with = rates(cluster, count).await?;
        creates.push_beside(with.0, without.0);
        decisions.push_beside(with.1, without.1);
    }
    conn.execute(
        "DROP TRIGGER bench_leave_out ON notification_causes; DROP FUNCTION bench_leave_out();
         TRUNCATE notification_causes; GRANT SELECT ON notification_causes TO signoff_notify",
    )
    .await?;
    let goal = Some(Goal::RatioAtLeast(0.95));
    report.add("creates with the row of what happened, beside without", Unit::PerSecond, &creates, goal);
    report.add("decisions with it, beside without", Unit::PerSecond, &decisions, goal);
    Ok(())
}

/// Creates and decisions a second.
async fn rates(cluster: &Cluster, count: usize) -> anyhow::Result<(Point, Point)> {
    let begun = Instant::now();
    let ids = ask(cluster.b.http, &cluster.agent, count).await?;
    let creates = Point::rate(count, begun.elapsed());
    Ok((creates, decide(cluster, &[&cluster.b], ids).await?))
}

/// The rival's tables.
async fn prepare(conn: &mut PgConnection) -> anyhow::Result<()> {
    conn.execute(
        "CREATE TABLE bench_rows (LIKE approval_notifications INCLUDING ALL) WITH (fillfactor = 85);
         CREATE TABLE bench_attempts (LIKE notification_attempts INCLUDING ALL);
         CREATE INDEX bench_rows_due ON bench_rows (channel, due_at, id) WHERE status = 'pending'",
    )
    .await?;
    let waiting: String = sqlx::query_scalar(
        "SELECT indexname::text FROM pg_indexes WHERE tablename = 'bench_rows' AND indexdef LIKE '%(lane_id, due_at, id)%'",
    )
    .fetch_one(&mut *conn)
    .await?;
    conn.execute(sqlx::AssertSqlSafe(format!("DROP INDEX {waiting}"))).await?;
    Ok(())
}

/// Fills a table with what waits.
async fn fill(conn: &mut PgConnection, table: &str, shape: Shape) -> anyhow::Result<()> {
    conn.execute("TRUNCATE approval_notifications, notification_attempts, bench_rows, bench_attempts")
        .await?;
    sqlx::query(
        "INSERT INTO notification_lanes (workspace_id, channel, destination, due_at, floor_at, hold_until)
         SELECT w.id, 'email', 'bench-' || n, clock_timestamp(), 'epoch', 'epoch' FROM workspaces w, generate_series(1, $1) n
         ON CONFLICT (workspace_id, channel, destination) DO UPDATE
            SET due_at = excluded.due_at, floor_at = excluded.floor_at, hold_until = excluded.hold_until",
    )
    .bind(shape.lanes)
    .execute(&mut *conn)
    .await?;
    let statement = format!(
        "INSERT INTO {table} (id, workspace_id, approval_id, cause, channel, recipient, lane_id, due_at, give_up_at)
         SELECT gen_random_uuid(), l.workspace_id, gen_random_uuid(), 'requested', 'email', 'a@example.com', l.id,
                clock_timestamp() - make_interval(secs => 30 + 600 * ($1 - n)::double precision / $1),
                clock_timestamp() + interval '1 day'
           FROM generate_series(1, $1) n
           JOIN notification_lanes l ON l.destination = 'bench-' || (n % $2 + 1)"
    );
    sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(shape.rows)
        .bind(shape.lanes)
        .execute(&mut *conn)
        .await?;
    conn.execute("VACUUM ANALYZE approval_notifications, notification_lanes, bench_rows").await?;
    Ok(())
}

/// So many rows a second, leased one by one.
async fn by_rows(conn: &mut PgConnection, shape: Shape) -> anyhow::Result<Point> {
    fill(conn, "bench_rows", shape).await?;
    // As many at a time as the lanes give.
    let most = shape.leased * (i64::from(shape.rows / shape.lanes)).min(shape.batch);
    let begun = Instant::now();
    let mut count = 0;
    loop {
        let rows = sqlx::query(
            "WITH due AS MATERIALIZED (
                 SELECT workspace_id, id FROM bench_rows
                  WHERE channel = 'email' AND status = 'pending' AND due_at <= statement_timestamp()
                  ORDER BY due_at, id LIMIT $1 FOR UPDATE SKIP LOCKED)
             UPDATE bench_rows n SET due_at = clock_timestamp() + interval '1 min', attempts = n.attempts + 1
               FROM due d WHERE n.workspace_id = d.workspace_id AND n.id = d.id
             RETURNING n.id, n.workspace_id, n.approval_id, n.cause, n.level, n.version, n.recipient, n.principal_id",
        )
        .bind(most)
        .fetch_all(&mut *conn)
        .await?;
        if rows.is_empty() {
            break;
        }
        let ids: Vec<Uuid> = rows.iter().map(|row| row.get("id")).collect();
        let workspaces: Vec<Uuid> = rows.iter().map(|row| row.get("workspace_id")).collect();
        let tries: Vec<Uuid> = ids.iter().map(|_| Uuid::now_v7()).collect();
        sqlx::query(
            "WITH sent AS (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS x(workspace_id, id, try)),
                  tries AS (
                 INSERT INTO bench_attempts (id, notification_id, workspace_id, at, duration_ms, outcome, status_code)
                 SELECT s.try, s.id, s.workspace_id, clock_timestamp(), 1, 'sent', 250 FROM sent s)
             UPDATE bench_rows n SET status = 'sent', sent_at = clock_timestamp(), updated_at = clock_timestamp()
               FROM sent s WHERE n.workspace_id = s.workspace_id AND n.id = s.id",
        )
        .bind(&workspaces)
        .bind(&ids)
        .bind(&tries)
        .execute(&mut *conn)
        .await?;
        count += rows.len();
    }
    ensure!(count == usize::try_from(shape.rows)?, "{count} rows were sent");
    Ok(Point::rate(count, begun.elapsed()))
}

/// The same by the product's statements.
async fn by_lanes(conn: &mut PgConnection, shape: Shape) -> anyhow::Result<Point> {
    fill(conn, "approval_notifications", shape).await?;
    let begun = Instant::now();
    let mut count = 0;
    loop {
        let leases = lanes::lease(conn, Channel::Email, None, shape.leased, LEASE).await?;
        if leases.is_empty() {
            break;
        }
        let waiting = lanes::fetch(conn, &leases, shape.batch).await?;
        count += sent(conn, &leases, &waiting, shape.batch).await?;
    }
    ensure!(count == usize::try_from(shape.rows)?, "{count} rows were sent");
    Ok(Point::rate(count, begun.elapsed()))
}

/// Records that all of a turn was sent, and gives the lanes back. What is one too many of a lane says when it is due.
async fn sent(
    conn: &mut PgConnection,
    leases: &[Lease],
    waiting: &[Waiting],
    batch: i64,
) -> anyhow::Result<usize> {
    let (mut fates, mut handbacks) = (Vec::new(), Vec::new());
    for lease in leases {
        let mut own = waiting.iter().filter(|it| it.lane == lease.lane);
        fates.extend(own.by_ref().take(usize::try_from(batch)?).map(fate));
        let next = own.next().map(|it| it.due_at);
        handbacks.push(Handback {
            lease: lease.clone(),
            oldest: next,
            next_at: next,
            next_in: None,
            hold: Duration::ZERO,
            failures: 0,
            last_error: None,
            has_succeeded: true,
            has_failed: false,
        });
    }
    lanes::record(conn, &fates.iter().collect::<Vec<_>>(), &handbacks.iter().collect::<Vec<_>>()).await?;
    Ok(fates.len())
}

fn fate(it: &Waiting) -> Fate {
    let attempt = Attempt {
        id: Uuid::now_v7(),
        ago: Duration::from_millis(1),
        took: Duration::from_millis(1),
        outcome: TryResult::Sent,
        code: Some(250),
        answer: None,
    };
    Fate { counts: true, attempt: Some(attempt), ..Fate::untried(it, Status::Sent) }
}

/// What a fetch takes at first, and when so many rows were sent. A snapshot keeps all their versions, as a backup does.
async fn under_a_snapshot(
    cluster: &Cluster,
    conn: &mut PgConnection,
    rows: i32,
) -> anyhow::Result<(Point, Point)> {
    const BATCH: i64 = 50;
    let shape = Shape { lanes: 1, rows, leased: 1, batch: 500 };
    fill(conn, "approval_notifications", shape).await?;
    let mut backup = PgConnection::connect(&cluster.database_url).await?;
    backup.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM notification_lanes").await?;
    let (mut first, mut later) = (Samples::default(), Samples::default());
    let mut left = rows;
    while left > 0 {
        let leases = lanes::lease(conn, Channel::Email, None, 1, LEASE).await?;
        let lease = leases.first().context("the lane is not due")?;
        let samples = if left == rows {
            Some(&mut first)
        } else if left <= shape.batch.try_into()? {
            Some(&mut later)
        } else {
            None
        };
        if let Some(samples) = samples {
            for _ in 0..20 {
                let begun = Instant::now();
                let found = lanes::fetch(conn, std::slice::from_ref(lease), BATCH).await?;
                samples.push(begun.elapsed());
                ensure!(!found.is_empty(), "nothing waits");
            }
        }
        let waiting = lanes::fetch(conn, &leases, shape.batch).await?;
        left -= i32::try_from(sent(conn, &leases, &waiting, shape.batch).await?)?;
    }
    backup.execute("ROLLBACK").await?;
    backup.close().await?;
    Ok((first.point(), later.point()))
}
