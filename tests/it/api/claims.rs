//! Claims: who may have one, what becomes of it, and what its receipt says.

use std::time::Duration;

use serde_json::{Value, json};
use signoff::{
    domain::digest::Digest,
    receipts::{Expected, Jwks, Modifications, verify},
    store::purge,
};

use crate::{
    contract::g21_claims::signing,
    support::{Api, Cluster, Reply, Setup, client, eventually, team::Team},
};

/// A requester, an approver, and one who acts, on two instances that sign receipts.
struct Acting {
    cluster: Cluster,
    agent: Api,
    ana: Api,
    deployer: Api,
}

impl Acting {
    async fn new() -> Self {
        let cluster = Cluster::with(Setup { flags: signing(), ..Setup::default() }).await.connected().await;
        let agent = cluster.api(0, &cluster.member("agent").await);
        let ana = cluster.api(1, &cluster.member("ana").await);
        let deployer = cluster.api(1, &cluster.member("deployer").await);
        Self { cluster, agent, ana, deployer }
    }

    async fn approved(&self, body: Value) -> String {
        let id = self.agent.ask(body).await;
        self.ana.approve(&id).await.expect(200);
        id
    }
}

async fn on(api: &Api, id: &str, what: &str, body: Value) -> Reply {
    api.post(&format!("/api/v1/approvals/{id}/claim{what}"), &body).await
}

