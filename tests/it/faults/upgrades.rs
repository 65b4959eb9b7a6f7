//! Rolling upgrades: this binary next to a newer schema, and migrations that go both ways.

use serde_json::json;
use sqlx::Executor;

use crate::support::{Cluster, Setup, TestDatabase, process::signoff};

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_is_tolerated() {
    let cluster = Cluster::start().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let id = asker.ask(json!({})).await;
    // A later migration adds a column while we run: plans that name their columns go on.
    let mut conn = cluster.database.connect().await;
    conn.execute("ALTER TABLE approval_requests ADD COLUMN from_the_future text").await.unwrap();
    conn.execute(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (29990101000000, 'from the future', true, '\\x00', 0)",
    )
    .await
    .unwrap();
    ana.approve(&id).await.expect(200);
    assert_eq!(asker.wait(&id, 5).await.expect(200).body["status"], "resolved");
    // And we start next to it.
    let Cluster { database, instances, .. } = cluster;
    for instance in instances {
        instance.app.drain().await;
    }
    let again = Cluster::on(database, Setup { instances: 1, ..Setup::default() }).await;
    let asker = again.api(0, &again.member("agent").await);
    asker.ask(json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_go_up_and_down() {
    let database = TestDatabase::new().await;
    let environment = [
        ("SIGNOFF_DATABASE_URL", database.url.as_str()),
        ("SIGNOFF_DATABASE_OWNER_URL", database.admin_url.as_str()),
    ];
    let run = async |arguments: &[&str]| {
        let output = signoff(arguments, &environment).await;
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), text)
    };
    assert_eq!(run(&["migrate", "status"]).await.0, 0);
    assert_eq!(run(&["migrate", "down", "--steps", "100"]).await.0, 0);
    let (code, text) = run(&["migrate", "status"]).await;
    assert!(code == 14 && text.contains("missing"), "{text}");
    // A server says what to do.
    let (code, text) = run(&["serve", "--listen", "127.0.0.1:0", "--set", "operator.listen="]).await;
    assert!(code == 14 && text.contains("signoff migrate up"), "{text}");
    assert_eq!(run(&["migrate", "up"]).await.0, 0);
    assert_eq!(run(&["migrate", "up"]).await.0, 0);
    assert_eq!(run(&["migrate", "status"]).await.0, 0);
}
