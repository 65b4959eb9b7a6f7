//! G17 and G20: what a workspace shows to no one outside is in no notification; and where it says so, it is not stored.

use reqwest::Method;
use serde_json::{Value, json};

use super::g17_mail::{Post, for_person};
use crate::support::{Api, Cluster, Setup};

async fn set(admin: &Api, redaction: Value) -> crate::support::Reply {
    let body = json!({ "redaction": redaction });
    Api::send(admin.request(Method::PATCH, "/api/v1/workspace").json(&body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_setting_takes_the_place_of_the_defaults_and_can_be_taken_back() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let shown = async || admin.get("/api/v1/workspace").await.expect(200).body["redaction"].clone();
    let before = shown().await;
    assert_eq!(before["store"], false);
    assert!(before["keys"].as_array().unwrap().contains(&json!("*password*")), "{before}");
    assert!(!before["patterns"].as_array().unwrap().is_empty());
    let mine = set(&admin, json!({ "keys": ["iban"], "store": true })).await.expect(200).body;
    assert_eq!((&mine["redaction"]["keys"], &mine["redaction"]["store"]), (&json!(["iban"]), &json!(true)));
    assert_eq!(mine["redaction"]["patterns"], before["patterns"], "what is left out stays");
    set(&admin, json!({ "patterns": [] })).await.expect(200);
    assert_eq!(shown().await, json!({ "keys": ["iban"], "patterns": [], "store": true }));
    set(&admin, json!({ "keys": null })).await.expect(200);
    assert_eq!(shown().await["keys"], before["keys"]);
    set(&admin, Value::Null).await.expect(200);
    assert_eq!(shown().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_what_is_no_pattern_is_refused_at_its_place() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let many = |count: usize| json!((0..count).map(|n| format!("k{n}")).collect::<Vec<_>>());
    for (redaction, pointer, rule) in [
        (json!({ "patterns": ["ok", "("] }), "/redaction/patterns/1", "pattern"),
        (json!({ "patterns": ["(?=x)y"] }), "/redaction/patterns/0", "pattern"),
        (json!({ "patterns": ["(a{1000}){1000}"] }), "/redaction/patterns/0", "max_size"),
        (json!({ "patterns": ["x*"] }), "/redaction/patterns/0", "empty_match"),
        (json!({ "patterns": [""] }), "/redaction/patterns/0", "min_length"),
        (json!({ "patterns": ["x".repeat(201)] }), "/redaction/patterns/0", "max_length"),
        (json!({ "patterns": many(21) }), "/redaction/patterns", "max_items"),
        (json!({ "keys": many(101) }), "/redaction/keys", "max_items"),
        (json!({ "keys": ["a", ""] }), "/redaction/keys/1", "min_length"),
        (json!({ "keys": [1] }), "/redaction/keys/0", "type"),
        (json!({ "store": null }), "/redaction/store", "type"),
        (json!({ "colour": "red" }), "/redaction/colour", "unknown_field"),
        (json!([]), "/redaction", "type"),
    ] {
        set(&admin, redaction).await.violation(pointer, rule);
    }
    // Each of these is small enough. The first that is too large with those before it is refused, alone.
    let together = set(&admin, json!({ "patterns": vec![r"\w{2}"; 20] })).await.problem(422, "invalid").body;
    let errors = together["errors"].as_array().unwrap();
    let pointer = errors[0]["pointer"].as_str().unwrap();
    let place: usize = pointer.strip_prefix("/redaction/patterns/").unwrap().parse().unwrap();
    assert!(errors.len() == 1 && errors[0]["rule"] == "max_size" && place >= 2, "{errors:?}");
    set(&admin, json!({ "patterns": vec![r"\w{2}"; place] })).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_planted_secret_is_in_no_notification() {
    let post = Post::open(&["ana"]).await;
    let admin = post.cluster.api(1, &post.cluster.key("acme", "root", &["workspace:admin"]).await);
    set(&admin, json!({ "keys": ["card"], "patterns": ["PLANTED-[0-9]+"] })).await.expect(200);
    let secret = "PLANTED-4711";
    let mut body = for_person("ana");
    body["title"] = json!(format!("Refund {secret}"));
    body["description"] = json!(format!("For {secret}"));
    body["context"] = json!({ "Card": "PLANTED", "note": secret, "deep": { "card": ["PLANTED"] } });
    let id = post.agent.ask(body.clone()).await;
    let mail = &post.mails(1).await[0];
    for part in [mail.text.clone(), mail.part("text/plain"), mail.part("text/html")] {
        assert!(!part.contains("PLANTED"), "{part}");
    }
    let mut conn = post.cluster.database.connect().await;
    let rows: Vec<String> = sqlx::query_scalar("SELECT n::text FROM approval_notifications n")
        .fetch_all(&mut conn)
        .await
        .unwrap();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.contains("Refund [redacted]") && !row.contains("PLANTED")), "{rows:?}");
    // Who asked, and who looks in the app, see what was asked: it is stored as it came.
    assert_eq!(post.agent.show(&id).await.expect(200).body["context"], body["context"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_where_the_workspace_says_so_a_secret_is_not_even_stored() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    set(&admin, json!({ "store": true })).await.expect(200);
    // Keys that were not looked up before see it at once.
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let secret = "Bearer PLANTEDPLANTED";
    let asked = json!({
        "title": format!("Use {secret}"), "description": secret,
        "context": { "n": 1.50, "password": "PLANTED", "note": secret },
    });
    let id = agent.ask(asked).await;
    let shown = agent.show(&id).await.expect(200).body;
    assert_eq!(shown["title"], "Use [redacted]");
    assert_eq!(shown["context"], json!({ "n": 1.5, "password": "[redacted]", "note": "[redacted]" }));
    let reason = json!({ "reason": format!("not with {secret}"), "comment": secret });
    let done = ana.post(&format!("/api/v1/approvals/{id}/reject"), &reason).await.expect(200).body;
    assert_eq!(done["approval"]["result"]["feedback"], "not with [redacted]");
    let edited = agent.ask(json!({ "context": { "token": "PLANTED" } })).await;
    let approve = json!({ "comment": secret, "modifications": { "limit": 10 } });
    ana.post(&format!("/api/v1/approvals/{edited}/approve"), &approve).await.expect(200);
    let cancelled = agent.ask(json!({})).await;
    agent
        .post(&format!("/api/v1/approvals/{cancelled}/cancel"), &json!({ "reason": secret }))
        .await
        .expect(200);
    let bulk = json!({ "ids": [agent.ask(json!({})).await], "action": "reject", "reason": secret });
    ana.post("/api/v1/approvals/bulk", &bulk).await.expect(200);
    // The hash in the record is of what is stored.
    let mut conn = cluster.database.connect().await;
    let matching: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM approval_requests a JOIN audit_log l ON l.approval_id = a.id
          WHERE l.action = 'approval.requested'
            AND l.detail ->> 'context_sha256' = encode(sha256(convert_to(a.context::text, 'UTF8')), 'hex')",
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    assert_eq!(matching, 4);
    for table in
        ["approval_requests", "approval_decisions", "audit_log", "task_events", "approval_notifications"]
    {
        let statement = format!("SELECT count(*) FROM {table} t WHERE t::text LIKE '%PLANTED%'");
        let found: i64 =
            sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).fetch_one(&mut conn).await.unwrap();
        assert_eq!(found, 0, "{table}");
    }
}
