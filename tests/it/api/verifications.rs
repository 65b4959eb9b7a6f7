//! Looking the record over by a call: what it finds, that there is one at a time, and that none is left hanging.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::{
    contract::g18_chain::all_linked,
    support::{
        Api, Cluster, Reply, Setup, TestDatabase, cluster::make_key, process::Process, unique, within,
    },
};

const VERIFICATIONS: &str = "/api/v1/audit/verifications";

async fn begin(api: &Api) -> Reply {
    Api::send(api.request(Method::POST, VERIFICATIONS)).await
}

async fn show(api: &Api, id: &str) -> Value {
    api.get(&format!("{VERIFICATIONS}/{id}")).await.expect(200).body
}

/// What came of it.
async fn ended(api: &Api, id: &str) -> Value {
    let found = tokio::sync::Mutex::new(Value::Null);
    within(Duration::from_secs(30), "it ends", || async {
        let shown = show(api, id).await;
        let is_over = shown["state"] != "running";
        *found.lock().await = shown;
        is_over
    })
    .await;
    found.into_inner()
}

/// Keeps those from going on who look the record over, for as long as it lives.
async fn hold_up(database: &TestDatabase) -> PgConnection {
    let mut conn = database.connect().await;
    sqlx::query("BEGIN").execute(&mut conn).await.unwrap();
    sqlx::query("LOCK TABLE audit_progress IN ACCESS EXCLUSIVE MODE").execute(&mut conn).await.unwrap();
    conn
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_whole_and_what_is_broken_is_told() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let auditor = cluster.api(0, &cluster.key("acme", "auditor", &["audit:view"]).await);
    let stranger = cluster.api(0, &cluster.key("evil", "auditor", &["audit:view"]).await);
    let member = cluster.api(0, &cluster.member("agent").await);
    member.post(VERIFICATIONS, &json!({})).await.problem(403, "forbidden");
    auditor.get(&format!("{VERIFICATIONS}/latest")).await.problem(404, "not_found");
    for _ in 0..5 {
        member.ask(json!({})).await;
    }
    all_linked(&cluster.database).await;
    let begun = begin(&auditor).await.expect(202);
    let id = begun.id();
    assert_eq!(begun.header("location"), format!("{VERIFICATIONS}/{id}"));
    assert_eq!((&begun.body["started_by"], &begun.body["found"]), (&json!("auditor"), &json!([])));
    let whole = ended(&auditor, &id).await;
    assert_eq!(
        (&whole["state"], &whole["findings"], &whole["broken_at"]),
        (&json!("whole"), &json!(0), &Value::Null)
    );
    let (walked, records) = (whole["walked"].as_i64().unwrap(), whole["records"].as_i64().unwrap());
    assert!(records > 5 && walked >= records, "{whole:#}");
    assert!(whole["finished_at"].is_string() && whole["failure"].is_null());
    assert_eq!(auditor.get(&format!("{VERIFICATIONS}/latest")).await.expect(200).body, whole);
    stranger.get(&format!("{VERIFICATIONS}/{id}")).await.problem(404, "not_found");
    stranger.get(&format!("{VERIFICATIONS}/latest")).await.problem(404, "not_found");

    // Of another workspace, what is broken here is no matter.
    let mut admin = cluster.database.connect().await;
    for statement in [
        "SET session_replication_role = replica",
        "UPDATE audit_log SET action = 'nothing' WHERE seq = (
             SELECT c.seq FROM audit_chain c JOIN workspaces w ON w.id = c.workspace_id
              WHERE w.name = 'acme' AND c.position = 4)",
    ] {
        sqlx::query(statement).execute(&mut admin).await.unwrap();
    }
    let broken = ended(&auditor, &begin(&auditor).await.expect(202).id()).await;
    assert_eq!((&broken["state"], &broken["broken_at"]), (&json!("broken"), &json!(4)), "{broken:#}");
    assert_eq!((&broken["found"][0]["kind"], &broken["findings"]), (&json!("edited"), &json!(1)));
    assert_eq!(ended(&stranger, &begin(&stranger).await.expect(202).id()).await["state"], "whole");
    // The last ones are kept, and no more.
    for _ in 0..10 {
        ended(&auditor, &begin(&auditor).await.expect(202).id()).await;
    }
    auditor.get(&format!("{VERIFICATIONS}/{id}")).await.problem(404, "not_found");
    let kept: Vec<i64> =
        sqlx::query_scalar("SELECT count(*) FROM audit_verifications GROUP BY workspace_id ORDER BY 1")
            .fetch_all(&mut admin)
            .await
            .unwrap();
    assert_eq!(kept, [1, 10]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_runs_at_a_time_and_a_drain_ends_it() {
    let cluster = Cluster::start().await;
    let key = cluster.key("acme", "auditor", &["audit:view"]).await;
    let (one, two) = (cluster.api(0, &key), cluster.api(1, &key));
    let holding = hold_up(&cluster.database).await;
    let id = begin(&one).await.expect(202).id();
    let again = begin(&two).await.expect(200);
    assert_eq!((again.id(), &again.body["state"]), (id.clone(), &json!("running")));
    // It waits for the lock when the instance goes.
    assert!(cluster.instances[0].app.drain().await, "the drain does not wait for it");
    let failed = show(&two, &id).await;
    assert_eq!((&failed["state"], &failed["findings"]), (&json!("failed"), &Value::Null), "{failed:#}");
    assert!(failed["failure"].as_str().unwrap().contains("went away"), "{failed:#}");
    holding.close().await.unwrap();
    assert_eq!(ended(&two, &begin(&two).await.expect(202).id()).await["state"], "whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_instance_was_killed_has_failed() {
    let database = TestDatabase::new().await;
    let (prefix, setup) = (
        unique("it"),
        Setup {
            flags: vec![("lease.heartbeat_seconds", "1".into()), ("lease.ttl_seconds", "3".into())],
            ..Setup::default()
        },
    );
    let mut dies = Process::start(&database, &prefix, &setup).await;
    let lives = Process::start(&database, &prefix, &setup).await;
    let key = make_key(&database, "acme", "auditor", &["audit:view"]).await;
    let (one, two) = (Api::new(&dies.url, &key), Api::new(&lives.url, &key));
    let holding = hold_up(&database).await;
    let id = begin(&one).await.expect(202).id();
    dies.kill();
    assert_eq!(show(&two, &id).await["state"], "running");
    let failed = ended(&two, &id).await;
    assert_eq!(
        (&failed["state"], &failed["failure"]),
        (&json!("failed"), &json!("the instance that ran it is gone"))
    );
    holding.close().await.unwrap();
    let next = begin(&two).await.expect(202).id();
    assert_eq!(ended(&two, &next).await["state"], "whole");
    assert_eq!(show(&two, &id).await["state"], "failed", "as it read before, it stays");
}
