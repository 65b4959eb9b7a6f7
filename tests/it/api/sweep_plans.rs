//! What the sweeps read where nothing is due: one entry of an index, however much is pending.

use signoff::store::{
    reminders,
    sweep::{self, Next},
};
use sqlx::{Connection, Executor, PgConnection};

use crate::support::{Api, Cluster, Setup};

/// As an instance's connections have them.
const SETTINGS: &str = "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan";

async fn entries(conn: &mut PgConnection) -> (i64, i64) {
    sqlx::query_as(
        "SELECT pg_stat_get_xact_tuples_returned('approval_requests_due'::regclass),
                pg_stat_get_xact_tuples_returned('approval_requests_reminders'::regclass)",
    )
    .fetch_one(conn)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_sweep_reads_one_row() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let agent: Api = cluster.api(0, &cluster.member("agent").await);
    // The plans are made while there is nothing, as an instance makes them that starts with an empty database.
    let mut conn = cluster.database.connect().await;
    conn.execute(SETTINGS).await.unwrap();
    assert_eq!(sweep::next_deadline(&mut conn).await.unwrap(), Next::None);
    assert_eq!(reminders::next(&mut conn).await.unwrap(), Next::None);
    let body = serde_json::json!({ "timeout_seconds": 86_400, "remind_before_seconds": [60] });
    agent.ask(body).await;
    let mut other = cluster.database.connect().await;
    other.execute(
        "INSERT INTO approval_requests (id, workspace_id, run_id, task_id, approval_type, context, policy,
                timeout_action, metadata, requested_by, requested_by_name, created_at, updated_at, expires_at, remind_at)
         SELECT gen_random_uuid(), workspace_id, run_id, task_id, approval_type, context, policy, timeout_action,
                metadata, requested_by, requested_by_name, created_at, updated_at, expires_at + n * interval '1 s',
                remind_at + n * interval '1 s'
           FROM approval_requests, generate_series(1, 5000) AS n",
    )
    .await
    .unwrap();
    let mut transaction = conn.begin().await.unwrap();
    let before = entries(&mut transaction).await;
    assert!(matches!(sweep::next_deadline(&mut transaction).await.unwrap(), Next::In(_)));
    assert!(matches!(reminders::next(&mut transaction).await.unwrap(), Next::In(_)));
    let after = entries(&mut transaction).await;
    let read = (after.0 - before.0, after.1 - before.1);
    assert_eq!(read, (1, 1));
}
