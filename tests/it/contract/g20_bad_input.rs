//! G20: bad input is a clear 4xx, names the field and the rule, and has no effect.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Api, Cluster, Reply, Setup, client::merged};

async fn raw(api: &Api, path: &str, body: impl Into<reqwest::Body>) -> Reply {
    Api::send(api.request(Method::POST, path).header("content-type", "application/json").body(body)).await
}

#[tokio::test]
async fn g20_each_field_has_its_rule() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let long = |length: usize| "x".repeat(length);
    for (body, pointer, rule) in [
        (json!({ "run_id": null }), "/run_id", "required"),
        (json!({ "run_id": "" }), "/run_id", "name"),
        (json!({ "run_id": "a b" }), "/run_id", "name"),
        (json!({ "run_id": long(201) }), "/run_id", "name"),
        (json!({ "run_id": 7 }), "/run_id", "type"),
        (json!({ "task_id": "é" }), "/task_id", "name"),
        (json!({ "session_id": "a/b" }), "/session_id", "name"),
        (json!({ "job_id": "a?b" }), "/job_id", "name"),
        (json!({ "approval_type": null }), "/approval_type", "required"),
        (json!({ "context": null }), "/context", "required"),
        (json!({ "context": [] }), "/context", "type"),
        (json!({ "context": "text" }), "/context", "type"),
        (json!({ "context": { "x": long(256 * 1024) } }), "/context", "max_size"),
        (json!({ "title": long(501) }), "/title", "max_length"),
        (json!({ "description": long(10_001) }), "/description", "max_length"),
        (json!({ "timeout_seconds": 0 }), "/timeout_seconds", "range"),
        (json!({ "timeout_seconds": -1 }), "/timeout_seconds", "range"),
        (json!({ "timeout_seconds": 31_536_001 }), "/timeout_seconds", "range"),
        (json!({ "timeout_seconds": 1.5 }), "/timeout_seconds", "type"),
        (json!({ "timeout_seconds": "60" }), "/timeout_seconds", "type"),
        (json!({ "timeout_action": "explode" }), "/timeout_action", "choice"),
        (json!({ "policy": { "min_approvers": 0 } }), "/policy/min_approvers", "range"),
        (json!({ "policy": { "rejections_to_reject": 0 } }), "/policy/rejections_to_reject", "range"),
        (json!({ "policy": { "require_all": true } }), "/policy/require_all", "needs"),
        (
            json!({ "policy": { "allowed_approvers": ["ana", "b\u{202e}o"] } }),
            "/policy/allowed_approvers/1",
            "name",
        ),
        (json!({ "policy": { "allowed_approvers": "ana" } }), "/policy/allowed_approvers", "type"),
        (json!({ "policy": { "min_aprovers": 1 } }), "/policy/min_aprovers", "unknown_field"),
        (json!({ "checkpoint": { "name": "x" } }), "/checkpoint", "shape"),
        (json!({ "checkpoint": 3 }), "/checkpoint", "type"),
        (json!({ "metadata": 3 }), "/metadata", "type"),
        (json!({ "colour": "blue" }), "/colour", "unknown_field"),
    ] {
        let reply = asker.create(body.clone()).await;
        assert_eq!((reply.status, reply.code()), (422, "invalid"), "{body}: {reply:#?}");
        let errors = reply.body["errors"].as_array().unwrap();
        assert!(
            errors.iter().any(|error| error["pointer"] == pointer && error["rule"] == rule),
            "{pointer} {rule}: {errors:#?}"
        );
        assert!(errors.iter().all(|error| !error["message"].as_str().unwrap().is_empty()));
    }
    let several = asker.create(json!({ "run_id": "a b", "timeout_seconds": 0, "context": [] })).await;
    assert_eq!(several.problem(422, "invalid").body["errors"].as_array().unwrap().len(), 3);
    nothing_was_created(&cluster).await;
}

