//! What each person has chosen for the console, and what the workspace offers to who rejects.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Api, Cluster, Reply, Setup, browser::Browser};

const PREFERENCES: &str = "/api/v1/me/preferences";

async fn single() -> Cluster {
    Cluster::with(Setup { instances: 1, ..Setup::default() }).await
}

async fn put(api: &Api, body: &Value, tag: Option<&str>) -> Reply {
    let mut request = api.request(Method::PUT, PREFERENCES).json(body);
    if let Some(tag) = tag {
        request = request.header("if-match", tag);
    }
    Api::send(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_has_their_own_whatever_they_may_do() {
    let cluster = single().await;
    // A permission that allows next to nothing; the same name elsewhere is somebody else.
    let ana = cluster.api(0, &cluster.key("acme", "ana", &["connection:view"]).await);
    let other = cluster.api(0, &cluster.key("evil", "ana", &["connection:view"]).await);
    let again = cluster.api(0, &cluster.member("ana").await);
    let empty = ana.get(PREFERENCES).await.expect(200);
    assert_eq!((empty.header("etag"), &empty.body["theme"]), ("\"0\"", &Value::Null));
    assert_eq!(empty.body.as_object().unwrap().len(), 5, "{:#?}", empty.body);
    let wanted = json!({
        "theme": "dark", "density": "compact", "single_keys": false, "notifications": true,
        "saved_views": [{ "name": "Deploys \u{1f680}", "query": "?type=deploy&q=a%20b" }],
    });
    let stored = put(&ana, &wanted, Some("\"0\"")).await.expect(200);
    assert_eq!((stored.header("etag"), &stored.body), ("\"1\"", &wanted));
    assert_eq!(
        again.get(PREFERENCES).await.expect(200).body,
        wanted,
        "another credential of the same person"
    );
    assert_eq!(other.get(PREFERENCES).await.expect(200).header("etag"), "\"0\"");
    // Who has seen an older state doesn't undo a newer one.
    put(&ana, &json!({}), Some("\"0\"")).await.problem(412, "version_conflict");
    put(&ana, &json!({}), Some("W/\"1\"")).await.problem(412, "version_conflict");
    assert_eq!(put(&ana, &json!({ "theme": null }), Some("\"1\"")).await.expect(200).header("etag"), "\"2\"");
    assert_eq!(
        ana.get(PREFERENCES).await.expect(200).body["density"],
        Value::Null,
        "what is left out is gone"
    );
    put(&ana, &json!({ "theme": "light" }), None).await.expect(200);
    put(&ana, &json!({ "theme": "system" }), Some("*")).await.expect(200);
    // By cookie only for pages of ours.
    let (base, browser) = (&cluster.instances[0].url, Browser::new());
    browser.sign_in_with_key(base, &cluster.member("ana").await).await;
    let url = format!("{base}{PREFERENCES}");
    assert_eq!(browser.ask(Method::GET, &url, None).await.json()["theme"], "system");
    assert_eq!(browser.ask(Method::PUT, &url, Some(&json!({ "theme": "dark" }))).await.status, 200);
    let foreign =
        browser.request(Method::PUT, &url).header("origin", "https://evil.example").json(&json!({}));
    assert!([401, 403].contains(&browser.send(foreign).await.status));
    assert_eq!(ana.get(PREFERENCES).await.expect(200).body["theme"], "dark");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_first_ones_at_once_do_not_overwrite_each_other() {
    let cluster = single().await;
    let ana = cluster.api(0, &cluster.member("ana").await);
    let both = (0..8).map(|_| {
        let ana = ana.clone();
        tokio::task::spawn(async move { put(&ana, &json!({ "theme": "dark" }), Some("\"0\"")).await.status })
    });
    let mut statuses = Vec::new();
    for one in both.collect::<Vec<_>>() {
        statuses.push(one.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_preference_is_refused_by_name() {
    let cluster = single().await;
    let ana = cluster.api(0, &cluster.member("ana").await);
    let view = |name: &str, query: &str| json!({ "name": name, "query": query });
    let views: Vec<Value> = (0..51).map(|n| view(&n.to_string(), "")).collect();
    for (body, pointer) in [
        (json!({ "theme": "pink" }), "/theme"),
        (json!({ "theme": 1 }), "/theme"),
        (json!({ "density": "" }), "/density"),
        (json!({ "single_keys": "yes" }), "/single_keys"),
        (json!({ "colour": "red" }), "/colour"),
        (json!({ "saved_views": views }), "/saved_views"),
        (json!({ "saved_views": [view("", "")] }), "/saved_views/0/name"),
        (json!({ "saved_views": [view("a\u{202e}b", "")] }), "/saved_views/0/name"),
        (json!({ "saved_views": [view("a", &"q".repeat(2_001))] }), "/saved_views/0/query"),
        (json!({ "saved_views": [{ "name": "a", "query": "", "x": { "y": {} } }] }), "/saved_views/0/x"),
    ] {
        let reply = put(&ana, &body, None).await.problem(422, "invalid");
        assert_eq!(reply.body["errors"][0]["pointer"], pointer, "{:#?}", reply.body);
    }
    put(&ana, &json!([]), None).await.problem(422, "invalid");
    let large = json!({ "saved_views": [view("a", &"q".repeat(17_000))] });
    put(&ana, &large, None).await.problem(413, "too_large");
    put(&ana, &json!({ "theme": "dark" }), Some("\"3\"")).await.problem(412, "version_conflict");
    let shown = ana.get(PREFERENCES).await.expect(200);
    assert_eq!(
        (shown.header("etag"), shown.body.as_object().unwrap().len()),
        ("\"0\"", 5),
        "nothing was stored"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn reasons_to_reject_are_set_by_administrators_and_seen_by_everybody() {
    let cluster = single().await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let approver = cluster.api(0, &cluster.key("acme", "ana", &["approval:reject"]).await);
    let stranger = cluster.api(0, &cluster.key("evil", "ana", &["approval:reject"]).await);
    let seen = async |api: &Api| {
        api.get("/auth/session").await.expect(200).body["workspace"]["reject_reasons"].clone()
    };
    let set = async |api: &Api, body: Value| {
        Api::send(api.request(Method::PATCH, "/api/v1/workspace").json(&body)).await
    };
    assert_eq!(seen(&approver).await, json!([]));
    let reasons = json!(["Too risky at this hour", "Wrong environment"]);
    let changed = set(&admin, json!({ "reject_reasons": reasons })).await.expect(200);
    assert_eq!(changed.body["reject_reasons"], reasons);
    assert_eq!((seen(&approver).await, seen(&stranger).await), (reasons.clone(), json!([])));
    // It is on record, and another change leaves it.
    set(&admin, json!({ "allow_timeout_approve": false })).await.expect(200);
    assert_eq!(seen(&approver).await, reasons);
    set(&approver, json!({ "reject_reasons": [] })).await.problem(403, "forbidden");
    for (wrong, pointer) in [
        (json!((0..21).map(|n| n.to_string()).collect::<Vec<_>>()), "/reject_reasons"),
        (json!([""]), "/reject_reasons/0"),
        (json!(["x".repeat(201)]), "/reject_reasons/0"),
        (json!(["a", "a"]), "/reject_reasons/1"),
        (json!(["a\nb"]), "/reject_reasons/0"),
        (json!([1]), "/reject_reasons/0"),
        (Value::Null, "/reject_reasons"),
    ] {
        let reply = set(&admin, json!({ "reject_reasons": wrong })).await.problem(422, "invalid");
        assert_eq!(reply.body["errors"][0]["pointer"], pointer, "{:#?}", reply.body);
    }
    set(&admin, json!({ "reject_reasons": [] })).await.expect(200);
    assert_eq!(seen(&approver).await, json!([]));
}
