//! G18: nothing that anybody writes stops linking unseen: it goes on, or it is told that it doesn't.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, Executor, PgConnection};
use tokio::sync::Mutex;

use super::{g18_chain::all_linked, g18_ledger::Ledger};
use crate::support::{Cluster, eventually};

const ADD: &str = "INSERT INTO audit_log (workspace_id, at, action, via, detail)
    SELECT id, clock_timestamp(), 'test', 'human', '{}' FROM workspaces WHERE name = 'acme'";

async fn sql(conn: &mut PgConnection, sql: &str) {
    conn.execute(AssertSqlSafe(sql.to_owned())).await.unwrap_or_else(|it| panic!("{sql}: {it}"));
}

/// Two instances, and a chain in acme.
async fn cluster() -> (Cluster, PgConnection) {
    let cluster = Cluster::start().await;
    cluster.key("acme", "agent", &[]).await;
    all_linked(&cluster.database).await;
    let conn = cluster.database.connect().await;
    (cluster, conn)
}

/// What is noted of how far linking has come can be anything.
#[tokio::test(flavor = "multi_thread")]
async fn g18_no_note_stops_linking() {
    let (cluster, mut conn) = cluster().await;
    for note in [
        "chainer = 'x', at = 'infinity'",
        "chainer = 'x', at = clock_timestamp() + interval '1 hour'",
        "complete = 9223372036854775807",
        "candidate = 9223372036854775807",
        "complete = 9223372036854775807, candidate = 9223372036854775807, horizon = 9223372036854775807",
        "complete = 0, candidate = 0",
    ] {
        sql(&mut conn, &format!("UPDATE audit_progress SET {note}")).await;
        sql(&mut conn, ADD).await;
        all_linked(&cluster.database).await;
    }
}

/// Whoever says that he links, or holds the lock, and doesn't: the other instances' metrics tell.
#[tokio::test(flavor = "multi_thread")]
async fn g18_who_stands_back_tells_what_waits() {
    let (cluster, mut conn) = cluster().await;
    let lag = async || {
        let [one, other] = &cluster.instances[..] else { panic!("two instances") };
        let (lag, unlinked) = ("signoff_audit_lag_seconds", "signoff_audit_unlinked");
        let lags = (one.metric(lag).await, other.metric(lag).await);
        let unlinked = (one.metric(unlinked).await, other.metric(unlinked).await);
        (lags.0.min(lags.1), lags.0.max(lags.1), unlinked.0.min(unlinked.1))
    };
    let holds = "SELECT pg_advisory_lock(7303)";
    let says = "UPDATE audit_progress SET chainer = 'x', at = clock_timestamp()";
    for (hold, release) in [(holds, "SELECT pg_advisory_unlock(7303)"), (says, "SELECT 1")] {
        let holder = Arc::new(Mutex::new(cluster.database.connect().await));
        sql(&mut *holder.lock().await, hold).await;
        sql(&mut conn, ADD).await;
        eventually("both instances tell that a record waits", || async {
            if hold == says {
                sql(&mut *holder.lock().await, says).await;
            }
            let (least, _, unlinked) = lag().await;
            least > 1.0 && unlinked >= 1.0
        })
        .await;
        sql(&mut *holder.lock().await, release).await;
        all_linked(&cluster.database).await;
        // A round that does nothing says so.
        eventually("nothing waits any more", || async { lag().await.1 < 1.0 }).await;
    }
}

/// Records that nobody links are a finding, but not in the moments that linking takes.
#[tokio::test(flavor = "multi_thread")]
async fn g18_what_waits_for_long_is_named() {
    let mut ledger = Ledger::new().await;
    let next = ledger.end + 1;
    for _ in 0..2 {
        ledger.sql(ADD).await;
    }
    assert_eq!(ledger.verify(&[]).await, (0, vec![]));
    for at in ["clock_timestamp() - interval '61 seconds'", "clock_timestamp() + interval '61 seconds'"] {
        ledger.sql(&ADD.replace("clock_timestamp()", at)).await;
    }
    assert_eq!(ledger.verify(&[]).await, (1, vec![format!("unlinked at {next}")]));
    assert_eq!(ledger.verify(&["--workspace", "other"]).await, (0, vec![]));
    super::g18_chain::link(&ledger.cluster.database).await;
    assert_eq!(ledger.verify(&[]).await, (0, vec![]));
}
