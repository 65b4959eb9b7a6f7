//! G5, G19: every call and every socket message, with every kind of credential that must not do. What there is comes
//! from the documents that clients are generated from: a new call that is not asked for here fails the test.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Api, Cluster, Reply, Setup, Socket,
    delegating::{allow, delegate, in_seconds},
    eventually,
    process::signoff,
    slack::FakeSlack,
    socket::{Refused, request},
    within,
};

/// What a call needs to be taken seriously, and what somebody of another workspace gets.
struct Case {
    body: Value,
    stranger: Stranger,
}

enum Stranger {
    /// As if it did not exist.
    NotFound,
    /// It does the same, in a world of its own: nothing of ours is in the answer.
    Own,
    /// Not within any workspace; the permission alone decides.
    Shared,
}

use Stranger::{NotFound, Own, Shared};

/// One line for each operation of the document.
fn cases() -> BTreeMap<&'static str, Case> {
    let case = |stranger, body| Case { body, stranger };
    let none = || Value::Null;
    BTreeMap::from([
        ("POST /api/v1/approvals", case(Own, json!({ "run_id": "r", "approval_type": "t", "context": {} }))),
        ("GET /api/v1/approvals/pending", case(Own, none())),
        ("GET /api/v1/approvals/history", case(Own, none())),
        ("GET /api/v1/approvals/changes", case(Own, none())),
        ("GET /api/v1/approvals/counts", case(Own, none())),
        ("GET /api/v1/approvals/facets", case(Own, none())),
        // Each outcome by itself: what is elsewhere is not found.
        (
            "POST /api/v1/approvals/bulk",
            case(Own, json!({ "ids": ["01890a5d-ac96-774b-bcce-b302099a8057"], "action": "approve" })),
        ),
        ("GET /api/v1/approvals/{id}", case(NotFound, none())),
        ("GET /api/v1/approvals/{id}/decisions", case(NotFound, none())),
        ("GET /api/v1/approvals/{id}/audit", case(NotFound, none())),
        ("GET /api/v1/approvals/{id}/eligible", case(NotFound, none())),
        ("POST /api/v1/policies/check", case(Own, json!({ "policy": {} }))),
        ("GET /api/v1/approvals/{id}/wait", case(NotFound, none())),
        ("POST /api/v1/approvals/{id}/approve", case(NotFound, json!({}))),
        ("POST /api/v1/approvals/{id}/reject", case(NotFound, json!({ "reason": "no" }))),
        ("POST /api/v1/approvals/{id}/cancel", case(NotFound, json!({ "reason": "no" }))),
        ("POST /api/v1/approvals/{id}/escalate", case(NotFound, json!({ "reason": "no" }))),
        ("POST /api/v1/approvals/{id}/extend", case(NotFound, json!({ "seconds": 1, "reason": "no" }))),
        ("GET /api/v1/approvals/{id}/claim", case(NotFound, none())),
        ("POST /api/v1/approvals/{id}/claim", case(NotFound, json!({ "key": "k" }))),
        ("POST /api/v1/approvals/{id}/claim/renew", case(NotFound, json!({ "key": "k", "fence": 1 }))),
        ("POST /api/v1/approvals/{id}/claim/release", case(NotFound, json!({ "key": "k", "fence": 1 }))),
        (
            "POST /api/v1/approvals/{id}/claim/complete",
            case(NotFound, json!({ "key": "k", "fence": 1, "outcome": "failed" })),
        ),
        ("GET /api/v1/runs/{run_id}", case(NotFound, none())),
        ("DELETE /api/v1/runs/{run_id}", case(NotFound, none())),
        ("POST /api/v1/tasks/{task_id}/events", case(Own, json!({ "event_type": "output", "data": {} }))),
        ("GET /api/v1/tasks/{task_id}/events", case(Own, none())),
        ("POST /api/v1/ws-tickets", case(Own, none())),
        ("GET /api/v1/connections", case(Own, none())),
        ("GET /api/v1/connections/{task_id}", case(NotFound, none())),
        ("DELETE /api/v1/connections/{task_id}", case(NotFound, none())),
        ("GET /api/v1/audit", case(Own, none())),
        ("GET /api/v1/audit/checkpoints", case(Own, none())),
        ("POST /api/v1/audit/verifications", case(Own, none())),
        ("GET /api/v1/audit/verifications/latest", case(Own, none())),
        ("GET /api/v1/audit/verifications/{id}", case(NotFound, none())),
        ("GET /api/v1/notifications", case(Own, none())),
        ("GET /api/v1/notifications/{id}", case(NotFound, none())),
        ("POST /api/v1/notifications/{id}/redrive", case(NotFound, none())),
        ("POST /api/v1/notifications/redrive", case(Own, json!({}))),
        ("GET /api/v1/cluster", case(Shared, none())),
        ("GET /api/v1/cluster/samples", case(Shared, none())),
        ("GET /api/v1/cluster/events", case(Shared, none())),
        ("GET /api/v1/cluster/outbox", case(Shared, none())),
        ("GET /api/v1/workspace", case(Own, none())),
        ("PATCH /api/v1/workspace", case(Own, json!({}))),
        ("GET /api/v1/principals", case(Own, none())),
        ("POST /api/v1/principals", case(Own, json!({ "name": "new" }))),
        ("GET /api/v1/principals/{id}", case(NotFound, none())),
        ("PATCH /api/v1/principals/{id}", case(NotFound, json!({ "email": "x@example.com" }))),
        ("GET /api/v1/delegations", case(Own, none())),
        ("POST /api/v1/delegations", case(Own, json!({ "to": "peer", "ends_at": in_seconds(3_600) }))),
        ("GET /api/v1/delegations/{id}", case(NotFound, none())),
        ("DELETE /api/v1/delegations/{id}", case(NotFound, none())),
        ("GET /api/v1/channels/slack", case(NotFound, none())),
        ("PUT /api/v1/channels/slack", case(Own, slack_app("xoxb-strangers"))),
        ("DELETE /api/v1/channels/slack", case(NotFound, none())),
        ("GET /api/v1/webhooks", case(Own, none())),
        ("POST /api/v1/webhooks", case(Own, json!({ "url": "https://hooks.example/signoff" }))),
        ("GET /api/v1/webhooks/{id}", case(NotFound, none())),
        ("PATCH /api/v1/webhooks/{id}", case(NotFound, json!({ "include_context": true }))),
        ("DELETE /api/v1/webhooks/{id}", case(NotFound, none())),
        ("POST /api/v1/webhooks/{id}/rotate-secret", case(NotFound, json!({}))),
        ("POST /api/v1/webhooks/{id}/test", case(NotFound, none())),
        ("POST /api/v1/webhooks/{id}/replay", case(NotFound, json!({}))),
        ("GET /api/v1/webhooks/{id}/deliveries", case(NotFound, none())),
        ("GET /api/v1/webhooks/{id}/deliveries/{delivery_id}", case(NotFound, none())),
        ("GET /api/v1/roles", case(Own, none())),
        ("PUT /api/v1/roles/{name}", case(Own, json!({ "permissions": [] }))),
        ("DELETE /api/v1/roles/{name}", case(NotFound, none())),
        ("GET /api/v1/keys", case(Own, none())),
        ("POST /api/v1/keys", case(Own, json!({ "principal": "robot", "permissions": ["approval:create"] }))),
        ("GET /api/v1/keys/{prefix}", case(NotFound, none())),
        ("POST /api/v1/keys/{prefix}/rotate", case(NotFound, json!({}))),
        ("DELETE /api/v1/keys/{prefix}", case(NotFound, none())),
    ])
}

