//! The indexer: whatever ends is found in the index soon, whoever wrote it and in whatever order.

use serde_json::json;
use signoff::store::search_index::{self, Pass};
use sqlx::{Connection, Executor, PgConnection};

use crate::support::{Cluster, Setup, TestDatabase, ended, eventually};

async fn indexed(conn: &mut PgConnection) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM approval_search").fetch_one(conn).await.unwrap()
}

async fn workspace(conn: &mut PgConnection) -> uuid::Uuid {
    sqlx::query_scalar("INSERT INTO workspaces (id, name) VALUES (gen_random_uuid(), 'acme') RETURNING id")
        .fetch_one(conn)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_follows_by_itself() {
    let cluster = Cluster::start().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    for _ in 0..30 {
        ana.approve(&agent.ask(json!({})).await).await.expect(200);
    }
    let mut conn = cluster.database.connect().await;
    let acme = ended::workspace(&mut conn, "acme").await;
    // What was imported, too.
    ended::add(&mut conn, acme, 700, "'x'").await;
    eventually("all of it is indexed", || async {
        indexed(&mut cluster.database.connect().await).await == 730
    })
    .await;
    let behind = cluster.instances[0].metric("signoff_search_behind_seconds").await;
    assert!(behind >= 0.0);
}

/// The mark doesn't pass what somebody is about to commit.
#[tokio::test]
async fn it_waits_for_imports() {
    let database = TestDatabase::new().await;
    let (mut importer, mut conn) = (database.connect().await, database.connect().await);
    let workspace = workspace(&mut conn).await;
    ended::index(&mut conn).await;
    for _ in 0..3 {
        let before = indexed(&mut conn).await;
        let mut transaction = importer.begin().await.unwrap();
        ended::add(&mut transaction, workspace, 50, "'x'").await;
        assert!(search_index::index(&mut conn, &mut Pass::default(), (100, 100)).await.unwrap().is_none());
        transaction.commit().await.unwrap();
        ended::index(&mut conn).await;
        assert_eq!(indexed(&mut conn).await, before + 50);
    }
    // What is moved into the past is indexed anew, at its new place.
    sqlx::query("UPDATE approval_requests SET resolved_at = resolved_at - interval '3 days'")
        .execute(&mut conn)
        .await
        .unwrap();
    assert_eq!(indexed(&mut conn).await, 0);
    ended::index(&mut conn).await;
    let in_place: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM approval_search s JOIN approval_requests a
             ON a.id = s.approval_id AND a.resolved_at = s.resolved_at",
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    assert_eq!(in_place, 150);
}

/// More outcomes of one moment than are looked at in one step.
#[tokio::test]
async fn it_gets_past_any_number_of_one_moment() {
    let database = TestDatabase::new().await;
    let mut conn = database.connect().await;
    let workspace = workspace(&mut conn).await;
    ended::add(&mut conn, workspace, 1_000, "'x'").await;
    sqlx::query("UPDATE approval_requests SET resolved_at = '2026-01-01T00:00:00Z'")
        .execute(&mut conn)
        .await
        .unwrap();
    let mut steps = 0;
    let mut pass = Pass::default();
    while search_index::index(&mut conn, &mut pass, (100, 30)).await.unwrap().unwrap().more {
        steps += 1;
        assert!(steps < 100, "it doesn't get on");
    }
    assert_eq!(indexed(&mut conn).await, 1_000);
    // With all of them indexed, and the mark before them, it gets past them, too.
    sqlx::query("UPDATE approval_search_progress SET resolved_at = '1970-01-01T00:00:00Z'")
        .execute(&mut conn)
        .await
        .unwrap();
    steps = 0;
    let mut pass = Pass::default();
    while search_index::index(&mut conn, &mut pass, (100, 30)).await.unwrap().unwrap().more {
        steps += 1;
        assert!(steps < 20, "it doesn't get on");
    }
}

/// Behind a burst, a step reads the outcomes that it indexes, and not all that are left.
#[tokio::test]
async fn it_reads_no_more_than_it_indexes() {
    let database = TestDatabase::new().await;
    let mut conn = database.connect().await;
    let workspace = workspace(&mut conn).await;
    ended::add(&mut conn, workspace, 2_000, "'x'").await;
    let mut pass = Pass::default();
    // As instances do.
    conn.execute("SET enable_seqscan = off; ANALYZE approval_requests").await.unwrap();
    let mut begun = conn.begin().await.unwrap();
    for _ in 0..5 {
        assert!(search_index::index(&mut begun, &mut pass, (2_000, 50)).await.unwrap().unwrap().more);
    }
    assert_eq!(indexed(&mut begun).await, 250);
    let read: i64 =
        sqlx::query_scalar("SELECT pg_stat_get_xact_tuples_returned('approval_requests_ended'::regclass)")
            .fetch_one(&mut *begun)
            .await
            .unwrap();
    assert!((250..300).contains(&read), "{read} were looked at for 250");
    // What is indexed already is passed over in few steps.
    sqlx::query("UPDATE approval_search_progress SET resolved_at = '1970-01-01T00:00:00Z'")
        .execute(&mut *begun)
        .await
        .unwrap();
    let (mut pass, mut steps) = (Pass::default(), 0);
    while indexed(&mut begun).await == 250 {
        search_index::index(&mut begun, &mut pass, (2_000, 50)).await.unwrap().unwrap();
        steps += 1;
    }
    assert!(steps <= 4, "{steps} steps");
}

/// A pass goes on where its last step stopped, unless somebody has written behind that meanwhile.
#[tokio::test]
async fn it_turns_back_for_imports() {
    let database = TestDatabase::new().await;
    let mut conn = database.connect().await;
    let workspace = workspace(&mut conn).await;
    ended::add(&mut conn, workspace, 300, "'x'").await;
    let mut pass = Pass::default();
    for _ in 0..4 {
        assert!(search_index::index(&mut conn, &mut pass, (60, 30)).await.unwrap().unwrap().more);
    }
    let before = indexed(&mut conn).await;
    assert!((60..300).contains(&before), "{before}");
    sqlx::query(
        "UPDATE approval_requests SET resolved_at = resolved_at - interval '9 days'
          WHERE id IN (SELECT approval_id FROM approval_search LIMIT 40)",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    let mut steps = 0;
    while search_index::index(&mut conn, &mut pass, (60, 30)).await.unwrap().unwrap().more {
        steps += 1;
        assert!(steps < 40, "it doesn't get on");
    }
    assert_eq!(indexed(&mut conn).await, 300);
}

/// Several instances at once, and approvals that are deleted meanwhile: no doubles, no leftovers, no failures.
#[tokio::test(flavor = "multi_thread")]
async fn many_at_once() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    cluster.member("agent").await;
    let mut conn = cluster.database.connect().await;
    let acme = ended::workspace(&mut conn, "acme").await;
    ended::add(&mut conn, acme, 3_000, "'x'").await;
    let mut tasks = Vec::new();
    for _ in 0..3 {
        let mut conn = cluster.database.connect().await;
        tasks.push(tokio::task::spawn(async move {
            let mut pass = Pass::default();
            while search_index::index(&mut conn, &mut pass, (500, 50)).await.unwrap().is_none_or(|it| it.more)
            {
            }
        }));
    }
    for _ in 0..20 {
        sqlx::query("DELETE FROM approval_requests WHERE id IN (SELECT id FROM approval_requests ORDER BY random() LIMIT 50)")
            .execute(&mut conn)
            .await
            .unwrap();
    }
    for task in tasks {
        task.await.unwrap();
    }
    ended::index(&mut conn).await;
    assert_eq!(indexed(&mut conn).await, 2_000);
}
