//! G7: an outcome that a message tells is believed where it is proved, and only there.

use std::time::Instant;

use futures_util::StreamExt;
use serde_json::{Value, json};
use signoff::{
    bus::{Change, proof::Proofs},
    domain::{
        approval::{Ending, Outcome, Resolution, Via},
        event::Epoch,
        ids::{ApprovalId, PrincipalId, WorkspaceId},
        names::{CallerName, PrincipalName},
        policy::Actor,
    },
};
use sqlx::PgConnection;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::support::{Api, Cluster, Reply, eventually, process::signoff, redis::command, variable};

/// Who can read the keys: an instance, or one who has the database.
struct Insider {
    proofs: Proofs,
    epoch: Epoch,
}

impl Insider {
    /// With the key that is the newest now.
    async fn new(conn: &mut PgConnection) -> Self {
        let (id, key): (i64, Vec<u8>) =
            sqlx::query_as("SELECT id, key FROM proof_keys ORDER BY id DESC LIMIT 1")
                .fetch_one(&mut *conn)
                .await
                .unwrap();
        let epoch: i64 = sqlx::query_scalar("SELECT epoch FROM log_epoch").fetch_one(conn).await.unwrap();
        let proofs = Proofs::default();
        proofs.know([(id, key)], Instant::now());
        Self { proofs, epoch: Epoch(u32::try_from(epoch).unwrap()) }
    }

    /// A message that says that an insider approved it, and proves it.
    fn approves(&self, workspace: Uuid, id: &str, version: i32) -> Change {
        let by = Actor { id: PrincipalId::generate(), name: PrincipalName::new("insider").unwrap() };
        let (resolution, via, outcome) = (Resolution::Approved, Via::Human, Outcome::default());
        let ending = Ending::Resolved { resolution, via, by: Some(by), outcome };
        let mut change = Change {
            workspace: WorkspaceId(workspace),
            approval: ApprovalId::parse(id).unwrap(),
            version,
            task: CallerName::new("t").unwrap(),
            proof: None,
        };
        self.proofs.prove(&mut change, self.epoch, &ending, chrono::Utc::now());
        assert!(change.proof.is_some());
        change
    }
}

async fn publish(cluster: &Cluster, messages: &[Change]) {
    let channel = format!("{}:changes", cluster.prefix);
    command(&variable("REDIS_URL"), &["PUBLISH", &channel, &Change::encode(messages)]).await;
}

/// How often messages were judged so on the first instance.
async fn judged(cluster: &Cluster, result: &str) -> f64 {
    cluster.instances[0].metric(&format!("signoff_outcome_proofs_total{{result=\"{result}\"}}")).await
}

async fn workspace(conn: &mut PgConnection) -> Uuid {
    sqlx::query_scalar("SELECT id FROM workspaces WHERE name = 'acme'").fetch_one(conn).await.unwrap()
}

/// A call that waits on the first instance for a new approval, which is kept there.
async fn waiting(cluster: &Cluster, agent: &Api) -> (String, JoinHandle<Reply>) {
    let before = cluster.waiting(0);
    let id = agent.ask(json!({ "task_id": "t" })).await;
    let waiter = agent.waiting(&id, 50);
    eventually("it waits", || async { cluster.waiting(0) > before }).await;
    (id, waiter)
}

/// Lets an insider tell the first instance of a new approval until it is believed: then it has the newest keys.
async fn believed(cluster: &Cluster, agent: &Api, insider: &Insider, workspace: Uuid) {
    let before = judged(cluster, "used").await;
    let (id, waiter) = waiting(cluster, agent).await;
    eventually("an insider is believed", || async {
        publish(cluster, &[insider.approves(workspace, &id, 2)]).await;
        judged(cluster, "used").await > before
    })
    .await;
    assert_eq!(waiter.await.unwrap().expect(200).body["resolved_by"], "insider");
    agent.cancel(&id, "it is over").await.expect(200);
}

