//! Creating, looking and deciding, as `docs/api.md` has it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Api, Cluster, Setup};

async fn single() -> Cluster {
    Cluster::with(Setup { instances: 1, ..Setup::default() }).await
}

#[tokio::test]
async fn an_approval_comes_back_as_it_was_sent() {
    let cluster = single().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let body = json!({
        "run_id": "run-1", "session_id": "session-1", "task_id": "task-1", "job_id": "job-1",
        "approval_type": "plan_approval", "title": "Title \u{1f600}", "description": "Longer",
        "context": { "z": 1, "a": [true, null, "x"] }, "timeout_seconds": 60, "timeout_action": "reject",
        "policy": { "min_approvers": 2, "allowed_approvers": ["bo", "ana"], "rejections_to_reject": 2 },
        "checkpoint": { "name": "before", "state": { "step": 3 } }, "metadata": { "team": "blue" },
    });
    let created = asker.create(body.clone()).await.expect(201);
    let id = created.id();
    assert_eq!(created.header("location"), format!("/api/v1/approvals/{id}"));
    assert_eq!(created.header("etag"), "\"1\"");
    assert!(!created.header("x-request-id").is_empty());
    assert_eq!(created.header("x-signoff-instance"), cluster.instances[0].app.instance);
    for (field, sent) in body.as_object().unwrap() {
        if field != "timeout_seconds" && field != "policy" {
            assert_eq!(created.body[field], *sent, "{field}");
        }
    }
    assert_eq!(created.body["policy"]["allowed_approvers"], json!(["ana", "bo"]));
    for (field, value) in [
        ("status", json!("pending")),
        ("resolution", Value::Null),
        ("resolved_via", Value::Null),
        ("resolved_by", Value::Null),
        ("result", Value::Null),
        ("resolved_at", Value::Null),
        ("requested_by", json!("agent")),
        ("version", json!(1)),
        ("escalation_level", json!(0)),
    ] {
        assert_eq!(created.body[field], value, "{field}");
    }
    let time =
        |field: &str| created.body[field].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    assert_eq!((time("expires_at") - time("created_at")).num_milliseconds(), 60_000);
    let mut created = created.body;
    let warnings = created.as_object_mut().unwrap().remove("warnings").unwrap();
    assert_eq!(warnings.as_array().unwrap().len(), 1, "neither ana nor bo is there yet: {warnings}");
    assert_eq!(asker.show(&id).await.expect(200).body, created);
}

#[tokio::test]
async fn defaults_are_filled_in() {
    let cluster = single().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let created =
        asker.create(json!({ "run_id": "r", "title": null, "policy": null })).await.expect(201).body;
    assert_eq!(created["task_id"], "r");
    assert_eq!(created["timeout_action"], "expire");
    assert_eq!(created["metadata"], json!({}));
    assert_eq!(
        created["policy"],
        json!({
            "min_approvers": 1, "require_all": false, "allow_self_approval": false, "allow_services": false,
            "rejections_to_reject": 1
        })
    );
}

#[tokio::test]
async fn what_was_said_is_handed_back() {
    let cluster = single().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);

    let id = asker.ask(json!({})).await;
    let said = json!({ "comment": "fine", "modifications": { "limit": 5 }, "metadata": { "ui": "web" } });
    let done = ana.approve_with(&id, said).await.expect(200).body;
    assert_eq!(done["approval"]["resolution"], "modified");
    assert_eq!(
        done["approval"]["result"],
        json!({
            "resolution": "modified", "feedback": "fine", "modifications": { "limit": 5 }, "comment": null,
            "modifications_digest": "sha256:a03c8657a575356de5937110fc9038dafa42d659089628586aa8f8d73924cd16",
            "because": "quorum"
        })
    );
    let decisions = asker.get(&format!("/api/v1/approvals/{id}/decisions")).await.expect(200).body;
    let decision = &decisions["items"][0];
    assert_eq!((&decision["verdict"], &decision["metadata"]), (&json!("approved"), &json!({ "ui": "web" })));

    let id = asker.ask(json!({})).await;
    let body = json!({ "reason": "no", "comment": "ask again on Monday" });
    let done = ana.post(&format!("/api/v1/approvals/{id}/reject"), &body).await.expect(200).body;
    assert_eq!(
        done["approval"]["result"],
        json!({
            "resolution": "rejected", "feedback": "no", "modifications": null, "comment": "ask again on Monday",
            "because": "rejections"
        })
    );

    let id = asker.ask(json!({})).await;
    let done = ana.cancel(&id, "superseded").await.expect(200).body;
    assert_eq!(
        (&done["approval"]["status"], &done["approval"]["resolved_via"]),
        (&json!("cancelled"), &json!("human"))
    );
    assert_eq!(done["approval"]["result"]["feedback"], "superseded");

    // Empty edits are none.
    let id = asker.ask(json!({})).await;
    let done = ana.approve_with(&id, json!({ "modifications": {} })).await.expect(200).body;
    assert_eq!(done["approval"]["resolution"], "approved");
}

#[tokio::test]
async fn preconditions() {
    let cluster = single().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let bo = cluster.api(0, &cluster.member("bo").await);
    let approve = |api: &Api, id: &str, tag: &str| {
        let path = format!("/api/v1/approvals/{id}/approve");
        Api::send(api.request(Method::POST, &path).header("If-Match", tag))
    };
    let id = asker.ask(json!({ "policy": { "min_approvers": 3 } })).await;
    for tag in ["\"2\"", "W/\"1\"", "\"x\"", "1", ""] {
        let reply = approve(&ana, &id, tag).await.problem(412, "version_conflict");
        assert_eq!(reply.body["approval"]["version"], 1, "{tag}");
    }
    approve(&ana, &id, "\"7\", \"1\"").await.expect(200);
    approve(&bo, &id, "\"1\"").await.problem(412, "version_conflict");
    approve(&bo, &id, "*").await.expect(200);
    let path = format!("/api/v1/approvals/{id}/cancel");
    let cancel = |tag: &str| {
        let request =
            ana.request(Method::POST, &path).header("If-Match", tag).json(&json!({ "reason": "no" }));
        Api::send(request)
    };
    cancel("\"2\"").await.problem(412, "version_conflict");
    cancel("\"3\"").await.expect(200);
}
