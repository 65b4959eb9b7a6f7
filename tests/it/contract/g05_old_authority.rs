//! G5: authority is looked at when it is used. What was known of a caller before a pause counts for nothing after it,
//! and a change of an identity is no longer anybody's who was shut out a moment ago.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};

use crate::support::{Api, Cluster, Reply, Setup, browser::Browser, delegating, ended, eventually, within};

async fn one() -> Cluster {
    Cluster::with(Setup { instances: 1, ..Setup::default() }).await
}

fn prefix(api: &Api) -> String {
    api.key.split('_').nth(1).unwrap().to_owned()
}

async fn id_of(conn: &mut PgConnection, name: &str) -> String {
    let id: uuid::Uuid = sqlx::query_scalar("SELECT id FROM principals WHERE name = $1")
        .bind(name)
        .fetch_one(conn)
        .await
        .unwrap();
    id.to_string()
}

/// A request whose body is still to come.
struct Dawdling {
    stream: TcpStream,
    body: String,
}

impl Dawdling {
    /// Sends the head, and stays until the instance asks for the body: then it knows who calls.
    async fn begin(api: &Api, method: &str, path: &str, body: &Value) -> Self {
        let body = body.to_string();
        let address = api.base.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\nexpect: 100-continue\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            api.key,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut said = [0; 25];
        stream.read_exact(&mut said).await.unwrap();
        assert_eq!(str::from_utf8(&said).unwrap(), "HTTP/1.1 100 Continue\r\n\r\n");
        Self { stream, body }
    }

    /// Sends the body; answers with the status and the body that come back.
    async fn end(mut self) -> (u16, Value) {
        self.stream.write_all(self.body.as_bytes()).await.unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).await.unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        (status, serde_json::from_str(body).unwrap_or_default())
    }
}

/// Everything that takes a body, as somebody calls it who may do everything.
async fn everything(caller: &Api, asker: &Api, conn: &mut PgConnection) -> Vec<Dawdling> {
    let pending = async || format!("/api/v1/approvals/{}", asker.ask(json!({})).await);
    let (ana, robot) = (id_of(conn, "ana").await, prefix(asker));
    sqlx::query("UPDATE workspaces SET delegation = 'own'").execute(&mut *conn).await.unwrap();
    let mut begun = Vec::new();
    for (method, path, body) in [
        (
            "POST",
            "/api/v1/approvals".to_owned(),
            json!({ "run_id": "r", "approval_type": "t", "context": {} }),
        ),
        ("POST", format!("{}/approve", pending().await), json!({})),
        ("POST", format!("{}/reject", pending().await), json!({ "reason": "no" })),
        ("POST", format!("{}/cancel", pending().await), json!({ "reason": "no" })),
        (
            "POST",
            "/api/v1/approvals/bulk".to_owned(),
            json!({ "ids": [asker.ask(json!({})).await], "action": "approve" }),
        ),
        ("POST", "/api/v1/tasks/t/events".to_owned(), json!({ "event_type": "output", "data": {} })),
        ("POST", "/api/v1/keys".to_owned(), json!({ "principal": "robot", "roles": ["requester"] })),
        ("POST", format!("/api/v1/keys/{robot}/rotate"), json!({ "overlap_seconds": 60 })),
        ("POST", "/api/v1/principals".to_owned(), json!({ "name": "new" })),
        ("PATCH", format!("/api/v1/principals/{ana}"), json!({ "email": "ana@example.com" })),
        ("PUT", "/api/v1/roles/own".to_owned(), json!({ "permissions": ["audit:view"] })),
        ("PATCH", "/api/v1/workspace".to_owned(), json!({ "history_retention_days": 7 })),
        (
            "POST",
            "/api/v1/delegations".to_owned(),
            json!({ "to": "ana", "ends_at": delegating::in_seconds(3_600) }),
        ),
    ] {
        begun.push(Dawdling::begin(caller, method, &path, &body).await);
    }
    begun
}

/// How much there is of what such calls change.
async fn changes(conn: &mut PgConnection) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM audit_log").fetch_one(conn).await.unwrap()
}

const ALL: [&str; 7] = [
    "workspace:admin",
    "approval:create",
    "approval:approve",
    "approval:reject",
    "approval:cancel",
    "approval:view:pending",
    "event:publish",
];

