//! Where Postgres' time goes: what the statements of each part take for 1,000 approvals that are asked for and decided.
//!
//! Postgres counts by itself, with `pg_stat_statements`, which `./dev bench` loads where it is installed. It is switched
//! on for this measurement alone. Its times are of the clock: on busy cores they include waiting for one.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, ensure};
use sqlx::{Connection, Executor, PgConnection};
use tokio::time::{sleep, timeout};

use super::{
    Extent,
    cluster::Cluster,
    figures::{Point, Report, Track, Unit},
    load::{LANES, ask},
    throughput,
};

/// How many statements are shown, and how many characters of each.
const DEAREST: usize = 20;
const WORDS: usize = 120;
/// Longest that what works behind the outcomes may take to come to their end.
const BEHIND: Duration = Duration::from_mins(5);

pub async fn measure(cluster: &Cluster, extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    let mut conn = PgConnection::connect(&cluster.database_url).await?;
    let preloaded: String =
        sqlx::query_scalar("SELECT current_setting('shared_preload_libraries')").fetch_one(&mut conn).await?;
    if !preloaded.contains("pg_stat_statements") {
        report.not_run("cost", "Postgres was started without pg_stat_statements");
        return Ok(());
    }
    conn.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements").await?;
    let count = LANES * extent.pick(400, 100);
    let mut parts: BTreeMap<&'static str, Track> = BTreeMap::new();
    let mut dearest = Vec::new();
    for _ in 0..extent.rounds {
        caught_up(&mut conn).await?;
        track(&mut conn, true).await?;
        let ids = ask(cluster.b.http, &cluster.agent, count).await?;
        throughput::decide(cluster, &[&cluster.b], ids).await?;
        caught_up(&mut conn).await?;
        let statements = statements(&mut conn).await?;
        track(&mut conn, false).await?;
        #[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
        let thousands = count as f64 / 1e3;
        for (part, milliseconds) in by_part(&statements)? {
            parts.entry(part).or_default().push(Point::single(milliseconds / thousands, count));
        }
        dearest = statements.iter().take(DEAREST).map(|it| it.line(thousands)).collect();
    }
    eprintln!("  The dearest statements of the last round, for 1,000 approvals:");
    for line in dearest {
        eprintln!("    {line}");
    }
    for (part, track) in parts {
        report.add(&format!("Postgres for 1,000 approvals: {part}"), Unit::Milliseconds, &track, None);
    }
    conn.close().await?;
    Ok(())
}

/// Starts counting anew, or stops. All sessions hear of it with their next statement.
async fn track(conn: &mut PgConnection, on: bool) -> anyhow::Result<()> {
    let setting = if on { "top" } else { "none" };
    conn.execute(sqlx::AssertSqlSafe(format!("ALTER SYSTEM SET pg_stat_statements.track = '{setting}'")))
        .await?;
    conn.execute("SELECT pg_reload_conf(), pg_stat_statements_reset()").await?;
    Ok(())
}

/// Waits until the index of terms, the chain and the notifications have what happened so far.
async fn caught_up(conn: &mut PgConnection) -> anyhow::Result<()> {
    let settled = async {
        loop {
            let left: i64 = sqlx::query_scalar(
                "SELECT (SELECT count(*) FROM approval_requests a WHERE a.resolved_at IS NOT NULL
                            AND NOT EXISTS (SELECT FROM approval_search s WHERE s.approval_id = a.id))
                      + (SELECT count(*) FROM notification_causes WHERE due_at <= now())",
            )
            .fetch_one(&mut *conn)
            .await?;
            if left == 0 {
                return anyhow::Ok(());
            }
            sleep(Duration::from_millis(500)).await;
        }
    };
    timeout(BEHIND, settled).await.context("what works behind the outcomes does not come to their end")?
}

/// What Postgres counted of one statement.
#[derive(sqlx::FromRow)]
struct Statement {
    role: String,
    text: String,
    calls: i64,
    milliseconds: f64,
}

impl Statement {
    /// Its time and calls for a thousand approvals, its role, and its first words.
    fn line(&self, thousands: f64) -> String {
        #[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
        let calls = self.calls as f64 / thousands;
        let words: String =
            self.text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(WORDS).collect();
        format!("{:7.1} ms {calls:6.1} × {:15} {words}", self.milliseconds / thousands, self.role)
    }
}

/// All statements, the dearest first.
async fn statements(conn: &mut PgConnection) -> anyhow::Result<Vec<Statement>> {
    let statements = sqlx::query_as(
        "SELECT r.rolname::text AS role, s.query AS text, s.calls, s.total_exec_time AS milliseconds
           FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
          WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
          ORDER BY s.total_exec_time DESC",
    );
    Ok(statements.fetch_all(conn).await?)
}

/// Milliseconds by part.
fn by_part(statements: &[Statement]) -> anyhow::Result<BTreeMap<&'static str, f64>> {
    let mut parts = BTreeMap::new();
    for it in statements {
        *parts.entry(part_of(&it.role, &it.text)).or_insert(0.0) += it.milliseconds;
    }
    ensure!(parts.contains_key("deciding"), "no statement that decides is among {}", statements.len());
    Ok(parts)
}

/// Which part of the product a statement belongs to: by the role that runs it, and by the tables that it names.
fn part_of(role: &str, text: &str) -> &'static str {
    let names = |table: &str| text.contains(table);
    match role {
        "signoff_commit" if names("INSERT INTO approval_requests") => "creating",
        "signoff_commit" if names("UPDATE approval_requests") => "deciding",
        "signoff_commit" => "reading what is to be decided",
        "signoff_read" => "reading for who waits and looks",
        "signoff_notify" => "notifying",
        "signoff_work" if names("approval_search") => "the index of terms",
        "signoff_work" if names("audit_") => "the chain of the record",
        "signoff_work" => "sweeps, leases and upkeep",
        _ => "credentials, sessions and the rest",
    }
}
