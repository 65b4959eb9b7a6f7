//! G18: every change has exactly one record, in the same transaction.

use serde_json::{Value, json};

use crate::support::{Api, Cluster, Setup};

async fn actions(api: &Api, id: &str) -> Vec<(String, Value, String)> {
    let items = api.get(&format!("/api/v1/approvals/{id}/audit")).await.expect(200).body["items"].clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    items
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (text(&it["action"]), it["actor"].clone(), text(&it["via"])))
        .collect()
}

fn record(action: &str, actor: Value, via: &str) -> (String, Value, String) {
    (action.to_owned(), actor, via.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn g18_each_change_has_one_record() {
    let cluster = Cluster::start().await;
    let admin = cluster.api(0, &cluster.key("acme", "agent", &["workspace:admin"]).await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let bo = cluster.api(0, &cluster.member("bo").await);
    let requested = record("approval.requested", json!("agent"), "human");

    let id = admin.ask(json!({ "policy": { "min_approvers": 2 } })).await;
    ana.approve(&id).await.expect(200);
    ana.approve(&id).await.expect(200);
    bo.approve(&id).await.expect(200);
    ana.reject(&id, "too late").await.expect(409);
    let expected = [
        requested.clone(),
        record("approval.voted", json!("ana"), "human"),
        record("approval.resolved", json!("bo"), "human"),
    ];
    assert_eq!(actions(&admin, &id).await, expected);

    let id = admin.ask(json!({})).await;
    ana.cancel(&id, "no").await.expect(200);
    let expected = [requested.clone(), record("approval.cancelled", json!("ana"), "human")];
    assert_eq!(actions(&admin, &id).await, expected);

    let id = admin.ask(json!({ "timeout_seconds": 1 })).await;
    admin.wait(&id, 20).await.expect(200);
    let expected = [requested.clone(), record("approval.expired", Value::Null, "timeout")];
    assert_eq!(actions(&admin, &id).await, expected);

    let id = admin.ask(json!({ "run_id": "gone" })).await;
    admin.delete("/api/v1/runs/gone").await.expect(204);
    let expected = [requested, record("approval.cancelled", json!("agent"), "run_deleted")];
    assert_eq!(actions(&admin, &id).await, expected);
}

/// The log is kept for ever: what people wrote is not in it, but what would show that it was changed is.
#[tokio::test(flavor = "multi_thread")]
async fn g18_texts_are_on_record_by_their_digests() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let texts = json!({
        "title": "private title", "description": "private description", "context": { "private": "context" },
        "metadata": { "private": "metadata" }, "policy": { "min_approvers": 2 },
    });
    let id = agent.ask(texts).await;
    let vote = json!({ "comment": "private approval", "modifications": { "private": "edit" } });
    ana.approve_with(&id, vote).await.expect(200);
    agent.cancel(&id, "private reason").await.expect(200);
    let mut conn = cluster.database.connect().await;
    let details: Vec<serde_json::Value> =
        sqlx::query_scalar("SELECT detail FROM audit_log WHERE approval_id = $1::uuid ORDER BY seq")
            .bind(&id)
            .fetch_all(&mut conn)
            .await
            .unwrap();
    assert_eq!(details.len(), 3);
    assert!(!json!(details).to_string().contains("private"), "{details:#?}");
    let digest = |text: &str| json!(signoff::store::changes::sha256(text));
    for (record, field, text) in [
        (0, "title_sha256", "private title"),
        (0, "description_sha256", "private description"),
        (0, "context_sha256", r#"{"private":"context"}"#),
        (0, "metadata_sha256", r#"{"private":"metadata"}"#),
        (1, "feedback_sha256", "private approval"),
        (1, "modifications_sha256", r#"{"private":"edit"}"#),
        (2, "reason_sha256", "private reason"),
    ] {
        assert_eq!(details[record][field], digest(text), "{field}");
    }
}