#[tokio::test]
async fn g20_json_is_taken_strictly() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let with = |context: &str| format!(r#"{{"run_id":"r","approval_type":"t","context":{context}}}"#);
    let deep = |levels: usize| "{\"a\":".repeat(levels) + "1" + &"}".repeat(levels);
    for (body, status, code) in [
        (String::new(), 400, "malformed"),
        ("{".to_owned(), 400, "malformed"),
        ("not json".to_owned(), 400, "malformed"),
        (r#"{"run_id":"a","run_id":"b","approval_type":"t","context":{}}"#.to_owned(), 400, "malformed"),
        (with(r#"{"a":1,"b":{"c":1,"c":2}}"#), 400, "malformed"),
        (with(r#"{"a":"\u0000"}"#), 400, "malformed"),
        (with(r#"{"\u0000":1}"#), 400, "malformed"),
        (with(r#"{"a":"\ud800"}"#), 400, "malformed"),
        (with(&deep(32)), 400, "malformed"),
        (with(r#"{"a":1e999}"#), 422, "invalid"),
        (with(r#"{"a":9007199254740993}"#), 422, "invalid"),
        ("[]".to_owned(), 422, "invalid"),
        ("null".to_owned(), 422, "invalid"),
        ("7".to_owned(), 422, "invalid"),
    ] {
        let reply = raw(&asker, "/api/v1/approvals", body.clone()).await;
        assert_eq!((reply.status, reply.code()), (status, code), "{body}: {reply:#?}");
    }
    raw(&asker, "/api/v1/approvals", vec![0xff, 0xfe]).await.problem(400, "malformed");
    raw(&asker, "/api/v1/approvals", with(&format!("{{\"x\":\"{}\"}}", "x".repeat(1024 * 1024))))
        .await
        .problem(413, "too_large");
    for media in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""] {
        let request = asker.request(Method::POST, "/api/v1/approvals").header("content-type", media);
        Api::send(request.body(with("{}"))).await.problem(415, "unsupported_media_type");
    }
    nothing_was_created(&cluster).await;
    // Arrays are not objects, although their elements would fit the fields.
    let id = asker.ask(json!({})).await;
    let ana = cluster.api(0, &cluster.member("ana").await);
    for (verb, body) in
        [("approve", r#"["c",{"x":1},null]"#), ("cancel", r#"["why"]"#), ("reject", r#"["no",null]"#)]
    {
        raw(&ana, &format!("/api/v1/approvals/{id}/{verb}"), body).await.problem(422, "invalid");
    }
    let nested =
        asker.create(json!({ "policy": [1, null, false, true, 1, null] })).await.problem(422, "invalid");
    assert_eq!(nested.body["errors"][0]["pointer"], "/policy");
    assert_eq!(asker.show(&id).await.body["version"], 1);
    // The edge of what is fine.
    raw(&asker, "/api/v1/approvals", with(&deep(31))).await.expect(201);
    let odd = r#"{ "b" : 1.10, "a" : [ 1e2 , -0 , "\u00e9" ] }"#;
    let kept = raw(&asker, "/api/v1/approvals", with(odd)).await.expect(201).id();
    let text = asker.request(Method::GET, &format!("/api/v1/approvals/{kept}")).send().await.unwrap();
    assert!(text.text().await.unwrap().contains(odd), "the context comes back byte for byte");
}

#[tokio::test]
async fn g20_deciding_has_rules_too() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let id = asker.ask(json!({})).await;
    let path = |verb: &str| format!("/api/v1/approvals/{id}/{verb}");
    for (verb, body, pointer, rule) in [
        ("approve", json!({ "comment": "x".repeat(5_001) }), "/comment", "max_length"),
        ("approve", json!({ "comment": 1 }), "/comment", "type"),
        ("approve", json!({ "modifications": [1] }), "/modifications", "type"),
        ("approve", json!({ "metadata": "x" }), "/metadata", "type"),
        ("approve", json!({ "reason": "x" }), "/reason", "unknown_field"),
        ("reject", json!({}), "/reason", "required"),
        ("reject", json!({ "reason": "  " }), "/reason", "min_length"),
        ("reject", json!({ "reason": "x".repeat(5_001) }), "/reason", "max_length"),
        ("cancel", json!({ "reason": null }), "/reason", "required"),
    ] {
        let reply = ana.post(&path(verb), &body).await.problem(422, "invalid");
        let error = &reply.body["errors"][0];
        assert_eq!((&error["pointer"], &error["rule"]), (&json!(pointer), &json!(rule)), "{verb} {body}");
    }
    assert_eq!(asker.show(&id).await.body["version"], 1, "no partial effect");
    // No body at all is an approval without words.
    let reply = Api::send(ana.request(Method::POST, &path("approve"))).await.expect(200);
    assert_eq!(reply.body["approval"]["result"]["feedback"], Value::Null);
    // Five thousand characters are fine, whatever their bytes.
    let id = asker.ask(json!({})).await;
    ana.approve_with(&id, json!({ "comment": "é".repeat(5_000) })).await.expect(200);
}

#[tokio::test]
async fn g20_paths_queries_and_headers() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let id = asker.ask(json!({})).await;
    for path in
        ["/nothing", "/inbox/x/y", "/api", "/api/v1/nothing", "/api/v1/approvals/x/y/z", "/api/v2/approvals"]
    {
        asker.get(path).await.problem(404, "not_found");
    }
    for odd in ["x", "%00", "%ff", "..%2f", "0193d1a4", &"9".repeat(500)] {
        asker.get(&format!("/api/v1/approvals/{odd}")).await.problem(404, "not_found");
        asker.approve(odd).await.problem(404, "not_found");
    }
    let reply = Api::send(asker.request(Method::PUT, &format!("/api/v1/approvals/{id}"))).await;
    assert!(reply.problem(405, "method_not_allowed").header("allow").contains("GET"));
    for query in [
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=-1",
        "sort=title",
        "approver=bo",
        "cursor=xyz",
        "cursor=",
        "run_id=a%20b",
        "colour=blue",
        "limit=1&limit=2",
        "q=%00",
    ] {
        let reply = asker.get(&format!("/api/v1/approvals/pending?{query}")).await;
        assert_eq!((reply.status, reply.code()), (422, "invalid"), "{query}: {reply:#?}");
    }
    for query in ["timeout=x", "timeout=-1", "timeout=1.5", "timeout="] {
        let reply = asker.get(&format!("/api/v1/approvals/{id}/wait?{query}")).await;
        assert_eq!((reply.status, reply.code()), (422, "invalid"), "{query}: {reply:#?}");
    }
    // A cursor made up by hand, with a time that no database has.
    for at in ["-200000-01-01T00:00:00Z", "+262000-01-01T00:00:00Z"] {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let cursor = json!({ "sort": "expires_at", "at": at, "id": "01890a5d-ac96-774b-bcce-b302099a8057" });
        let cursor = URL_SAFE_NO_PAD.encode(cursor.to_string());
        asker.get(&format!("/api/v1/approvals/pending?cursor={cursor}")).await.problem(422, "invalid");
    }
    let admin = cluster.api(0, &cluster.key("acme", "admin", &["workspace:admin"]).await);
    for name in ["%ff", "a%20b", "%00", "never"] {
        admin.delete(&format!("/api/v1/runs/{name}")).await.problem(404, "not_found");
    }
    admin.get("/api/v1/cluster").await.problem(403, "forbidden");
    let long = "k".repeat(256);
    for key in ["", "a b", "é", long.as_str()] {
        let request = asker.request(Method::POST, "/api/v1/approvals").header("Idempotency-Key", key);
        Api::send(request.json(&merged(json!({})))).await.problem(422, "invalid");
    }
    let request = asker.request(Method::GET, "/livez").header("x-request-id", "mine-1");
    assert_eq!(Api::send(request).await.header("x-request-id"), "mine-1");
    let request = asker.request(Method::GET, "/livez").header("x-request-id", "with blanks");
    assert_ne!(Api::send(request).await.header("x-request-id"), "with blanks");
}

#[tokio::test]
async fn g20_idempotency_keys_stand_for_what_was_said() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let post = |api: &Api, body: &str| {
        let request = api.request(Method::POST, "/api/v1/approvals").header("Idempotency-Key", "k");
        request.header("content-type", "application/json").body(body.to_owned())
    };
    let first = Api::send(post(&asker, r#"{"run_id":"r","approval_type":"t","context":{"a":1}}"#)).await;
    let id = first.expect(201).id();
    // The order of keys and white space say nothing.
    let again = post(&asker, r#"{ "context": {"a": 1}, "approval_type": "t", "run_id": "r" }"#);
    assert_eq!(Api::send(again).await.expect(200).header("idempotency-replayed"), "true");
    let other = post(&asker, r#"{"run_id":"r","approval_type":"t","context":{"a":2}}"#);
    Api::send(other).await.problem(422, "idempotency_mismatch");
    // Somebody else's key of the same name is another key.
    let theirs = post(&ana, r#"{"run_id":"r","approval_type":"t","context":{"a":1}}"#);
    assert_ne!(Api::send(theirs).await.expect(201).id(), id);
    // The replay shows it as it stands now.
    ana.approve(&id).await.expect(200);
    let again = post(&asker, r#"{"run_id":"r","approval_type":"t","context":{"a":1}}"#);
    let reply = Api::send(again).await.expect(200);
    assert_eq!((reply.id(), &reply.body["status"]), (id, &json!("resolved")));
}

async fn nothing_was_created(cluster: &Cluster) {
    let mut conn = cluster.database.connect().await;
    let rows: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM approval_requests) + (SELECT count(*) FROM workflow_runs)
              + (SELECT count(*) FROM audit_log WHERE action LIKE 'approval.%') + (SELECT count(*) FROM idempotency_keys)",
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    assert_eq!(rows, 0, "bad input had an effect");
}

/// An answer that comes before the body was read reaches whoever is still sending it.
#[tokio::test(flavor = "multi_thread")]
async fn g20_early_answers_arrive() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let nobody = cluster.api(0, "nonsense");
    for size in [20_000, 1_100_000, 3_000_000] {
        let body = format!(r#"{{"context":{{"x":"{}"}}}}"#, "x".repeat(size));
        for _ in 0..5 {
            raw(&nobody, "/api/v1/approvals", body.clone()).await.problem(401, "unauthenticated");
            raw(&asker, "/api/v1/nowhere", body.clone()).await.problem(404, "not_found");
            let text = asker.request(Method::POST, "/api/v1/approvals").header("content-type", "text/plain");
            let status = Api::send(text.body(body.clone())).await.status;
            assert_eq!(status, 415);
            if size > 1_048_576 {
                raw(&asker, "/api/v1/approvals", body.clone()).await.problem(413, "too_large");
            }
        }
    }
}

/// Numbers that need all their digits: the same edits are the same, however often they are read and written.
#[tokio::test]
async fn g20_doubles_survive() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let bo = cluster.api(0, &cluster.member("bo").await);
    for round in 0..20 {
        let numbers: Vec<f64> = (0..200)
            .map(|_| {
                loop {
                    let number = f64::from_bits(rand::random());
                    if number.is_finite() && number != 0.0 {
                        break number;
                    }
                }
            })
            .collect();
        let edits = json!({ "modifications": { "numbers": numbers } });
        let id = asker.ask(json!({ "policy": { "min_approvers": 2 } })).await;
        ana.approve_with(&id, edits.clone()).await.expect(200);
        let again = ana.approve_with(&id, edits.clone()).await.expect(200);
        assert_eq!(again.body["changed"], false, "round {round}");
        let done = bo.approve_with(&id, edits.clone()).await.expect(200).body;
        assert_eq!(done["approval"]["result"]["modifications"], edits["modifications"], "round {round}");
    }
}

/// What a client's library did to the body is told in words that help.
#[tokio::test]
async fn g20_bodies_that_are_packed_or_marked_are_told_so() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let body = merged(json!({})).to_string();
    for coding in ["gzip", "br", "identity, gzip"] {
        let request = asker.request(Method::POST, "/api/v1/approvals").header("content-encoding", coding);
        let request = request.header("content-type", "application/json").body(body.clone());
        let reply = Api::send(request).await.problem(415, "unsupported_media_type");
        assert!(reply.body["detail"].as_str().unwrap().contains("not compressed"), "{reply:?}");
    }
    let utf16: Vec<u8> = body.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for marked in [[b"\xEF\xBB\xBF", body.as_bytes()].concat(), [b"\xFF\xFE", &utf16[..]].concat()] {
        let reply = raw(&asker, "/api/v1/approvals", marked).await.problem(400, "malformed");
        assert!(reply.body["detail"].as_str().unwrap().contains("byte order mark"), "{reply:?}");
    }
    let number = body.replacen('{', "{\"timeout_seconds\":300.0,", 1);
    let reply = raw(&asker, "/api/v1/approvals", number).await.problem(422, "invalid");
    let error = &reply.body["errors"][0];
    assert_eq!((&error["pointer"], &error["rule"]), (&json!("/timeout_seconds"), &json!("type")));
    assert!(error["message"].as_str().unwrap().ends_with("300.0 has a decimal point; write 300"), "{error}");
    nothing_was_created(&cluster).await;
    let request = asker.request(Method::POST, "/api/v1/approvals").header("content-encoding", "identity");
    Api::send(request.header("content-type", "application/json").body(body)).await.expect(201);
}
