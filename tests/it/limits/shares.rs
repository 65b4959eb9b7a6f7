//! One workspace asks for as much as it can, with limits as they come: its neighbours decide, list and sign in all the
//! same.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::{counting, limit, look};
use crate::support::{Api, Cluster, Reply, Setup, eventually};

async fn one(flags: Vec<(&'static str, String)>) -> Cluster {
    Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await
}

/// A hostile member of one workspace, and a member of another.
async fn neighbours(cluster: &Cluster) -> (Api, Api) {
    let (theirs, ours) = (cluster.key("evil", "mallory", &[]).await, cluster.member("ana").await);
    let (theirs, ours) = (cluster.api(0, &theirs), cluster.api(0, &ours));
    for api in [&theirs, &ours] {
        look(api).await.expect(200);
    }
    (theirs, ours)
}

/// Somebody else of the same two workspaces, who asks: nobody decides their own.
async fn askers(cluster: &Cluster) -> (Api, Api) {
    let (theirs, ours) = (cluster.key("evil", "bot", &[]).await, cluster.member("agent").await);
    (cluster.api(0, &theirs), cluster.api(0, &ours))
}

/// Takes a table for itself: who needs it waits, for two seconds at most.
async fn lock<'a>(conn: &'a mut PgConnection, table: &str) -> sqlx::Transaction<'a, sqlx::Postgres> {
    let mut transaction = conn.begin().await.unwrap();
    let lock = format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
    sqlx::query(AssertSqlSafe(lock)).execute(&mut *transaction).await.unwrap();
    transaction
}

/// The same call over and over, so many at once, until this is dropped.
struct Flood(Vec<JoinHandle<()>>);

impl Flood {
    fn of<F: Future<Output = Reply> + Send + 'static>(
        count: usize,
        call: impl Fn() -> F + Clone + Send + Sync + 'static,
    ) -> Self {
        let again = move || {
            let call = call.clone();
            tokio::spawn(async move {
                loop {
                    call().await;
                }
            })
        };
        Self(std::iter::repeat_with(again).take(count).collect())
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

/// Sessions of ours that wait for a lock.
async fn waiting_for_locks(conn: &mut PgConnection) -> i64 {
    sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    )
    .fetch_one(conn)
    .await
    .unwrap()
}

/// Eight hundred commands are queued before ours, and it is done long before they are.
#[tokio::test(flavor = "multi_thread")]
async fn bulk_calls_of_one_workspace_are_not_waited_for_by_the_others() {
    let cluster = one(Vec::new()).await;
    let (theirs, ours) = neighbours(&cluster).await;
    let (their_agent, our_agent) = askers(&cluster).await;
    let model = their_agent.ask(json!({ "context": { "text": "x".repeat(20_000) } })).await;
    let mut conn = cluster.database.connect().await;
    let queued = async || cluster.instances[0].metric("signoff_queue_length{queue=\"decide\"}").await;
    // Theirs may be done before our one call has arrived: then it has shown nothing, and it is tried again.
    let mut rounds = 0;
    loop {
        rounds += 1;
        let id = our_agent.ask(json!({})).await;
        // As the caller would make them, in less time.
        let ids: Vec<Uuid> = sqlx::query_scalar(
            "INSERT INTO approval_requests SELECT (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid()))).*
               FROM approval_requests a, generate_series(1, 800) WHERE a.id = $1::uuid RETURNING id",
        )
        .bind(&model)
        .fetch_all(&mut conn)
        .await
        .unwrap();
        let bulk = |ids: &[Uuid]| {
            let (api, body) = (theirs.clone(), json!({ "ids": ids, "action": "approve" }));
            tokio::spawn(async move { api.post("/api/v1/approvals/bulk", &body).await })
        };
        let bulks: Vec<_> = ids.chunks(200).map(bulk).collect();
        eventually("theirs are queued", || async { queued().await > 300.0 }).await;
        assert_eq!(ours.approve(&id).await.expect(200).body["changed"], true);
        let was_first = queued().await > 0.0 || bulks.iter().any(|bulk| !bulk.is_finished());
        for bulk in bulks {
            bulk.await.unwrap().expect(200);
        }
        if was_first {
            break;
        }
        assert!(rounds < 5, "ours was the last, each time");
    }
}