/// An app in Slack that a workspace may set.
fn slack_app(token: &str) -> Value {
    json!({ "bot_token": token, "signing_secret": "0123456789abcdef" })
}

/// A call of the document, with the permission that it says it needs.
struct Operation {
    name: String,
    method: Method,
    path: String,
    permission: String,
    /// One that will do as well, for other bodies.
    or: Option<String>,
}

impl Operation {
    fn alternatives(&self) -> Vec<&str> {
        [Some(&self.permission), self.or.as_ref()].into_iter().flatten().map(String::as_str).collect()
    }
}

/// What needs no permission: signing in and out, and what is one's own. `api::browser_sessions` asks for these.
const WITHOUT: [&str; 18] = [
    "GET /auth/configuration",
    "GET /.well-known/jwks.json",
    "GET /auth/login",
    "GET /auth/callback",
    "POST /auth/session",
    "GET /auth/session",
    "DELETE /auth/session",
    "GET /auth/workspaces",
    "POST /auth/session/workspace",
    "GET /api/v1/me/preferences",
    "PUT /api/v1/me/preferences",
    "GET /api/v1/me/notification-preferences",
    "PUT /api/v1/me/notification-preferences",
    "GET /api/v1/me/notifications",
    "GET /api/v1/me/notifications/unread-count",
    "POST /api/v1/me/notifications/read",
    "GET /api/v1/browser-sessions",
    "DELETE /api/v1/browser-sessions/{id}",
];

fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(signoff::http::document()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let name = format!("{method} {path}");
            if WITHOUT.contains(&name.as_str()) {
                assert!(operation["security"][0]["key"][0].is_null(), "{name} names a permission");
                continue;
            }
            let permission = operation["security"][0]["key"][0].as_str();
            operations.push(Operation {
                name: format!("{method} {path}"),
                permission: permission
                    .unwrap_or_else(|| panic!("{method} {path} names no permission"))
                    .to_owned(),
                or: operation["security"][1]["key"][0].as_str().map(str::to_owned),
                method,
                path: path.clone(),
            });
        }
    }
    operations
}

/// What the paths name: things of the workspace `acme`, there while the matrix is gone through.
struct Things {
    approval: String,
    principal: String,
    prefix: String,
    delegation: String,
    verification: String,
    webhook: String,
    delivery: String,
    notification: String,
}

impl Things {
    async fn make(admin: &Api) -> (Self, Socket) {
        let asked = json!({ "run_id": "thing", "task_id": "thing", "notify": { "users": ["peer"] } });
        let approval = admin.ask(asked).await;
        admin.emit("thing", [1]).await;
        let role = admin.request(Method::PUT, "/api/v1/roles/thing").json(&json!({ "permissions": [] }));
        Api::send(role).await.expect(200);
        let body = json!({ "principal": "thing", "permissions": ["approval:create"] });
        let key = admin.post("/api/v1/keys", &body).await.expect(201).body;
        let text = |name: &str| key[name].as_str().unwrap().to_owned();
        let delegation = delegate(admin, "peer", json!({})).await.expect(201).id();
        let verification = Api::send(admin.request(Method::POST, "/api/v1/audit/verifications")).await;
        let verification = verification.expect(202).id();
        let hook =
            admin.post("/api/v1/webhooks", &json!({ "url": "https://hook.invalid" })).await.expect(201);
        let webhook = hook.id();
        let tested = admin.post(&format!("/api/v1/webhooks/{webhook}/test"), &Value::Null).await.expect(202);
        let delivery = tested.body["delivery_id"].as_str().unwrap().to_owned();
        let notification = first_notification(admin).await;
        let socket = Socket::open(admin, "thing").await;
        (
            Self {
                webhook,
                delivery,
                approval,
                principal: text("principal_id"),
                prefix: text("prefix"),
                delegation,
                verification,
                notification,
            },
            socket,
        )
    }

    fn path(&self, template: &str) -> String {
        let id = match template {
            _ if template.contains("/principals/") => &self.principal,
            _ if template.contains("/delegations/") => &self.delegation,
            _ if template.contains("/verifications/") => &self.verification,
            _ if template.contains("/webhooks/") => &self.webhook,
            _ if template.contains("/notifications/") => &self.notification,
            _ => &self.approval,
        };
        let path = template.replace("{id}", id).replace("{prefix}", &self.prefix);
        let path = path.replace("{delivery_id}", &self.delivery);
        let path =
            ["{run_id}", "{task_id}", "{name}"].iter().fold(path, |path, name| path.replace(name, "thing"));
        assert!(!path.contains('{'), "{path} names something that the matrix doesn't know");
        path
    }
}

async fn first_notification(admin: &Api) -> String {
    let list = async || admin.get("/api/v1/notifications").await.expect(200).body["items"][0]["id"].clone();
    eventually("a person is told", async || list().await.is_string()).await;
    list().await.as_str().unwrap().to_owned()
}

async fn call(api: &Api, operation: &Operation, path: &str, body: &Value) -> Reply {
    let path = if path.ends_with("/wait") { format!("{path}?timeout=1") } else { path.to_owned() };
    let mut request = api.request(operation.method.clone(), &path);
    if !body.is_null() {
        request = request.json(body);
    }
    Api::send(request).await
}

/// All permissions but those.
fn without(permissions: &[&str]) -> Vec<&'static str> {
    use signoff::auth::Permission;
    let all = Permission::ALL.iter().map(|it| it.as_str());
    all.filter(|it| !permissions.contains(it) && *it != "workspace:admin").collect()
}

