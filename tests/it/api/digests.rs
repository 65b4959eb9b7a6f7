//! The digest of what is asked: shown, computed by others, and sent along with an answer.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{Api, Shell, Socket, command::Running, team::Team};

fn sha256(text: &str) -> String {
    format!("sha256:{}", signoff::store::hex(&Sha256::digest(text)))
}

async fn digest(api: &Api, id: &str) -> Value {
    api.show(id).await.expect(200).body["digest"].clone()
}

fn other() -> String {
    sha256("something else")
}

/// The canonical text is written out here by hand.
#[tokio::test(flavor = "multi_thread")]
async fn it_is_of_what_is_shown() {
    let team = Team::new().await;
    let Team { agent, ana, .. } = &team;
    let asked =
        json!({ "run_id": "r-1", "title": "Größe", "context": { "b": 1.50, "a": [true, null, 1e3] } });
    let made = agent.create(asked).await.expect(201).body;
    let (id, workspace) = (made["id"].as_str().unwrap(), made["workspace_id"].as_str().unwrap());
    let requester = made["requested_by_id"].as_str().unwrap();
    let canonical = format!(
        r#"{{"approval_type":"plan_approval","context":{{"a":[true,null,1000],"b":1.5}},"description":null,"id":"{id}","#
    ) + &format!(
        r#""job_id":null,"on_behalf_of":null,"requested_by":{{"id":"{requester}","name":"agent"}},"response_schema":null,"#
    ) + &format!(
        r#""run_id":"r-1","task_id":"r-1","title":"Größe","v":1,"workspace_id":"{workspace}"}}"#
    );
    assert_eq!(made["digest"], sha256(&canonical), "{canonical}");
    assert_eq!(digest(ana, id).await, made["digest"]);
    let listed = ana.get("/api/v1/approvals/pending").await.expect(200).body;
    assert_eq!(listed["items"][0]["digest"], made["digest"]);
    let ended =
        ana.approve_with(id, json!({ "modifications": { "z": 1.0, "a": "x" } })).await.expect(200).body;
    let outcome = &ended["approval"]["result"];
    assert_eq!(outcome["modifications_digest"], sha256(r#"{"a":"x","z":1}"#));
    assert_eq!(ended["approval"]["digest"], made["digest"], "it never changes");
    let waited = agent.wait(id, 5).await.expect(200).body;
    assert_eq!(waited["result"]["modifications_digest"], outcome["modifications_digest"]);
    let read = ana.show(id).await.expect(200).body;
    assert_eq!(read["result"]["modifications_digest"], outcome["modifications_digest"]);
}

/// What the version before wrote has no digest in its row.
#[tokio::test(flavor = "multi_thread")]
async fn rows_of_the_version_before_have_one_too() {
    let team = Team::new().await;
    let Team { cluster, agent, ana, bo } = &team;
    let id = agent.ask(json!({ "policy": { "min_approvers": 2 } })).await;
    let shown = digest(ana, &id).await;
    let mut conn = cluster.database.connect().await;
    let sql = "UPDATE approval_requests SET digest = NULL WHERE id = $1::uuid";
    sqlx::query(sql).bind(&id).execute(&mut conn).await.unwrap();
    assert_eq!(digest(bo, &id).await, shown);
    ana.approve_with(&id, json!({ "digest": other() })).await.problem(409, "digest_mismatch");
    ana.approve_with(&id, json!({ "digest": shown })).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_about_what_was_shown() {
    let team = Team::new().await;
    let Team { cluster, agent, ana, bo } = &team;
    // One vote decides the first, and not the second.
    for policy in [json!({}), json!({ "min_approvers": 2, "rejections_to_reject": 2 })] {
        let id = agent.ask(json!({ "policy": policy })).await;
        let shown = digest(ana, &id).await;
        let wrong = json!({ "digest": other() });
        let refused = ana.approve_with(&id, wrong.clone()).await.problem(409, "digest_mismatch");
        assert_eq!(refused.body["approval"]["digest"], shown, "it comes along, to be looked at");
        let rejection = json!({ "reason": "no", "digest": other() });
        let path = format!("/api/v1/approvals/{id}/reject");
        bo.post(&path, &rejection).await.problem(409, "digest_mismatch");
        assert_eq!(ana.show(&id).await.body["version"], 1, "nothing was written");
        for bad in ["", "sha256:00", &shown.as_str().unwrap()[7..], "SHA256:x"] {
            let bad = json!({ "digest": bad });
            ana.approve_with(&id, bad).await.problem(422, "invalid").violation("/digest", "digest");
        }
        ana.approve_with(&id, json!({ "digest": shown })).await.expect(200);
        // The same again succeeds, whatever it says to have seen: it was recorded with what was seen then.
        let again = ana.approve_with(&id, wrong).await.expect(200);
        assert_eq!(again.body["changed"], false);
        let votes = ana.get(&format!("/api/v1/approvals/{id}/decisions")).await.expect(200).body;
        assert_eq!(votes["items"][0]["digest"], shown);
        let mut conn = cluster.database.connect().await;
        let recorded: Value = sqlx::query_scalar(
            "SELECT detail FROM audit_log WHERE approval_id = $1::uuid AND action <> 'approval.requested'",
        )
        .bind(&id)
        .fetch_one(&mut conn)
        .await
        .unwrap();
        assert_eq!(recorded["digest"], shown);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_may_want_it() {
    let team = Team::new().await;
    let Team { agent, ana, bo, .. } = &team;
    let asked = json!({ "policy": { "require_digest": true } });
    let id = agent.ask(asked.clone()).await;
    assert_eq!(ana.show(&id).await.body["policy"]["require_digest"], true);
    let without = ana.approve(&id).await.problem(422, "invalid").violation("/digest", "required");
    assert_eq!(without.body["approval"], Value::Null);
    ana.reject(&id, "no").await.problem(422, "invalid").violation("/digest", "required");
    let listed = ana.get("/api/v1/approvals/pending?view=summary").await.expect(200).body;
    assert_eq!(listed["items"][0]["can_decide"], true, "a screen sends it");
    // In a bulk, each item has its own.
    let second = agent.ask(asked.clone()).await;
    let third = agent.ask(asked).await;
    let ids = json!([
        { "id": id, "digest": digest(ana, &id).await }, { "id": second, "digest": other() }, third,
    ]);
    let body = json!({ "ids": ids, "action": "approve" });
    let done = bo.post("/api/v1/approvals/bulk", &body).await.expect(200).body;
    let told: Vec<(&Value, &Value)> =
        done["results"].as_array().unwrap().iter().map(|it| (&it["status"], &it["code"])).collect();
    assert_eq!(
        told,
        [
            (&json!(200), &Value::Null),
            (&json!(409), &json!("digest_mismatch")),
            (&json!(422), &json!("invalid"))
        ]
    );
    let bad = json!({ "ids": [{ "id": third, "digest": "x" }], "action": "approve" });
    bo.post("/api/v1/approvals/bulk", &bad)
        .await
        .problem(422, "invalid")
        .violation("/ids/0/digest", "digest");
    // Over a socket.
    let mut socket = Socket::open(bo, "t").await;
    let mut decision = json!({ "type": "resolve_approval", "approval_id": third, "approved": true });
    let reply = socket.ask(decision.clone()).await;
    assert_eq!(reply["data"]["code"], "invalid", "{reply}");
    decision["digest"] = digest(bo, &third).await;
    let reply = socket.ask(decision).await;
    assert_eq!(reply["event_type"], "approval_received", "{reply}");
}

/// What is stored for older versions to stay away from is nothing that a caller sees.
#[tokio::test(flavor = "multi_thread")]
async fn such_approvals_are_listed_and_recorded_like_others() {
    let team = Team::new().await;
    let Team { cluster, agent, ana, .. } = &team;
    let schema = json!({ "type": "object" });
    for asked in [
        json!({ "policy": { "require_digest": true } }),
        json!({ "policy": { "require_digest": true, "allowed_approvers": ["ana", "zoe"], "min_approvers": 2 } }),
        json!({ "response_schema": schema }),
        json!({ "response_schema": schema, "policy": { "allowed_approvers": ["ana", "zoe"], "min_approvers": 2 } }),
        json!({ "policy": { "require_digest": true }, "escalation": [{ "after_seconds": 600, "policy": {} }] }),
    ] {
        let made = agent.create(asked.clone()).await.expect(201).body;
        let id = made["id"].as_str().unwrap();
        let mine = ana.get("/api/v1/approvals/pending?approver=me").await.expect(200).body;
        let ids: Vec<&str> =
            mine["items"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
        assert_eq!(ids, [id], "{asked}");
        let counts = ana.get("/api/v1/approvals/counts").await.expect(200).body;
        assert_eq!(counts["mine"], 1, "{counts}");
        let is_warned = made["warnings"].as_array().is_some_and(|it| !it.is_empty());
        assert_eq!(is_warned, asked["policy"]["min_approvers"] == 2, "zoe is not there: {made}");
        let mut conn = cluster.database.connect().await;
        let sql = "SELECT detail -> 'policy' FROM audit_log WHERE approval_id = $1::uuid AND action = 'approval.requested'";
        let recorded: Value = sqlx::query_scalar(sql).bind(id).fetch_one(&mut conn).await.unwrap();
        assert_eq!(recorded, made["policy"], "{asked}");
        agent.cancel(id, "next").await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn items_of_a_bulk_are_read_strictly() {
    let team = Team::new().await;
    let Team { agent, ana, .. } = &team;
    let id = agent.ask(json!({})).await;
    for (item, pointer, rule) in [
        (json!({ "id": id, "digst": "x" }), "/ids/0/digst", "unknown_field"),
        (json!({ "digest": other() }), "/ids/0", "type"),
        (json!(7), "/ids/0", "type"),
        (json!({ "id": "x" }), "/ids/0/id", "uuid"),
    ] {
        let body = json!({ "ids": [item], "action": "approve" });
        ana.post("/api/v1/approvals/bulk", &body).await.problem(422, "invalid").violation(pointer, rule);
    }
}

/// The largest context is made canonical aside, and comes to the same.
#[tokio::test(flavor = "multi_thread")]
async fn large_contexts_have_one() {
    let team = Team::new().await;
    let Team { agent, ana, .. } = &team;
    let numbers: Vec<f64> = (0..12_000).map(|n| f64::from(n) / 7.0).collect();
    let made = agent.create(json!({ "context": { "n": numbers } })).await.expect(201).body;
    let computed = signoff::domain::digest::Digest::of_shown(&made).unwrap().to_string();
    assert_eq!(made["digest"], computed);
    let edits = json!({ "modifications": { "n": numbers } });
    let done = ana.approve_with(made["id"].as_str().unwrap(), edits).await.expect(200).body;
    assert!(done["approval"]["result"]["modifications_digest"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_computes_it_from_what_is_shown() {
    let shell = Shell::new().await;
    let agent = Api::new(&shell.cluster.instances[0].url, &shell.agent);
    let made = agent.create(json!({ "context": { "amount": 10.0 } })).await.expect(201);
    let (id, shown) = (made.id(), made.body["digest"].as_str().unwrap().to_owned());
    assert_eq!(shell.run(&shell.agent, &["digest", &id]).await, (0, format!("{shown}\n")));
    let computed = async |approval: &Value| {
        let mut running = Running::start(&["digest", "-"], &[]);
        drop(running.write(&approval.to_string()));
        running.end().await
    };
    let (code, printed, _) = computed(&made.body).await;
    assert_eq!((code, printed), (0, vec![shown.clone()]));
    let mut changed = made.body.clone();
    changed["context"]["amount"] = json!(999_999);
    let (code, printed, said) = computed(&changed).await;
    assert_eq!((code, printed.len()), (14, 0), "{said:?}");
    assert!(said.join(" ").contains("but the service says"), "{said:?}");
    assert_eq!(computed(&json!({ "id": id })).await.0, 14);
    let ana = &shell.cluster.member("ana").await;
    let (code, said) = shell.run(ana, &["approve", &id, "--digest", &other()]).await;
    assert_ne!(code, 0, "{said}");
    let (code, said) = shell.run(ana, &["reject", &id, "--reason", "no", "--digest", &other()]).await;
    assert_ne!(code, 0, "{said}");
    let (code, said) = shell.run(ana, &["approve", &id, "--digest", &shown]).await;
    assert_eq!(code, 0, "{said}");
}
