//! G20: texts of an odd kind, in every place that takes one: a query, a cursor, a path, a name. What was checked is
//! what is stored, and nothing of it is a 5xx.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Api, Cluster, Setup};

/// Values that some layer has stumbled over, percent-encoded.
const ODD: [&str; 13] = [
    "%00",
    "1.%00",
    "a%00b",
    ".",
    "..",
    "-1",
    "99999999999999999999999999",
    "%EF%BF%B9",
    "e%CC%81",
    "%FF%FE",
    "bnVsbA",
    // {"resolved_at":"2026-01-01T00:00:00Z","approval_id":"\u0000"}
    "eyJyZXNvbHZlZF9hdCI6IjIwMjYtMDEtMDFUMDA6MDA6MDBaIiwiYXBwcm92YWxfaWQiOiJcdTAwMDAifQ",
    "00000000-0000-0000-0000-000000000000",
];

async fn alone() -> (Cluster, Api) {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let api = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    (cluster, api)
}

/// All readings that the document tells of: their paths, and their query's names.
async fn readings(api: &Api) -> Vec<(String, Vec<String>)> {
    let document = api.get("/openapi.json").await.expect(200).body;
    let named = |at: &str, operation: &Value| -> Vec<String> {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let of = parameters.into_iter().filter(|it| it["in"] == at);
        of.map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    };
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .filter_map(|(path, operations)| Some((path, operations.get("get")?)))
        .map(|(path, operation)| (path.clone(), named("query", operation)))
        .collect()
}

fn filled(path: &str, value: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { value } else { part }).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn g20_an_odd_text_in_a_query_is_a_clear_4xx() {
    let (_cluster, api) = alone().await;
    let id = api.ask(json!({})).await;
    // Waiting for what has ended takes no time.
    api.cancel(&id, "not needed").await.expect(200);
    for (path, names) in readings(&api).await {
        let path = filled(&path, &id);
        for name in names {
            let asked = ODD.map(|odd| format!("{path}?{name}={odd}"));
            let replies = asked.map(|place| async { (api.get(&place).await, place) });
            for (reply, place) in join_all(replies).await {
                let refused = (400..500).contains(&reply.status);
                assert!(reply.status < 500, "{place}: {reply:#?}");
                assert!(
                    refused || !place.contains("%00") || place.starts_with("/auth/"),
                    "{place}: {reply:#?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn g20_an_odd_text_in_a_path_is_a_clear_4xx() {
    let (_cluster, api) = alone().await;
    for (path, _) in readings(&api).await.into_iter().filter(|(path, _)| path.contains('{')) {
        for odd in ODD {
            let reply = api.get(&filled(&path, odd)).await;
            assert!(reply.status < 500, "{path} with {odd}: {reply:#?}");
        }
    }
}

#[tokio::test]
async fn g20_names_that_no_path_can_hold_are_refused() {
    let (_cluster, api) = alone().await;
    for name in [".", ".."] {
        for field in ["run_id", "task_id", "session_id", "job_id", "approval_type"] {
            let refused = api.create(json!({ field: name })).await.problem(422, "invalid");
            assert_eq!(refused.body["errors"][0]["pointer"], format!("/{field}"));
            assert_eq!(refused.body["errors"][0]["rule"], "name");
        }
        for body in [json!({ "name": name }), json!({ "name": "ana", "roles": [name] })] {
            api.post("/api/v1/principals", &body).await.problem(422, "invalid");
        }
        let policy = json!({ "policy": { "allowed_approvers": [name] } });
        api.create(policy).await.problem(422, "invalid");
    }
    api.ask(json!({ "run_id": "...", "task_id": ".a" })).await;
}

#[tokio::test]
async fn g20_what_is_stored_is_what_was_checked() {
    let (_cluster, api) = alone().await;
    // 200 characters once they are composed, 400 as they are sent.
    let (sent, stored) = ("e\u{301}".repeat(200), "é".repeat(200));
    let body = json!({ "name": sent, "display_name": sent, "groups": [sent] });
    let made = api.post("/api/v1/principals", &body).await.expect(201);
    assert_eq!(made.body["name"], stored);
    assert_eq!(made.body["display_name"], stored);
    assert_eq!(made.body["groups"], json!([stored]));
    let id = made.id();
    let change =
        |body: Value| Api::send(api.request(Method::PATCH, &format!("/api/v1/principals/{id}")).json(&body));
    let changed = change(json!({ "display_name": "e\u{301}va", "groups": ["e\u{301}"] })).await.expect(200);
    assert_eq!((&changed.body["display_name"], &changed.body["groups"]), (&json!("éva"), &json!(["é"])));
    // Two spellings of one name are one name, given twice.
    change(json!({ "groups": ["e\u{301}", "é"] })).await.problem(422, "invalid");
}

#[tokio::test]
async fn g20_no_name_holds_what_nobody_sees() {
    let (_cluster, api) = alone().await;
    for odd in
        ['\u{FFF9}', '\u{FFFB}', '\u{200B}', '\u{202E}', '\u{E0001}', '\u{110BD}', '\u{E000}', '\u{FFFF}']
    {
        let name = format!("ro{odd}ot");
        for body in [
            json!({ "name": name }),
            json!({ "name": "bo", "display_name": name }),
            json!({ "name": "bo", "email": format!("{name}@example.com") }),
            json!({ "name": "bo", "groups": [name] }),
        ] {
            api.post("/api/v1/principals", &body).await.problem(422, "invalid");
        }
        api.create(json!({ "policy": { "allowed_approvers": [name] } })).await.problem(422, "invalid");
        let label = json!({ "principal": "root", "label": name });
        api.post("/api/v1/keys", &label).await.problem(422, "invalid");
    }
}