/// Has approvals decided on the second instance, each while a call waits for it on the first, until one of them was
/// answered by what a message proved. Each answer is what is read afterwards. `prepare` is what happens to an approval
/// before the call waits.
async fn told_as_read(
    cluster: &Cluster,
    agent: &Api,
    asked: Value,
    prepare: impl AsyncFn(&str),
    decide: impl AsyncFn(&str) -> Reply,
) {
    let before = judged(cluster, "used").await;
    eventually("an outcome is told", || async {
        let waiting = cluster.waiting(0);
        let id = agent.ask(asked.clone()).await;
        prepare(&id).await;
        let waiter = agent.waiting(&id, 50);
        eventually("it waits", || async { cluster.waiting(0) > waiting }).await;
        decide(&id).await.expect(200);
        let told = waiter.await.unwrap().expect(200).body;
        assert_eq!(told, agent.show(&id).await.expect(200).body);
        judged(cluster, "used").await > before
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g07_a_proved_outcome_is_what_is_read_afterwards() {
    let cluster = Cluster::start().await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let there = cluster.api(1, &cluster.member("agent").await);
    let (ana, bo) =
        (cluster.api(1, &cluster.member("ana").await), cluster.api(1, &cluster.member("bo").await));
    let nothing = async |_: &str| {};
    let edits = json!({ "comment": "so", "modifications": { "sql": "SELECT 1.50", "n": [1e3, null] } });
    let comment = json!({ "comment": "go \"on\"\nthen" });
    for body in [json!({}), comment, edits] {
        let approve = async |id: &str| ana.approve_with(id, body.clone()).await;
        told_as_read(&cluster, &agent, json!({}), nothing, approve).await;
    }
    told_as_read(&cluster, &agent, json!({}), nothing, async |id| ana.reject(id, "no").await).await;
    told_as_read(&cluster, &agent, json!({}), nothing, async |id| there.cancel(id, "not any more").await)
        .await;
    // The last of two votes, at a second level, behind a deadline that was moved.
    let two = json!({
        "policy": { "min_approvers": 2 }, "timeout_seconds": 600,
        "escalation": [{ "policy": { "min_approvers": 2, "extension": { "max_seconds": 100 } }, "label": "second" }],
    });
    let voted = async |id: &str| {
        ana.approve(id).await.expect(200);
    };
    told_as_read(&cluster, &agent, two.clone(), voted, async |id| bo.approve(id).await).await;
    let handed_on = async |id: &str| {
        let call =
            async |verb, body| ana.post(&format!("/api/v1/approvals/{id}/{verb}"), &body).await.expect(200);
        call("escalate", json!({ "reason": "it takes long" })).await;
        call("extend", json!({ "reason": "the vendor sleeps", "seconds": 60 })).await;
        bo.approve(id).await.expect(200);
    };
    told_as_read(&cluster, &agent, two, handed_on, async |id| ana.approve(id).await).await;
}

/// Messages whose proof is none, and true ones that are told of something else, or at another time.
#[tokio::test(flavor = "multi_thread")]
async fn g07_what_is_not_proved_is_not_believed() {
    let cluster = Cluster::start().await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let mut conn = cluster.database.connect().await;
    let (insider, acme) = (Insider::new(&mut conn).await, workspace(&mut conn).await);
    believed(&cluster, &agent, &insider, acme).await;
    let (id, waiter) = waiting(&cluster, &agent).await;
    let (other, _) = waiting(&cluster, &agent).await;
    let true_of_other = insider.approves(acme, &other, 2);
    let approval = ApprovalId::parse(&id).unwrap();
    let outsider = Proofs::default();
    outsider.know([(true_of_other.proof.as_ref().unwrap().key, vec![7; 32])], Instant::now());
    let mut forged = Change { approval, proof: None, ..true_of_other.clone() };
    let by = Ending::Expired { resolution: Some(Resolution::Approved) };
    outsider.prove(&mut forged, insider.epoch, &by, chrono::Utc::now());
    let old = Insider { epoch: Epoch(insider.epoch.0 + 1), proofs: Proofs::default() };
    let (key, bytes): (i64, Vec<u8>) =
        sqlx::query_as("SELECT id, key FROM proof_keys").fetch_one(&mut conn).await.unwrap();
    old.proofs.know([(key, bytes)], Instant::now());
    let messages = [
        // The other's outcome, told of this one.
        vec![Change { approval, ..true_of_other.clone() }],
        vec![forged],
        // Of another life of the database.
        vec![old.approves(acme, &id, 2)],
        // Of another workspace.
        vec![insider.approves(Uuid::new_v4(), &id, 2)],
        // Of a version that does not follow.
        vec![insider.approves(acme, &id, 3)],
        // The first version wakes nobody. What comes with it shows that it has arrived.
        vec![insider.approves(acme, &id, 1), insider.approves(acme, &id, 3)],
    ];
    for message in &messages {
        let wakeups = "signoff_wakeups_total{source=\"redis\"}";
        let before = cluster.instances[0].metric(wakeups).await;
        publish(&cluster, message).await;
        eventually("it arrives", || async { cluster.instances[0].metric(wakeups).await > before }).await;
        // It has looked, and waits again.
        eventually("it waits", || async { cluster.waiting(0) == 2 }).await;
        assert!(!waiter.is_finished(), "{message:?} was believed");
    }
    assert_eq!(agent.show(&id).await.body["status"], "pending");
    ana.reject(&id, "no").await.expect(200);
    let told = waiter.await.unwrap().expect(200).body;
    assert_eq!((&told["resolution"], &told["resolved_by"]), (&json!("rejected"), &json!("ana")));
    // Afterwards a replayed message finds nobody.
    publish(&cluster, &messages.concat()).await;
    assert_eq!(agent.wait(&id, 1).await.expect(200).body["resolution"], "rejected");
}

/// The key before the newest is believed; one that is older is not.
#[tokio::test(flavor = "multi_thread")]
async fn g07_two_keys_are_good_at_once() {
    let cluster = Cluster::start().await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let mut conn = cluster.database.connect().await;
    let (first, acme) = (Insider::new(&mut conn).await, workspace(&mut conn).await);
    believed(&cluster, &agent, &first, acme).await;
    let rotate = async || {
        let said = signoff(&["proof-key", "rotate"], &[("DATABASE_URL", &cluster.database.url)]).await;
        assert!(said.status.success(), "{said:?}");
    };
    rotate().await;
    let second = Insider::new(&mut conn).await;
    believed(&cluster, &agent, &second, acme).await;
    believed(&cluster, &agent, &first, acme).await;
    rotate().await;
    believed(&cluster, &agent, &Insider::new(&mut conn).await, acme).await;
    believed(&cluster, &agent, &second, acme).await;
    let (id, waiter) = waiting(&cluster, &agent).await;
    let before = judged(&cluster, "unknown_key").await;
    publish(&cluster, &[first.approves(acme, &id, 2)]).await;
    eventually("it is judged", || async { judged(&cluster, "unknown_key").await > before }).await;
    eventually("it waits", || async { cluster.waiting(0) == 1 }).await;
    assert!(!waiter.is_finished());
    ana.approve(&id).await.expect(200);
    assert_eq!(waiter.await.unwrap().expect(200).body["resolved_by"], "ana");
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM proof_keys").fetch_one(&mut conn).await.unwrap();
    assert_eq!(left, 2);
}

/// What was committed in a life of the database that is over is not told in the next one.
#[tokio::test(flavor = "multi_thread")]
async fn g07_a_restored_database_believes_no_outcome_of_before() {
    let cluster = Cluster::start().await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let mut conn = cluster.database.connect().await;
    let (before, acme) = (Insider::new(&mut conn).await, workspace(&mut conn).await);
    believed(&cluster, &agent, &before, acme).await;
    let (id, waiter) = waiting(&cluster, &agent).await;
    let said = signoff(&["restored"], &[("DATABASE_URL", &cluster.database.url)]).await;
    assert!(said.status.success(), "{said:?}");
    let after = Insider::new(&mut conn).await;
    assert_ne!(after.epoch, before.epoch);
    believed(&cluster, &agent, &after, acme).await;
    // What is kept of it was read in the life before: then not even the new life is believed. Woken, it reads anew.
    for insider in [&after, &before] {
        let judged_before = judged(&cluster, "other_life").await;
        publish(&cluster, &[insider.approves(acme, &id, 2)]).await;
        eventually("it is judged", || async { judged(&cluster, "other_life").await > judged_before }).await;
        eventually("it waits", || async { cluster.waiting(0) == 1 }).await;
        assert!(!waiter.is_finished());
    }
    ana.approve(&id).await.expect(200);
    assert_eq!(waiter.await.unwrap().expect(200).body["resolved_by"], "ana");
}

/// What was proved was committed, also where the row is gone by now.
#[tokio::test(flavor = "multi_thread")]
async fn g07_an_outcome_whose_row_is_purged_is_told() {
    let cluster = Cluster::start().await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let mut conn = cluster.database.connect().await;
    let (insider, acme) = (Insider::new(&mut conn).await, workspace(&mut conn).await);
    believed(&cluster, &agent, &insider, acme).await;
    // The sweep may find that it is gone before the message comes. Then it has shown nothing, and it is tried again.
    for _ in 0..10 {
        let (id, waiter) = waiting(&cluster, &agent).await;
        let told = insider.approves(acme, &id, 2);
        sqlx::query("DELETE FROM approval_requests WHERE id = $1::uuid")
            .bind(&id)
            .execute(&mut conn)
            .await
            .unwrap();
        publish(&cluster, &[told]).await;
        let reply = waiter.await.unwrap();
        agent.show(&id).await.problem(404, "not_found");
        if reply.status == 200 {
            assert_eq!(reply.body["resolved_by"], "insider");
            return;
        }
        reply.problem(404, "not_found");
    }
    panic!("the sweep was faster, each time");
}

/// A message names the version that there is by then, however the approval came to it.
#[tokio::test(flavor = "multi_thread")]
async fn g07_a_message_names_the_version() {
    let cluster = Cluster::start().await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let client = redis::Client::open(variable("REDIS_URL")).unwrap();
    let mut messages = client.get_async_pubsub().await.unwrap();
    messages.subscribe(format!("{}:changes", cluster.prefix)).await.unwrap();
    let mut messages = messages.into_on_message();
    let expired = agent.ask(json!({ "run_id": "kept", "timeout_seconds": 1 })).await;
    assert_eq!(agent.wait(&expired, 30).await.expect(200).body["version"], 2);
    let deleted = agent.ask(json!({ "run_id": "deleted" })).await;
    let admin = cluster.api(1, &cluster.key("acme", "admin", &["workspace:admin"]).await);
    admin.delete("/api/v1/runs/deleted").await.expect(204);
    assert_eq!(agent.wait(&deleted, 30).await.expect(200).body["version"], 2);
    for id in [expired, deleted] {
        let id = ApprovalId::parse(&id).unwrap();
        let mut version = 0;
        while version != 2 {
            let message = messages.next().await.unwrap();
            let text: String = message.get_payload().unwrap();
            for change in Change::decode(&text).filter(|change| change.approval == id) {
                version = change.version;
                assert!((1..=2).contains(&version), "{change:?}");
            }
        }
    }
}