/// A body that comes late does nothing for somebody who was shut out while it was on its way.
#[tokio::test(flavor = "multi_thread")]
async fn g05_a_body_that_dawdles_outlives_no_revocation() {
    let cluster = one().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    cluster.member("ana").await;
    let mut conn = cluster.database.connect().await;
    for (withdraw, status, code) in [
        ("UPDATE api_keys SET revoked_at = now() WHERE prefix = $1", 401, "unauthenticated"),
        (
            "UPDATE principals SET disabled_at = now()
              WHERE id = (SELECT principal_id FROM api_keys WHERE prefix = $1)",
            401,
            "unauthenticated",
        ),
        ("UPDATE api_keys SET permissions = '{event:subscribe}' WHERE prefix = $1", 403, "forbidden"),
    ] {
        let name = crate::support::unique("eve");
        let eve = cluster.api(0, &cluster.key("acme", &name, &ALL).await);
        let begun = everything(&eve, &asker, &mut conn).await;
        let before = changes(&mut conn).await;
        sqlx::query(withdraw).bind(prefix(&eve)).execute(&mut conn).await.unwrap();
        within(std::time::Duration::from_secs(5), "it counts", || async {
            eve.get("/api/v1/approvals/pending").await.status == status
        })
        .await;
        for call in begun {
            let (said, body) = call.end().await;
            assert_eq!((said, &body["code"]), (status, &json!(code)), "{body}");
        }
        assert_eq!(changes(&mut conn).await, before, "nothing was done");
    }
}

/// Whoever is merely slow gets what they ask for, by what they may do when the body has come.
#[tokio::test(flavor = "multi_thread")]
async fn g05_a_body_that_dawdles_is_served_by_what_is_allowed_then() {
    let cluster = one().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    cluster.member("ana").await;
    let eve = cluster.api(0, &cluster.key("acme", "eve", &ALL).await);
    let mut conn = cluster.database.connect().await;
    let mut begun = everything(&eve, &asker, &mut conn).await;
    let default = json!({ "run_id": "r", "approval_type": "t", "context": {}, "timeout_action": "approve" });
    let late = Dawdling::begin(&eve, "POST", "/api/v1/approvals", &default).await;
    // What else there is to a caller is looked at, too.
    sqlx::query("UPDATE workspaces SET allow_timeout_approve = false").execute(&mut conn).await.unwrap();
    eventually("it counts", || async { eve.create(default.clone()).await.status == 422 }).await;
    let (status, body) = late.end().await;
    assert_eq!((status, &body["errors"][0]["pointer"]), (422, &json!("/timeout_action")), "{body}");
    for call in begun.drain(..) {
        let (status, body) = call.end().await;
        assert!((200..300).contains(&status), "{status} {body}");
    }
}

/// Somebody who is disabled stays so, however often they enable themselves in the same moment.
#[tokio::test(flavor = "multi_thread")]
async fn g05_nobody_enables_themselves() {
    let cluster = Cluster::start().await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let mut conn = cluster.database.connect().await;
    for round in 0..3 {
        let name = format!("eve-{round}");
        let key = cluster.key("acme", &name, &["workspace:admin"]).await;
        let place = format!("/api/v1/principals/{}", id_of(&mut conn, &name).await);
        let looping: Vec<JoinHandle<()>> = (0..4)
            .map(|number| {
                let (eve, place) = (cluster.api(number % 2, &key), place.clone());
                tokio::spawn(async move {
                    loop {
                        let enable = eve.request(Method::PATCH, &place).json(&json!({ "disabled": false }));
                        match Api::send(enable).await.status {
                            // 503: the turn of the others took too long.
                            200 | 503 => {}
                            401 => return,
                            other => panic!("{other}"),
                        }
                    }
                })
            })
            .collect();
        let eve = cluster.api(0, &key);
        eventually("they are at it", || async { eve.get(&place).await.status == 200 }).await;
        eventually("an administrator disables them", || async {
            let disable = admin.request(Method::PATCH, &place).json(&json!({ "disabled": true }));
            Api::send(disable).await.status == 200
        })
        .await;
        for task in looping {
            task.await.unwrap();
        }
        let disabled: bool =
            sqlx::query_scalar("SELECT disabled_at IS NOT NULL FROM principals WHERE name = $1")
                .bind(&name)
                .fetch_one(&mut conn)
                .await
                .unwrap();
        assert!(disabled, "round {round}");
    }
}

