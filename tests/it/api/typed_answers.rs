//! Typed answers: a schema that modifications must satisfy, when it is sent and when it is answered.

use serde_json::{Value, json};

use crate::support::{Socket, team::Team};

/// A limit must be said, and may be 100 at most.
fn schema() -> Value {
    json!({
        "type": "object", "required": ["limit"], "additionalProperties": false,
        "properties": { "limit": { "type": "integer", "minimum": 1, "maximum": 100, "title": "Limit" },
                        "note": { "type": "string", "maxLength": 5 } },
    })
}

fn errors(body: &Value) -> Vec<(&str, &str)> {
    let errors = body["errors"].as_array().unwrap();
    errors.iter().map(|it| (it["pointer"].as_str().unwrap(), it["rule"].as_str().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_fits_its_schema() {
    let team = Team::new().await;
    let Team { agent, ana, bo, .. } = &team;
    for policy in [json!({}), json!({ "min_approvers": 2 })] {
        let made =
            agent.create(json!({ "response_schema": schema(), "policy": policy })).await.expect(201).body;
        let id = made["id"].as_str().unwrap();
        assert_eq!((&made["response_schema"], &made["form"]), (&schema(), &json!("flat")));
        assert_eq!(ana.show(id).await.expect(200).body["response_schema"], schema());
        for (edits, expected) in [
            (Value::Null, ("/modifications", "required")),
            (json!({}), ("/modifications", "required")),
            (json!({ "limit": 101 }), ("/modifications/limit", "maximum")),
            (json!({ "limit": "5" }), ("/modifications/limit", "type")),
            (json!({ "limit": 5, "other": 1 }), ("/modifications", "additionalProperties")),
            (json!({ "limit": 5, "note": "too long" }), ("/modifications/note", "maxLength")),
        ] {
            let refused =
                ana.approve_with(id, json!({ "modifications": edits })).await.problem(422, "invalid");
            assert_eq!(errors(&refused.body), [expected], "{edits}");
        }
        assert_eq!(ana.show(id).await.body["version"], 1, "nothing was written");
        let edits = json!({ "modifications": { "limit": 5 } });
        ana.approve_with(id, edits.clone()).await.expect(200);
        if made["policy"]["min_approvers"] == 2 {
            // The second agrees with the first; another answer would be another approval.
            bo.approve(id).await.problem(422, "invalid");
            let other = json!({ "modifications": { "limit": 6 } });
            bo.approve_with(id, other).await.problem(409, "modifications_differ");
            bo.approve_with(id, edits).await.expect(200);
        }
        let outcome = agent.wait(id, 5).await.expect(200).body;
        assert_eq!(
            (&outcome["resolution"], &outcome["result"]["modifications"]),
            (&json!("modified"), &json!({ "limit": 5 }))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_rejects_says_why_and_nothing_else() {
    let team = Team::new().await;
    let Team { agent, ana, .. } = &team;
    let id = agent.ask(json!({ "response_schema": schema() })).await;
    ana.reject(&id, "no").await.expect(200);
}

/// Where nothing has to be said, one vote decides as always, and it may be said by many at once.
#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_left_out_may_be_left_out() {
    let team = Team::new().await;
    let Team { agent, ana, bo, cluster } = &team;
    let optional = json!({ "type": "object", "properties": { "note": { "type": "string" } } });
    let id = agent.ask(json!({ "response_schema": optional })).await;
    ana.approve(&id).await.expect(200);
    let second = agent.ask(json!({ "response_schema": optional })).await;
    let wanted = agent.ask(json!({ "response_schema": schema() })).await;
    let listed = ana.get("/api/v1/approvals/pending?view=summary").await.expect(200).body;
    assert!(listed["items"].as_array().unwrap().iter().all(|it| it["can_decide"] == true), "{listed}");
    let eligible = ana.get(&format!("/api/v1/approvals/{wanted}/eligible")).await.expect(200).body;
    assert_eq!(eligible["you"]["approve"]["allowed"], true, "{eligible}");
    let body = json!({ "ids": [second, wanted], "action": "approve" });
    let done = bo.post("/api/v1/approvals/bulk", &body).await.expect(200).body;
    assert_eq!((&done["results"][0]["status"], &done["results"][1]["status"]), (&json!(200), &json!(422)));
    let mut socket = Socket::open(bo, "t").await;
    let mut decision = json!({ "type": "resolve_approval", "approval_id": wanted, "approved": true });
    let reply = socket.ask(decision.clone()).await;
    assert_eq!(reply["data"]["errors"][0]["rule"], "required", "{reply}");
    decision["modifications"] = json!({ "limit": 7 });
    let reply = socket.ask(decision).await;
    assert_eq!(reply["event_type"], "approval_received", "{reply}");
    // A version that knows no schemas can't read the policy, and admits nobody.
    let mut conn = cluster.database.connect().await;
    let stored: Value = sqlx::query_scalar("SELECT policy FROM approval_requests WHERE id = $1::uuid")
        .bind(&wanted)
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!((&stored["min_approvers"], &stored["allowed_approvers"]), (&json!(u32::MAX), &json!([])));
    assert!(stored["form"]["conditional"].is_object(), "{stored}");
}

#[tokio::test(flavor = "multi_thread")]
async fn schemas_that_say_more_than_is_checked_are_refused() {
    let team = Team::new().await;
    let Team { agent, .. } = &team;
    for (schema, pointer, rule) in [
        (
            json!({ "type": "object", "patternProperties": {} }),
            "/response_schema/patternProperties",
            "keyword",
        ),
        (
            json!({ "$schema": "http://json-schema.org/draft-07/schema#" }),
            "/response_schema/$schema",
            "schema",
        ),
        (json!({ "$ref": "https://example.com/s" }), "/response_schema/$ref", "schema"),
        (json!({ "type": "array" }), "/response_schema/type", "schema"),
        (json!([]), "/response_schema", "type"),
        (json!({ "title": "x".repeat(17_000) }), "/response_schema", "max_size"),
    ] {
        let refused = agent.create(json!({ "response_schema": schema })).await.problem(422, "invalid");
        assert_eq!(errors(&refused.body)[0], (pointer, rule), "{schema}");
    }
    // A deadline gives no answer.
    let workspace = team.cluster.api(0, &team.cluster.key("team", "root", &["workspace:admin"]).await);
    let body = json!({ "allow_timeout_approve": true });
    workspace.request(reqwest::Method::PATCH, "/api/v1/workspace").json(&body).send().await.unwrap();
    let asked = json!({ "response_schema": schema(), "timeout_action": "approve" });
    let refused = workspace.create(asked).await.problem(422, "invalid");
    assert!(errors(&refused.body).contains(&("/timeout_action", "exclusive")), "{:?}", refused.body);
}

/// Properties stand in the order in which they were sent: that of a form's fields.
#[tokio::test(flavor = "multi_thread")]
async fn fields_keep_their_order() {
    let team = Team::new().await;
    let Team { agent, ana, .. } = &team;
    let body = r#"{"run_id":"r","approval_type":"plan_approval","context":{},"response_schema":
        {"type":"object","properties":{"z":{"type":"string"},"a":{"type":"boolean"},"m":{"type":"integer"}}}}"#;
    let made =
        agent.request(reqwest::Method::POST, "/api/v1/approvals").header("content-type", "application/json");
    let made: Value = made.body(body).send().await.unwrap().json().await.unwrap();
    let path = format!("/api/v1/approvals/{}", made["id"].as_str().unwrap());
    let text = ana.request(reqwest::Method::GET, &path).send().await.unwrap().text().await.unwrap();
    let place = |name: &str| text.find(&format!("\"{name}\":{{\"type\"")).unwrap();
    assert!(place("z") < place("a") && place("a") < place("m"), "{text}");
}
