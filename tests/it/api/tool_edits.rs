//! What an approval says of its context and its edits: the view, and the form that edits of tools have.

use serde_json::json;

use crate::support::{Cluster, Setup, Socket};

#[tokio::test(flavor = "multi_thread")]
async fn edits_of_a_tool_call_have_a_form_whichever_way_they_come() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let mut desk = Socket::open(&ana, "desk").await;
    let call = json!({ "approval_type": "tool_call", "context": { "tool": "refund", "arguments": { "amount": 9 } } });
    let id = agent.ask(call.clone()).await;
    for (edits, pointer, rule) in [
        (json!({ "amount": 1 }), "/modifications/amount", "unknown_field"),
        (json!({ "arguments": [] }), "/modifications/arguments", "type"),
        (json!({ "response": 1 }), "/modifications/response", "type"),
    ] {
        let said = ana.approve_with(&id, json!({ "modifications": edits })).await;
        said.problem(422, "invalid").violation(pointer, rule);
        let message = json!({
            "type": "resolve_approval", "approval_id": id, "resolution": "modified", "modifications": edits,
        });
        let answer = desk.ask(message).await;
        assert_eq!(
            (&answer["data"]["code"], &answer["data"]["errors"][0]["pointer"]),
            (&json!("invalid"), &json!(pointer))
        );
    }
    assert_eq!(ana.show(&id).await.body["version"], 1, "nothing of it counted");
    for edits in [json!({ "arguments": { "amount": 1 } }), json!({ "response": "It was refunded already." })]
    {
        let id = agent.ask(call.clone()).await;
        let done = ana.approve_with(&id, json!({ "modifications": edits })).await.expect(200).body;
        let approval = &done["approval"];
        assert_eq!(
            (&approval["resolution"], &approval["result"]["modifications"]),
            (&json!("modified"), &edits)
        );
    }
    // Who may not decide is told that, and not what is wrong with the edits.
    let bad = json!({ "modifications": { "amount": 1 } });
    agent.approve_with(&id, bad).await.problem(403, "not_eligible");
}

#[tokio::test]
async fn a_view_is_checked_kept_and_shown() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let context = json!({ "before": { "n": 1 }, "after": { "n": 2 }, "log": "…" });
    let view = json!({ "proposed": "/after", "current": "/before", "fold": ["/log"] });
    let body = json!({ "context": context, "view": view, "workflow": "w:1" });
    let made = agent.create(body).await.expect(201);
    assert_eq!((&made.body["view"], &made.body["workflow"]), (&view, &json!("w:1")));
    assert_eq!(agent.show(&made.id()).await.body["view"], view);
    for (field, value, pointer, rule) in [
        ("view", json!({ "proposed": "/nowhere" }), "/view/proposed", "resolves"),
        ("view", json!({ "proposed": "after" }), "/view/proposed", "json_pointer"),
        ("view", json!({ "unit": "/after" }), "/view/unit", "unknown_field"),
        ("view", json!([]), "/view", "type"),
        ("workflow", json!("a b"), "/workflow", "name"),
    ] {
        let mut body = json!({ "context": context });
        body[field] = value;
        agent.create(body).await.problem(422, "invalid").violation(pointer, rule);
    }
    let records = agent.get(&format!("/api/v1/approvals/{}/audit", made.id())).await.expect(200).body;
    let detail = &records["items"][0]["detail"];
    assert_eq!((&detail["view"], &detail["workflow"]), (&view, &json!("w:1")), "it is on record");
}