/// Waits until somebody waits for a lock.
async fn blocked(cluster: &Cluster) {
    let waiting = "SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock'";
    eventually("somebody waits for a lock", || async {
        let mut conn = cluster.database.connect().await;
        sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut conn).await.unwrap() > 0
    })
    .await;
}

/// Each change of an identity looks at its actor under lock: who is just being shut out changes nothing any more.
#[tokio::test(flavor = "multi_thread")]
async fn g05_who_is_just_being_shut_out_changes_nothing() {
    let cluster = one().await;
    let mut conn = cluster.database.connect().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    cluster.member("ana").await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let role = json!({ "permissions": ["audit:view"] });
    Api::send(admin.request(Method::PUT, "/api/v1/roles/doomed").json(&role)).await.expect(200);
    Browser::new().sign_in_with_key(&cluster.instances[0].url, &asker.key).await;
    let listed = admin.get("/api/v1/browser-sessions").await.expect(200).body;
    let session = listed["items"][0]["id"].as_str().unwrap();
    let (ana, robot) = (id_of(&mut conn, "ana").await, prefix(&asker));
    delegating::allow(&cluster, "own").await;
    let delegation = delegating::delegate(&admin, "ana", json!({})).await.expect(201).id();
    let of_one = format!("/api/v1/delegations/{delegation}");
    let new = json!({ "to": "ana", "ends_at": delegating::in_seconds(3_600) });
    let calls = [
        ("POST", "/api/v1/keys".to_owned(), json!({ "principal": "robot", "roles": ["requester"] })),
        ("POST", format!("/api/v1/keys/{robot}/rotate"), json!({})),
        ("DELETE", format!("/api/v1/keys/{robot}"), Value::Null),
        ("POST", "/api/v1/principals".to_owned(), json!({ "name": "new" })),
        ("PATCH", format!("/api/v1/principals/{ana}"), json!({ "email": "ana@example.com" })),
        ("PUT", "/api/v1/roles/own".to_owned(), json!({ "permissions": ["audit:view"] })),
        ("DELETE", "/api/v1/roles/doomed".to_owned(), Value::Null),
        ("PATCH", "/api/v1/workspace".to_owned(), json!({ "history_retention_days": 7 })),
        ("DELETE", format!("/api/v1/browser-sessions/{session}"), Value::Null),
        // Each way to be shut out, for these do look themselves at what is allowed.
        ("DELETE", of_one.clone(), Value::Null),
        ("DELETE", of_one.clone(), Value::Null),
        ("DELETE", of_one, Value::Null),
        ("POST", "/api/v1/delegations".to_owned(), new.clone()),
        ("POST", "/api/v1/delegations".to_owned(), new.clone()),
        ("POST", "/api/v1/delegations".to_owned(), new),
    ];
    let withdrawals = [
        ("UPDATE api_keys SET revoked_at = now() WHERE prefix = $1", 401),
        (
            "UPDATE principals SET disabled_at = now()
              WHERE id = (SELECT principal_id FROM api_keys WHERE prefix = $1)",
            401,
        ),
        ("UPDATE api_keys SET permissions = '{event:subscribe}' WHERE prefix = $1", 403),
    ];
    for (number, (method, path, body)) in calls.iter().enumerate() {
        let (withdraw, status) = withdrawals[number % withdrawals.len()];
        // Who may end somebody's session is nobody's business who may not: there is none.
        let status = if status == 403 && path.contains("browser-sessions") { 404 } else { status };
        let eve = cluster.api(0, &cluster.key("acme", &format!("eve-{number}"), &ALL).await);
        eve.get("/api/v1/workspace").await.expect(200);
        let before = changes(&mut conn).await;
        let mut withdrawing = conn.begin().await.unwrap();
        sqlx::query(withdraw).bind(prefix(&eve)).execute(&mut *withdrawing).await.unwrap();
        let call: JoinHandle<Reply> = tokio::spawn({
            let request = eve.request(method.parse().unwrap(), path);
            Api::send(if body.is_null() { request } else { request.json(body) })
        });
        blocked(&cluster).await;
        withdrawing.commit().await.unwrap();
        let reply = call.await.unwrap();
        assert_eq!(reply.status, status, "{method} {path}: {reply:?}");
        assert_eq!(changes(&mut conn).await, before, "{method} {path}");
    }
}

