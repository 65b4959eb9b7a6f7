//! G1: what was acknowledged is committed.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use serde_json::json;

use crate::support::{
    Api, Cluster, Setup, TestDatabase, cluster::make_key, eventually, process::Process, unique,
};

/// Decides as fast as it can while the instance is killed, and then looks for every decision that got a 200.
#[tokio::test(flavor = "multi_thread")]
async fn g01_acknowledged_decisions_survive_kill_9() {
    let database = TestDatabase::new().await;
    let (prefix, setup) = (unique("it"), Setup::default());
    let asker = make_key(&database, "acme", "agent", &["workspace:admin"]).await;
    let ana = make_key(&database, "acme", "ana", &["approval:approve"]).await;
    let survivor = Process::start(&database, &prefix, &setup).await;
    let mut victim = Process::start(&database, &prefix, &setup).await;

    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let over = Arc::new(AtomicBool::new(false));
    let workers: Vec<_> = (0..8)
        .map(|_| {
            let (ask, decide) = (Api::new(&survivor.url, &asker), Api::new(&victim.url, &ana));
            let (acknowledged, over) = (acknowledged.clone(), over.clone());
            tokio::task::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    let id = ask.ask(json!({})).await;
                    let request = decide
                        .request(reqwest::Method::POST, &format!("/api/v1/approvals/{id}/approve"))
                        .json(&json!({}));
                    match Api::try_send(request).await {
                        Ok(reply) => {
                            reply.expect(200);
                            acknowledged.lock().unwrap().push(id);
                        }
                        Err(_) => return,
                    }
                }
            })
        })
        .collect();
    eventually("some decisions are acknowledged", || async { acknowledged.lock().unwrap().len() > 100 })
        .await;
    victim.kill();
    over.store(true, Ordering::Relaxed);
    for worker in workers {
        worker.await.unwrap();
    }

    let api = Api::new(&survivor.url, &asker);
    let acknowledged = acknowledged.lock().unwrap().clone();
    for id in acknowledged {
        let approval = api.show(&id).await.expect(200).body;
        assert_eq!(approval["resolution"], "approved", "an acknowledged decision is gone: {approval}");
    }
}

/// Whatever the database's or the role's default is, our commits wait for the disk.
#[tokio::test]
async fn g01_commits_are_synchronous_whatever_the_default() {
    let database = TestDatabase::new().await;
    let mut admin = database.connect().await;
    let lax = format!("ALTER DATABASE {} SET synchronous_commit = off", database.name);
    sqlx::query(sqlx::AssertSqlSafe(lax)).execute(&mut admin).await.unwrap();
    let cluster = Cluster::on(database, Setup { instances: 1, ..Setup::default() }).await;
    for pool in cluster.instances[0].app.database.pools() {
        let mut conn = pool.checkout().await.unwrap();
        let setting: String =
            sqlx::query_scalar("SHOW synchronous_commit").fetch_one(&mut *conn).await.unwrap();
        assert_eq!(setting, "on", "in the pool {}", pool.name());
        conn.done();
    }
}