/// A queue of eight places, and a workspace that sends more than it may queue, all the time: another workspace is never
/// told that the queue is full.
#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_one_workspace_fills_has_places_for_the_others() {
    let cluster = one(vec![("limits.max_queued", "8".to_owned())]).await;
    let (theirs, ours) = neighbours(&cluster).await;
    let mut conn = cluster.database.connect().await;
    // An attempt that waits for the lock for too long is told so. Then it has shown nothing, and it is tried again.
    for _ in 0..5 {
        let transaction = lock(&mut conn, "workflow_runs").await;
        let refused = Arc::new(AtomicUsize::new(0));
        let (flooding, counted) = (theirs.clone(), refused.clone());
        let flood = Flood::of(40, move || {
            let (api, refused) = (flooding.clone(), counted.clone());
            async move {
                let reply = api.create(json!({})).await;
                if reply.status == 503 && reply.code() == "overloaded" {
                    refused.fetch_add(1, Ordering::Relaxed);
                }
                reply
            }
        });
        let more_are_refused = async || {
            let before = refused.load(Ordering::Relaxed);
            eventually("theirs are refused", || async { refused.load(Ordering::Relaxed) > before + 40 })
                .await;
        };
        more_are_refused().await;
        let few: Vec<_> = (0..2)
            .map(|_| {
                let api = ours.clone();
                tokio::spawn(async move { api.create(json!({})).await })
            })
            .collect();
        more_are_refused().await;
        transaction.rollback().await.unwrap();
        let replies: Vec<_> = join_all(few).await.into_iter().map(Result::unwrap).collect();
        drop(flood);
        for reply in &replies {
            assert_ne!(reply.code(), "overloaded", "{reply:?}");
        }
        if replies.iter().all(|reply| reply.status == 201) {
            return;
        }
    }
    panic!("ours waited for the lock for too long, each time");
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_lists_of_one_workspace_keep_nobody_from_listing_or_signing_in() {
    let cluster = one(Vec::new()).await;
    let (theirs, ours) = neighbours(&cluster).await;
    let (mut conn, mut watching) = (cluster.database.connect().await, cluster.database.connect().await);
    let transaction = lock(&mut conn, "browser_sessions").await;
    let flooding = theirs.clone();
    let flood = Flood::of(40, move || {
        let api = flooding.clone();
        async move { api.get("/api/v1/browser-sessions").await }
    });
    let watching = tokio::sync::Mutex::new(&mut watching);
    eventually("all that may, wait", || async { waiting_for_locks(*watching.lock().await).await >= 2 }).await;
    for _ in 0..5 {
        look(&ours).await.expect(200);
        ours.get("/auth/session").await.expect(200);
        ours.get("/api/v1/approvals/history?limit=1").await.expect(200);
    }
    drop(flood);
    transaction.rollback().await.unwrap();
    theirs.get("/api/v1/browser-sessions").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_tickets_of_one_workspace_keep_nobodys_credential_from_being_looked_at() {
    let cluster = one(Vec::new()).await;
    let (theirs, _) = neighbours(&cluster).await;
    let mut conn = cluster.database.connect().await;
    let mut fresh = Vec::new();
    for number in 0..5 {
        fresh.push(cluster.api(0, &cluster.member(&format!("ana{number}")).await));
    }
    let transaction = lock(&mut conn, "ws_tickets").await;
    let flood = Flood::of(40, move || {
        let api = theirs.clone();
        async move { api.post("/api/v1/ws-tickets", &json!({})).await }
    });
    let mut watching = cluster.database.connect().await;
    let watching = tokio::sync::Mutex::new(&mut watching);
    eventually("all that may, wait", || async { waiting_for_locks(*watching.lock().await).await >= 1 }).await;
    for api in fresh {
        look(&api).await.expect(200);
    }
    drop(flood);
    transaction.rollback().await.unwrap();
}

/// Rows that somebody holds are waited for in a few places; one workspace has not all of them.
#[tokio::test(flavor = "multi_thread")]
async fn held_rows_of_one_workspace_keep_nobody_from_deciding() {
    let cluster = one(Vec::new()).await;
    let (theirs, ours) = neighbours(&cluster).await;
    let (their_agent, our_agent) = askers(&cluster).await;
    let mut crowd = Vec::new();
    for _ in 0..40 {
        crowd.push(their_agent.ask(json!({})).await);
    }
    let id = our_agent.ask(json!({})).await;
    let (mut conn, mut other) = (cluster.database.connect().await, cluster.database.connect().await);
    let take_rows = async |conn, ids: &[String]| {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.parse().unwrap()).collect();
        let mut transaction = PgConnection::begin(conn).await.unwrap();
        sqlx::query("SELECT FROM approval_requests WHERE id = ANY($1) FOR UPDATE")
            .bind(&ids)
            .execute(&mut *transaction)
            .await
            .unwrap();
        transaction
    };
    let rows = take_rows(&mut conn, &crowd).await;
    let row = take_rows(&mut other, std::slice::from_ref(&id)).await;
    let approve = |api: &Api, id: &str| {
        let (api, id) = (api.clone(), id.to_owned());
        tokio::spawn(async move { api.approve(&id).await })
    };
    let crowd: Vec<_> = crowd.iter().map(|id| approve(&theirs, id)).collect();
    let mut watching = cluster.database.connect().await;
    {
        let watching = tokio::sync::Mutex::new(&mut watching);
        eventually("they wait", || async { waiting_for_locks(*watching.lock().await).await >= 2 }).await;
    }
    let ours = approve(&ours, &id);
    let watching = tokio::sync::Mutex::new(&mut watching);
    eventually("ours has a place of its own", || async {
        waiting_for_locks(*watching.lock().await).await >= 3
    })
    .await;
    row.rollback().await.unwrap();
    assert_eq!(ours.await.unwrap().expect(200).body["changed"], true);
    rows.rollback().await.unwrap();
    for approve in crowd {
        let status = approve.await.unwrap().status;
        assert!([200, 503].contains(&status), "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_for_many_costs_what_many_calls_cost() {
    let cluster = counting(2, limit("principal", 50)).await;
    let (one, other) = (cluster.member("ana").await, cluster.member("bo").await);
    let (here, there) = (cluster.api(0, &one), cluster.api(1, &one));
    let bulk = |count: usize| {
        let ids: Vec<Value> = std::iter::repeat_with(|| json!(Uuid::now_v7())).take(count).collect();
        json!({ "ids": ids, "action": "approve" })
    };
    // Ten of ten ids each, one token for each call; twenty for the next; and what is owed is owed everywhere.
    for _ in 0..10 {
        here.post("/api/v1/approvals/bulk", &bulk(10)).await.expect(200);
    }
    for _ in 0..2 {
        here.post("/api/v1/approvals/bulk", &bulk(200)).await.expect(200);
    }
    let refused = here.post("/api/v1/approvals/bulk", &bulk(1)).await.problem(429, "rate_limited");
    assert!(refused.header("ratelimit").starts_with("\"principal\";r=0;"), "{refused:?}");
    eventually("the other instance knows", || async { look(&there).await.status == 429 }).await;
    look(&cluster.api(0, &other)).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_answer_costs_more_than_a_small_one() {
    let cluster = counting(1, limit("principal", 40)).await;
    let api = cluster.api(0, &cluster.member("ana").await);
    let context = json!({ "text": "x".repeat(250_000) });
    for _ in 0..14 {
        api.create(json!({ "context": context })).await.expect(201);
    }
    let left = |reply: &Reply| {
        let header = reply.header("ratelimit").to_owned();
        header.split("r=").nth(1).unwrap().split(';').next().unwrap().parse::<u32>().unwrap()
    };
    let before = left(&look(&api).await.expect(200));
    let page = api.get("/api/v1/approvals/pending").await.expect(200);
    assert!(page.body["items"].as_array().unwrap().len() > 2);
    let after = left(&look(&api).await.expect(200));
    assert!(before - after >= 4, "{before} were left, and then {after}");
}