/// Keys that are good for nothing any more, each in its way.
async fn spent(cluster: &Cluster) -> Vec<(&'static str, String)> {
    let environment = [("DATABASE_URL", cluster.database.url.as_str())];
    let run = async |arguments: &[&str]| {
        let output = signoff(arguments, &environment).await;
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    };
    let all = &["workspace:admin", "cluster:view"];
    let revoked = cluster.key("acme", "revoked", all).await;
    run(&["keys", "revoke", &revoked]).await;
    let expired = cluster.key("acme", "expired", all).await;
    let mut conn = cluster.database.connect().await;
    sqlx::query("UPDATE api_keys SET expires_at = now() WHERE prefix = $1")
        .bind(expired.split('_').nth(1).unwrap())
        .execute(&mut conn)
        .await
        .unwrap();
    let disabled = cluster.key("acme", "disabled", all).await;
    run(&["principals", "disable", "disabled", "--workspace", "acme"]).await;
    let good = cluster.key("acme", "good", all).await;
    let mut wrong_secret = good.clone();
    wrong_secret.pop();
    wrong_secret.push(if good.ends_with('A') { 'B' } else { 'A' });
    let unknown = signoff::auth::key::ApiKey::generate().reveal();
    vec![
        ("revoked", revoked),
        ("expired", expired),
        ("disabled", disabled),
        ("with another secret", wrong_secret),
        ("unknown", unknown),
        ("malformed", "so_x".to_owned()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn g05_every_call_asks_who_and_whether() {
    let cases = cases();
    let operations = operations();
    let mut known: Vec<&str> = cases.keys().copied().collect();
    let mut there: Vec<&str> = operations.iter().map(|it| it.name.as_str()).collect();
    known.sort_unstable();
    there.sort_unstable();
    assert_eq!(known, there, "each call needs a line in the matrix");

    let slack = FakeSlack::start().await;
    for (token, team) in [("xoxb-ours", "TOURS"), ("xoxb-strangers", "TSTRANGERS")] {
        slack.app(token, team, "UBOT");
    }
    let flags = vec![
        ("secrets.key", super::g17_webhooks::SECRETS_KEY.to_owned()),
        ("slack.api_url", format!("{}/api/", slack.url)),
    ];
    let setup = Setup { instances: 1, flags, ..Setup::default() };
    let cluster = Cluster::with(setup).await.connected().await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin", "cluster:view"]).await);
    let app = admin.request(Method::PUT, "/api/v1/channels/slack").json(&slack_app("xoxb-ours"));
    Api::send(app).await.expect(200);
    let stranger = cluster.api(0, &cluster.key("evil", "root", &["workspace:admin"]).await);
    let spent = spent(&cluster).await;
    for workspace in ["acme", "evil"] {
        cluster.key(workspace, "peer", &[]).await;
    }
    allow(&cluster, "own").await;
    let (things, _socket) = Things::make(&admin).await;

    for operation in &operations {
        let Case { body, stranger: foreign } = &cases[operation.name.as_str()];
        let (path, name) = (things.path(&operation.path), &operation.name);
        // Nobody.
        let mut request =
            reqwest::Client::new().request(operation.method.clone(), format!("{}{path}", admin.base));
        if !body.is_null() {
            request = request.json(body);
        }
        let reply = Api::send(request).await.problem(401, "unauthenticated");
        assert!(!reply.header("www-authenticate").is_empty(), "{name}");
        // Somebody who was.
        for (how, key) in &spent {
            let reply = call(&cluster.api(0, key), operation, &path, body).await;
            assert_eq!((reply.status, reply.code()), (401, "unauthenticated"), "{name}, a key that is {how}");
        }
        // Somebody who may do everything else. (Before the body is read: nonsense gets the same answer.)
        let all_but = cluster.key("acme", "all-but", &without(&operation.alternatives())).await;
        for body in [body, &json!({ "nonsense": [] })] {
            let reply = call(&cluster.api(0, &all_but), operation, &path, body).await;
            assert_eq!((reply.status, reply.code()), (403, "forbidden"), "{name}");
            assert!(reply.body["detail"].as_str().unwrap().contains(&operation.permission), "{reply:?}");
        }
        // Somebody from elsewhere.
        let reply = call(&stranger, operation, &path, body).await;
        match foreign {
            NotFound => assert_eq!((reply.status, reply.code()), (404, "not_found"), "{name}"),
            Own => {
                assert!(reply.status < 300, "{name}: {reply:?}");
                let text = reply.body.to_string();
                for ours in [&things.approval, &things.principal, &things.prefix, &"acme".to_owned()] {
                    assert!(!text.contains(ours.as_str()), "{name} shows a stranger {ours}");
                }
            }
            Shared => assert_eq!((reply.status, reply.code()), (403, "forbidden"), "{name}"),
        }
    }
    // With the one permission, each is let in; last those that take things away.
    let mut last = operations;
    last.sort_by_key(|it| {
        (it.method == Method::DELETE, it.path.contains("/cancel"), it.path.contains("/approve"))
    });
    for operation in &last {
        let case = &cases[operation.name.as_str()];
        let only = cluster.key("acme", "only", &[&operation.permission]).await;
        let reply = call(&cluster.api(0, &only), operation, &things.path(&operation.path), &case.body).await;
        assert!(reply.status != 401 && reply.status != 404, "{}: {reply:?}", operation.name);
        assert!(
            // To be let in is one thing, to be one of its executors another.
            reply.status != 403
                || reply.code() == "not_eligible"
                || reply.body["detail"].as_str().unwrap().contains("you can't grant"),
            "{}: {reply:?}",
            operation.name
        );
    }
}

/// The messages that the document of the socket knows.
fn messages() -> Vec<String> {
    let document = std::fs::read_to_string("docs/asyncapi.yaml").unwrap();
    let types = document.lines().filter_map(|line| line.trim().strip_prefix("type: {const: "));
    types.map(|line| line.trim_end_matches('}').to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn g05_every_message_asks_who_and_whether() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let id = admin.ask(json!({ "run_id": "thing" })).await;
    // The message, what it needs, and what a stranger hears.
    let cases = [
        (json!({ "type": "ping" }), None, "pong"),
        (
            json!({ "type": "resolve_approval", "approval_id": id, "approved": true }),
            Some("approval:approve"),
            "not_found",
        ),
        (
            json!({ "type": "approval_response", "approval_id": id, "resolution": "rejected", "feedback": "no" }),
            Some("approval:reject"),
            "not_found",
        ),
        (
            json!({ "type": "request_approval", "approval_type": "t", "context": {} }),
            Some("approval:create"),
            "approval_requested",
        ),
        (
            json!({ "type": "wait_for_approval", "approval_id": id }),
            Some("approval:view:pending"),
            "not_found",
        ),
    ];
    let known: Vec<&str> = cases.iter().map(|(message, ..)| message["type"].as_str().unwrap()).collect();
    assert_eq!(known, messages(), "each message needs a line in the matrix");

    // The handshake itself.
    let refused = async |api: &Api| match Socket::try_open(request(api, "thing", "")).await {
        Err(Refused { status, .. }) => status,
        Ok(_) => panic!("a socket was opened with {}", api.key),
    };
    for (_, key) in spent(&cluster).await {
        assert_eq!(refused(&cluster.api(0, &key)).await, 401);
    }
    let mut nobody = request(&admin, "thing", "");
    nobody.headers_mut().remove("authorization");
    assert!(matches!(Socket::try_open(nobody).await, Err(Refused { status: 401, .. })));
    assert_eq!(
        refused(&cluster.api(0, &cluster.key("acme", "x", &without(&["event:subscribe"])).await)).await,
        403
    );

    let said = |answer: &Value| match answer["event_type"].as_str().unwrap() {
        "error" => answer["data"]["code"].as_str().unwrap().to_owned(),
        other => other.to_owned(),
    };
    let stranger = cluster.api(0, &cluster.key("evil", "root", &["workspace:admin"]).await);
    let mut elsewhere = Socket::open(&stranger, "thing").await;
    for (message, permission, to_stranger) in &cases {
        assert_eq!(said(&elsewhere.ask(message.clone()).await), *to_stranger, "{message}");
        let Some(permission) = permission else { continue };
        let all_but = cluster.api(0, &cluster.key("acme", "all-but", &without(&[permission])).await);
        let mut socket = Socket::open(&all_but, "of-all-but").await;
        assert_eq!(said(&socket.ask(message.clone()).await), "forbidden", "{message}");
    }

    // Whose credential ends while the socket is open is refused with the next message, and then closed.
    let key = cluster.key("acme", "leaver", &["workspace:admin"]).await;
    let mut socket = Socket::open(&cluster.api(0, &key), "leaving").await;
    let environment = [("DATABASE_URL", cluster.database.url.as_str())];
    let output = signoff(&["principals", "disable", "leaver", "--workspace", "acme"], &environment).await;
    assert!(output.status.success(), "{output:?}");
    let api = cluster.api(0, &key);
    within(std::time::Duration::from_secs(5), "REST refuses", || async {
        api.get("/api/v1/approvals/pending").await.status == 401
    })
    .await;
    for (message, permission, _) in &cases {
        if permission.is_some() {
            assert_eq!(said(&socket.ask(message.clone()).await), "unauthenticated", "{message}");
        }
    }
    assert_eq!(
        socket.end().await,
        crate::support::End::Closed(1008, "the credential was revoked".into()),
        "within half a minute; the contract says a minute"
    );
}
