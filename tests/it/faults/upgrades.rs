//! Rolling upgrades: this binary next to a newer schema, and migrations that go both ways.

use serde_json::json;
use sqlx::{Connection, Executor};

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

/// A backup reads tables for half an hour. A migration doesn't make everything wait behind it for as long.
#[tokio::test(flavor = "multi_thread")]
async fn a_migration_waits_for_no_backup() {
    let database = TestDatabase::new().await;
    let environment = [
        ("SIGNOFF_DATABASE_URL", database.url.as_str()),
        ("SIGNOFF_DATABASE_OWNER_URL", database.admin_url.as_str()),
    ];
    let steps =
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM _sqlx_migrations WHERE version >= 20261128000000")
            .fetch_one(&mut database.connect().await)
            .await
            .unwrap()
            .to_string();
    let down = signoff(&["migrate", "down", "--steps", &steps], &environment).await;
    assert_eq!(down.status.code(), Some(0));
    let mut backup = database.connect().await;
    let mut reading = backup.begin().await.unwrap();
    reading
        .execute("LOCK TABLE approval_requests, principals, idempotency_keys IN ACCESS SHARE MODE")
        .await
        .unwrap();
    let up = signoff(&["migrate", "up"], &environment).await;
    let said = String::from_utf8(up.stderr).unwrap();
    assert!(up.status.code() == Some(14) && said.contains("in use"), "{said}");
    // What comes after finds the table free.
    let mut conn = database.connect().await;
    conn.execute("SET lock_timeout = '2s'; SELECT count(*) FROM idempotency_keys").await.unwrap();
    reading.rollback().await.unwrap();
    assert_eq!(signoff(&["migrate", "up"], &environment).await.status.code(), Some(0));
}

/// Each migration of a table that may be in use has a limit of its own, for by hand there is none.
#[test]
fn migrations_wait_for_locks_for_a_moment_only() {
    let mut looked_at = 0;
    for entry in std::fs::read_dir("migrations").unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        // The first ones made the tables.
        if !name.ends_with(".up.sql") || name.as_str() < "20261128" {
            continue;
        }
        if ["ALTER TABLE", "CREATE POLICY", "CREATE TRIGGER"].iter().any(|words| text.contains(words)) {
            assert!(text.contains("SET LOCAL lock_timeout = '2s';"), "{name}");
            looked_at += 1;
        }
    }
    assert!(looked_at > 3);
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
