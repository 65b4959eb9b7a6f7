//! A primary that is demoted under us: it still answers, but takes no writes.

use std::time::Duration;

use serde_json::json;

use crate::support::{Cluster, Setup, within};

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_server_is_noticed_and_left() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let id = asker.ask(json!({})).await;
    let mut admin = cluster.database.connect().await;
    let mut set = async |what: &str| {
        let sql = format!("ALTER DATABASE {} {what}", cluster.database.name);
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut admin).await.unwrap();
        // Existing sessions keep what they began with, as they do on a server that was promoted or demoted.
        sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
            .execute(&mut admin)
            .await
            .unwrap();
    };
    set("SET default_transaction_read_only = on").await;
    let ready = || async {
        crate::support::client::get(format!("{}/readyz", cluster.instances[0].url))
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    within(Duration::from_secs(10), "it is not ready", || async { ready().await == 503 }).await;
    ana.approve(&id).await.problem(503, "unavailable");

    // Connections that were opened while it was read-only are pinned to that; they must go.
    let sql = format!("ALTER DATABASE {} RESET default_transaction_read_only", cluster.database.name);
    let mut writer = cluster.database.connect().await;
    sqlx::query("SET default_transaction_read_only = off").execute(&mut writer).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut writer).await.unwrap();
    within(Duration::from_secs(30), "it is ready again", || async { ready().await == 200 }).await;
    assert_eq!(ana.approve(&id).await.expect(200).body["changed"], true);
}