async fn published(api: &Api) -> Jwks {
    let keys = client::get(format!("{}/.well-known/jwks.json", api.base)).await.unwrap();
    assert_eq!(keys.headers()["cache-control"], "public, max-age=300");
    Jwks::parse(&keys.text().await.unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_made_renewed_and_completed() {
    let acting = Acting::new().await;
    let Acting { agent, deployer, .. } = &acting;
    let id = acting.approved(json!({ "executors": ["deployer", "deployer"] })).await;
    assert_eq!(agent.show(&id).await.body["executors"], json!(["deployer"]));
    let none = agent.get(&format!("/api/v1/approvals/{id}/claim")).await.expect(200).body;
    assert_eq!(none, json!({ "claim": null }));
    let asked =
        json!({ "key": "deploy/1", "lease_seconds": 60, "audience": "cluster", "receipt_seconds": 60 });
    let made = on(deployer, &id, "", asked.clone()).await.expect(200).body;
    let claim = &made["claim"];
    assert_eq!(
        (&made["changed"], &claim["fence"], &claim["state"]),
        (&json!(true), &json!(1), &json!("claimed"))
    );
    assert_eq!((&claim["claimed_by"], &claim["key"]), (&json!("deployer"), &json!("deploy/1")));
    assert_eq!(on(deployer, &id, "", asked).await.expect(200).body["receipt"], made["receipt"]);
    let refused = on(agent, &id, "", json!({ "key": "deploy/1" })).await.problem(409, "already_claimed");
    assert_eq!(refused.body["claim"], *claim);

    let hold = json!({ "key": "deploy/1", "fence": 1 });
    let renewed = on(deployer, &id, "/renew", hold.clone()).await.expect(200).body;
    assert_ne!(renewed["receipt"], made["receipt"]);
    assert_eq!((&renewed["claim"]["id"], &renewed["claim"]["fence"]), (&claim["id"], &json!(1)));
    assert!(renewed["claim"]["lease_until"].as_str() > claim["lease_until"].as_str());
    for (wrong, api) in [
        (json!({ "key": "deploy/1", "fence": 2 }), deployer),
        (json!({ "key": "deploy/2", "fence": 1 }), deployer),
        (hold.clone(), agent),
    ] {
        on(api, &id, "/renew", wrong).await.problem(409, "stale_claim");
    }

    let mut done = hold.clone();
    done["outcome"] = json!("succeeded");
    done["detail"] = json!("42 pods");
    let ended = on(deployer, &id, "/complete", done.clone()).await.expect(200).body;
    assert_eq!(
        (&ended["claim"]["state"], &ended["claim"]["outcome"]),
        (&json!("completed"), &json!("succeeded"))
    );
    assert_eq!((&ended["receipt"], &ended["claim"]["detail"]), (&Value::Null, &json!("42 pods")));
    assert_eq!(on(deployer, &id, "/complete", done.clone()).await.expect(200).body["changed"], false);
    done["outcome"] = json!("failed");
    on(deployer, &id, "/complete", done).await.problem(409, "stale_claim");
    on(deployer, &id, "/release", hold).await.problem(409, "stale_claim");
    on(agent, &id, "", json!({ "key": "other" })).await.problem(409, "already_claimed");
    let shown = agent.get(&format!("/api/v1/approvals/{id}/claim")).await.expect(200).body;
    assert_eq!(shown["claim"], ended["claim"]);
    // The same executor hears the same, and that it is over.
    let again = on(deployer, &id, "", json!({ "key": "deploy/1" })).await.expect(200).body;
    assert_eq!((&again["changed"], &again["claim"]["state"]), (&json!(false), &json!("completed")));

    // All of it is on record, and in the task's log.
    let events = agent.get("/api/v1/tasks/run-1/events").await.expect(200).body;
    let types: Vec<&str> =
        events["items"].as_array().unwrap().iter().map(|it| it["event_type"].as_str().unwrap()).collect();
    assert!(types.ends_with(&["approval_claimed", "approval_completed"]), "{types:?}");
    let records = agent.get(&format!("/api/v1/approvals/{id}/audit")).await.expect(200).body;
    let actions: Vec<&str> =
        records["items"].as_array().unwrap().iter().map(|it| it["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions[actions.len() - 3..],
        ["approval.claimed", "approval.claim_renewed", "approval.completed"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_released_goes_to_the_next_with_a_higher_fence() {
    let acting = Acting::new().await;
    let Acting { cluster, agent, deployer, .. } = &acting;
    let id = acting.approved(json!({ "executors": ["deployer"] })).await;
    on(deployer, &id, "", json!({ "key": "one" })).await.expect(200);
    let hold = json!({ "key": "one", "fence": 1 });
    let released = on(deployer, &id, "/release", hold.clone()).await.expect(200).body;
    assert_eq!((&released["claim"]["state"], &released["receipt"]), (&json!("released"), &Value::Null));
    assert_eq!(on(deployer, &id, "/release", hold.clone()).await.expect(200).body["changed"], false);
    let next = on(agent, &id, "", json!({ "key": "two" })).await.expect(200).body;
    assert_eq!((&next["changed"], &next["claim"]["fence"]), (&json!(true), &json!(2)));
    on(deployer, &id, "/release", hold).await.problem(409, "stale_claim");

    // By hand: an administrator, with a reason.
    let by_hand = json!({ "reason": "its machine is gone" });
    on(deployer, &id, "/release", by_hand.clone()).await.problem(403, "forbidden");
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let of_before = json!({ "reason": "its machine is gone", "fence": 1 });
    on(&admin, &id, "/release", of_before).await.problem(409, "stale_claim");
    assert_eq!(on(&admin, &id, "/release", by_hand).await.expect(200).body["claim"]["state"], "released");
    let third = on(deployer, &id, "", json!({ "key": "one" })).await.expect(200).body;
    assert_eq!(third["claim"]["fence"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_approved_is_claimed_and_only_by_its_executors() {
    let acting = Acting::new().await;
    let Acting { agent, ana, deployer, .. } = &acting;
    let body = || json!({ "key": "k" });
    let pending = agent.ask(json!({ "executors": ["deployer"] })).await;
    let refused = on(deployer, &pending, "", body()).await.problem(409, "not_approved");
    assert_eq!(refused.body["approval"]["status"], "pending");
    ana.reject(&pending, "no").await.expect(200);
    on(deployer, &pending, "", body()).await.problem(409, "not_approved");
    let approved = acting.approved(json!({})).await;
    on(deployer, &approved, "", body()).await.problem(403, "not_eligible");
    on(ana, &approved, "", body()).await.problem(403, "not_eligible");
    on(agent, &approved, "", body()).await.expect(200);
    // Whose it is, only those hear who may act on it, or see it.
    let acme = acting.cluster.key("acme", "claimer", &["approval:claim"]).await;
    let claimer = acting.cluster.api(0, &acme);
    let stale = on(&claimer, &approved, "/renew", json!({ "key": "x", "fence": 1 })).await;
    assert!(stale.problem(409, "stale_claim").body.get("claim").is_none());
    for what in ["renew", "release"] {
        let fresh = acting.approved(json!({})).await;
        let stale = on(agent, &fresh, &format!("/{what}"), json!({ "key": "k", "fence": 1 })).await;
        assert!(stale.problem(409, "stale_claim").body.get("claim").is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_comes_in_time_or_never() {
    let acting = Acting::new().await;
    let Acting { cluster, agent, .. } = &acting;
    let id = acting.approved(json!({ "claim_within_seconds": 60 })).await;
    let mut conn = cluster.database.connect().await;
    let shift = "UPDATE approval_requests SET resolved_at = resolved_at - interval '30 seconds'";
    sqlx::query(shift).execute(&mut conn).await.unwrap();
    let made = on(agent, &id, "", json!({ "key": "k", "lease_seconds": 10 })).await.expect(200).body;
    sqlx::query("UPDATE approval_requests SET resolved_at = resolved_at - interval '31 seconds'")
        .execute(&mut conn)
        .await
        .unwrap();
    // Who has it, has it; nobody else gets it any more.
    let again = on(agent, &id, "", json!({ "key": "k" })).await.expect(200).body;
    assert_eq!((&again["changed"], &again["claim"]["id"]), (&json!(false), &made["claim"]["id"]));
    on(agent, &id, "", json!({ "key": "other" })).await.problem(409, "already_claimed");
    on(agent, &id, "/release", json!({ "key": "k", "fence": 1 })).await.expect(200);
    on(agent, &id, "", json!({ "key": "other" })).await.problem(410, "claim_expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_claim_is_told() {
    let acting = Acting::new().await;
    let Acting { agent, .. } = &acting;
    let id = acting.approved(json!({})).await;
    for (what, body, pointer, rule) in [
        ("", json!({}), "/key", "required"),
        ("", json!({ "key": "" }), "/key", "required"),
        ("", json!({ "key": "x".repeat(201) }), "/key", "max_length"),
        ("", json!({ "key": "a\u{200b}b" }), "/key", "characters"),
        ("", json!({ "key": "k", "lease_seconds": 9 }), "/lease_seconds", "range"),
        ("", json!({ "key": "k", "lease_seconds": 86_401 }), "/lease_seconds", "range"),
        ("", json!({ "key": "k", "receipt_seconds": 0 }), "/receipt_seconds", "range"),
        ("", json!({ "key": "k", "audience": "" }), "/audience", "min_length"),
        ("", json!({ "key": "k", "colour": 1 }), "/colour", "unknown_field"),
        ("/renew", json!({ "key": "k" }), "/fence", "required"),
        ("/complete", json!({ "key": "k", "fence": 1 }), "/outcome", "required"),
        ("/complete", json!({ "key": "k", "fence": 1, "outcome": "maybe" }), "/outcome", "choice"),
        ("/release", json!({ "key": "k", "reason": "x" }), "/key", "exclusive"),
        ("/release", json!({ "reason": "" }), "/reason", "min_length"),
    ] {
        on(agent, &id, what, body).await.problem(422, "invalid").violation(pointer, rule);
    }
    for (body, pointer, rule) in [
        (json!({ "executors": vec!["x"; 21] }), "/executors", "max_items"),
        (json!({ "executors": ["ok", ""] }), "/executors/1", "name"),
        (json!({ "claim_within_seconds": 0 }), "/claim_within_seconds", "range"),
    ] {
        agent.create(body).await.problem(422, "invalid").violation(pointer, rule);
    }
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    on(agent, unknown, "", json!({ "key": "k" })).await.problem(404, "not_found");
    on(agent, unknown, "/renew", json!({ "key": "k", "fence": 1 })).await.problem(404, "not_found");
    agent.get(&format!("/api/v1/approvals/{unknown}/claim")).await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_verified_by_the_published_keys_alone() {
    let acting = Acting::new().await;
    let Acting { agent, ana, deployer, .. } = &acting;
    let id = agent
        .ask(json!({ "executors": ["deployer"], "context": { "n": 1.5 }, "policy": { "min_approvers": 1 } }))
        .await;
    ana.approve_with(&id, json!({ "modifications": { "limit": 10 } })).await.expect(200);
    let made = on(deployer, &id, "", json!({ "key": "k", "audience": "db" })).await.expect(200).body;
    let receipt = made["receipt"].as_str().unwrap();
    let keys = published(ana).await;
    let approval = agent.show(&id).await.body;
    let digest = Digest::of_shown(&approval);
    let of = |edits: Value| {
        let digest = Digest::of_json(&serde_json::value::to_raw_value(&edits).unwrap()).unwrap();
        Modifications::Of(digest)
    };
    let expected = Expected {
        issuer: "https://signoff.example",
        audience: Some("db"),
        workspace: approval["workspace_id"].as_str().unwrap().parse().ok(),
        digest,
        modifications: of(json!({ "limit": 10.0 })),
        now: chrono::Utc::now().timestamp(),
    };
    let said = verify(receipt, &keys, &expected).unwrap();
    assert_eq!((&said["jti"], &said["sub"]), (&made["claim"]["id"], &json!(id)));
    assert_eq!(
        (&said["approval"]["resolution"], &said["approval"]["via"]),
        (&json!("modified"), &json!("human"))
    );
    assert_eq!(
        (&said["requested_by"]["name"], &said["claimed_by"]["name"]),
        (&json!("agent"), &json!("deployer"))
    );
    assert_eq!(said["decided_by"].as_array().unwrap().len(), 1);
    assert_eq!(said["decided_by"][0]["name"], "ana");
    let other = Expected { modifications: of(json!({ "limit": 11 })), ..expected };
    assert!(verify(receipt, &keys, &other).is_err());

    // What a deadline approved says so.
    let admin = acting.cluster.api(0, &acting.cluster.key("acme", "root", &["workspace:admin"]).await);
    let allowing = json!({ "allow_timeout_approve": true });
    Api::send(admin.request(reqwest::Method::PATCH, "/api/v1/workspace").json(&allowing)).await.expect(200);
    let asked = json!({ "timeout_seconds": 1, "timeout_action": "approve" });
    eventually("the setting is seen", || async { agent.create(asked.clone()).await.status == 201 }).await;
    let late = agent.ask(asked).await;
    agent.wait(&late, 10).await.expect(200);
    let made = on(agent, &late, "", json!({ "key": "k" })).await.expect(200).body;
    let any = Expected { audience: None, digest: None, modifications: Modifications::Any, ..expected };
    let said = verify(made["receipt"].as_str().unwrap(), &keys, &any).unwrap();
    assert_eq!((&said["approval"]["via"], &said["decided_by"]), (&json!("timeout"), &json!([])));
}

/// Without a key there are claims, and no receipts.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_claims_have_no_receipts() {
    let team = Team::new().await;
    let Team { agent, ana, .. } = &team;
    let id = agent.ask(json!({})).await;
    ana.approve(&id).await.expect(200);
    let made = on(agent, &id, "", json!({ "key": "k" })).await.expect(200).body;
    assert_eq!((&made["changed"], &made["receipt"]), (&json!(true), &Value::Null));
    let keys: Value =
        client::get(format!("{}/.well-known/jwks.json", ana.base)).await.unwrap().json().await.unwrap();
    assert_eq!(keys, json!({ "keys": [] }));
}

/// What is deleted takes its claim along.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_run_has_no_claims() {
    let acting = Acting::new().await;
    let Acting { cluster, agent, .. } = &acting;
    let id = acting.approved(json!({ "run_id": "gone" })).await;
    on(agent, &id, "", json!({ "key": "k" })).await.expect(200);
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let status = admin.delete("/api/v1/runs/gone").await.status;
    assert!([200, 202, 204].contains(&status), "{status}");
    let mut conn = cluster.database.connect().await;
    let purged = purge::approvals_of_deleted_runs(&mut conn, Duration::ZERO, 10).await.unwrap();
    assert_eq!(purged, 1);
    on(agent, &id, "", json!({ "key": "k" })).await.problem(404, "not_found");
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM approval_claims").fetch_one(&mut conn).await.unwrap();
    assert_eq!(left, 0);
}