/// Two administrators who change each other at once are both served, one after the other.
#[tokio::test(flavor = "multi_thread")]
async fn g05_administrators_change_each_other_without_a_deadlock() {
    let cluster = Cluster::start().await;
    let mut conn = cluster.database.connect().await;
    let mut admins = Vec::new();
    for number in 0..4 {
        let name = format!("admin-{number}");
        let api = cluster.api(number % 2, &cluster.key("acme", &name, &["workspace:admin"]).await);
        admins.push((api, format!("/api/v1/principals/{}", id_of(&mut conn, &name).await)));
    }
    for round in 0..10 {
        let mut calls = Vec::new();
        for (one, (api, _)) in admins.iter().enumerate() {
            for (other, (_, place)) in admins.iter().enumerate() {
                let body = json!({ "email": format!("a{one}.{other}.{round}@example.com") });
                calls.push(tokio::spawn(Api::send(api.request(Method::PATCH, place).json(&body))));
            }
        }
        for call in calls {
            call.await.unwrap().expect(200);
        }
    }
}

/// Who may add others to roles and groups doesn't add themselves.
#[tokio::test(flavor = "multi_thread")]
async fn g05_only_administrators_change_their_own_roles_and_groups() {
    let cluster = one().await;
    let mut conn = cluster.database.connect().await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let clerk = cluster.api(0, &cluster.key("acme", "clerk", &["principal:manage", "audit:view"]).await);
    let place =
        async |conn: &mut PgConnection, name| format!("/api/v1/principals/{}", id_of(conn, name).await);
    let (root, own) = (place(&mut conn, "root").await, place(&mut conn, "clerk").await);
    let patch = async |api: &Api, path: &str, body: Value| {
        Api::send(api.request(Method::PATCH, path).json(&body)).await
    };
    patch(&admin, &own, json!({ "groups": ["it"] })).await.expect(200);
    for body in [
        json!({ "groups": ["it", "finance"] }),
        json!({ "groups": null }),
        json!({ "roles": ["auditor"] }),
        json!({ "roles": ["auditor"], "groups": ["it"] }),
    ] {
        patch(&clerk, &own, body).await.problem(403, "forbidden");
    }
    // What stays as it is changes nothing.
    patch(&clerk, &own, json!({ "groups": ["it"], "email": "clerk@example.com" })).await.expect(200);
    patch(&admin, &root, json!({ "roles": ["auditor"], "groups": ["finance"] })).await.expect(200);
}

/// A reader of the history who takes their time gets no more once they are shut out.
#[tokio::test(flavor = "multi_thread")]
async fn g05_an_export_ends_with_its_credential() {
    let cluster = one().await;
    let mut conn = cluster.database.connect().await;
    cluster.member("agent").await;
    let acme = ended::workspace(&mut conn, "acme").await;
    ended::add(&mut conn, acme, 40_000, "repeat('x', 1000)").await;
    for (withdraw, status) in [
        ("UPDATE api_keys SET revoked_at = now() WHERE prefix = $1", 401),
        ("UPDATE api_keys SET permissions = '{event:subscribe}' WHERE prefix = $1", 403),
    ] {
        let key = cluster.key("acme", &crate::support::unique("eve"), &["approval:view:history"]).await;
        let eve = cluster.api(0, &key);
        let history = eve.request(Method::GET, "/api/v1/approvals/history").header("accept", "text/csv");
        let mut response = history.send().await.unwrap();
        assert!(response.chunk().await.unwrap().is_some());
        sqlx::query(withdraw).bind(prefix(&eve)).execute(&mut conn).await.unwrap();
        eventually("it counts", || async { eve.get("/api/v1/approvals/history").await.status == status })
            .await;
        let mut lines = 0;
        let broken = loop {
            match response.chunk().await {
                Ok(Some(chunk)) => lines += chunk.split(|byte| *byte == b'\n').count() - 1,
                Ok(None) => break false,
                Err(_) => break true,
            }
        };
        assert!(broken && lines < 40_000, "it went on to the end: {lines}");
    }
}
