//! Administering a workspace over the API: keys, principals, roles, settings.

mod browser_sessions;
mod delegated_votes;
mod delegation_plans;
mod delegations;
mod preferences;
mod races;
mod signing_in;
mod switching;
mod token_people;
mod tokens;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Api, Cluster, Reply, Setup, eventually, within};

async fn one() -> Cluster {
    Cluster::with(Setup { instances: 1, ..Setup::default() }).await
}

async fn patch(api: &Api, path: &str, body: Value) -> Reply {
    Api::send(api.request(Method::PATCH, path).json(&body)).await
}

async fn put(api: &Api, path: &str, body: Value) -> Reply {
    Api::send(api.request(Method::PUT, path).json(&body)).await
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_live_and_die() {
    let cluster = one().await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let body = json!({ "principal": "robot", "kind": "service", "roles": ["requester"], "label": "CI", "expires_in_seconds": 3600 });
    let made = admin.post("/api/v1/keys", &body).await.expect(201);
    assert_eq!(made.header("cache-control"), "no-store");
    let (key, prefix) = (text(&made.body["key"]).to_owned(), text(&made.body["prefix"]).to_owned());
    let robot = cluster.api(0, &key);
    robot.ask(json!({})).await;
    robot.get("/api/v1/keys").await.problem(403, "forbidden");
    let shown = admin.get(&format!("/api/v1/keys/{prefix}")).await.expect(200).body;
    assert_eq!((text(&shown["principal"]), text(&shown["principal_kind"])), ("robot", "service"));
    assert_eq!((text(&shown["label"]), &shown["roles"]), ("CI", &json!(["requester"])));
    assert!(!shown["expires_at"].is_null());
    let secret = key.rsplit('_').next().unwrap();
    assert!(!shown.to_string().contains(secret));

    // A successor allows the same; both are good for a while, then only the new one is.
    let path = format!("/api/v1/keys/{prefix}/rotate");
    let next = admin.post(&path, &json!({ "overlap_seconds": 1 })).await.expect(201).body;
    let successor = cluster.api(0, text(&next["key"]));
    successor.ask(json!({})).await;
    within(std::time::Duration::from_secs(10), "the old key ends", || async {
        robot.create(json!({})).await.status == 401
    })
    .await;
    successor.ask(json!({})).await;
    let old = admin.get(&format!("/api/v1/keys/{prefix}")).await.expect(200).body;
    assert_eq!(old["rotated_to"], next["prefix"]);
    admin.post(&path, &json!({})).await.problem(422, "invalid");

    let path = format!("/api/v1/keys/{}", text(&next["prefix"]));
    admin.delete(&path).await.expect(204);
    admin.delete(&path).await.expect(204);
    within(std::time::Duration::from_secs(5), "the key is refused", || async {
        successor.create(json!({})).await.status == 401
    })
    .await;
    let listed = admin.get("/api/v1/keys?principal=robot&limit=1").await.expect(200).body;
    assert_eq!(listed["items"][0]["prefix"], prefix.as_str());
    let cursor = text(&listed["next_cursor"]);
    let rest = admin.get(&format!("/api/v1/keys?principal=robot&cursor={cursor}")).await.expect(200).body;
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert_eq!(rest["items"][0]["prefix"], next["prefix"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keys_use_is_noted() {
    let cluster = one().await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let prefix = admin.key.split('_').nth(1).unwrap().to_owned();
    let path = format!("/api/v1/keys/{prefix}");
    eventually("last_used_at is written", || async {
        !admin.get(&path).await.expect(200).body["last_used_at"].is_null()
    })
    .await;
}

/// Whoever administers a part can't make more of themselves, nor of others.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_grants_more_than_they_have() {
    let cluster = one().await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let keeper = cluster.api(0, &cluster.key("acme", "keeper", &["key:manage", "approval:create"]).await);
    let clerk = cluster.api(0, &cluster.key("acme", "clerk", &["principal:manage", "approval:create"]).await);
    cluster.member("ana").await;
    let create = async |api: &Api, body: Value| api.post("/api/v1/keys", &body).await;
    let grants = |permission: &str| json!({ "principal": "robot", "permissions": [permission] });
    // Nor anybody whom others have not added.
    create(&keeper, grants("approval:create")).await.problem(403, "forbidden");
    create(&admin, grants("approval:create")).await.expect(201);
    create(&keeper, grants("approval:create")).await.expect(201);
    for beyond in ["approval:approve", "workspace:admin", "cluster:view", "principal:manage"] {
        create(&keeper, grants(beyond)).await.problem(403, "forbidden");
    }
    create(&keeper, json!({ "principal": "robot", "roles": ["member"] })).await.problem(403, "forbidden");
    // Not even the default, which is more than it has.
    create(&keeper, json!({ "principal": "robot" })).await.problem(403, "forbidden");
    create(&admin, grants("cluster:view")).await.problem(403, "forbidden");
    create(&admin, grants("approval:everything")).await.problem(422, "invalid");
    create(&admin, json!({ "principal": "robot", "roles": ["nonsense"] })).await.problem(422, "invalid");
    // A key that acts as another person is for administrators to make; one's own is not.
    let as_person = |name: &str| json!({ "principal": name, "permissions": ["approval:create"] });
    create(&keeper, as_person("ana")).await.problem(403, "forbidden");
    create(&keeper, json!({ "principal": "new", "kind": "person", "permissions": ["approval:create"] }))
        .await
        .problem(403, "forbidden");
    create(&keeper, as_person("keeper")).await.expect(201);
    create(&admin, as_person("ana")).await.expect(201);
    // Nor does it revoke or rotate what is beyond it.
    let prefix = admin.key.split('_').nth(1).unwrap();
    keeper.delete(&format!("/api/v1/keys/{prefix}")).await.problem(403, "forbidden");
    keeper.post(&format!("/api/v1/keys/{prefix}/rotate"), &json!({})).await.problem(403, "forbidden");

    // Principals and roles, likewise.
    let root = admin.get("/api/v1/principals").await.expect(200).body["items"].clone();
    let id = |name: &str| {
        let found = root.as_array().unwrap().iter().find(|it| it["name"] == name).unwrap();
        text(&found["id"]).to_owned()
    };
    patch(&admin, &format!("/api/v1/principals/{}", id("root")), json!({ "roles": ["admin"] }))
        .await
        .expect(200);
    let boss = format!("/api/v1/principals/{}", id("root"));
    patch(&clerk, &boss, json!({ "disabled": true })).await.problem(403, "forbidden");
    let own = format!("/api/v1/principals/{}", id("clerk"));
    patch(&clerk, &own, json!({ "roles": ["admin"] })).await.problem(403, "forbidden");
    put(&clerk, "/api/v1/roles/mine", json!({ "permissions": ["workspace:admin"] }))
        .await
        .problem(403, "forbidden");
    put(&clerk, "/api/v1/roles/mine", json!({ "permissions": ["approval:create"] })).await.expect(200);
    put(&admin, "/api/v1/roles/theirs", json!({ "permissions": ["audit:view"] })).await.expect(200);
    put(&clerk, "/api/v1/roles/theirs", json!({ "permissions": [] })).await.problem(403, "forbidden");
    clerk.delete("/api/v1/roles/theirs").await.problem(403, "forbidden");
    put(&admin, "/api/v1/roles/admin", json!({ "permissions": [] })).await.problem(403, "forbidden");
    admin.delete("/api/v1/roles/member").await.problem(403, "forbidden");
}

/// A role of the workspace's own is worth what it says at the moment.
#[tokio::test(flavor = "multi_thread")]
async fn own_roles_are_lived_by() {
    let cluster = one().await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let role = |permissions: Value| json!({ "permissions": permissions, "description": "Our CI" });
    put(&admin, "/api/v1/roles/ci", role(json!(["approval:create"]))).await.expect(200);
    let body = json!({ "principal": "robot", "roles": ["ci"] });
    let made = admin.post("/api/v1/keys", &body).await.expect(201).body;
    let robot = cluster.api(0, text(&made["key"]));
    robot.ask(json!({})).await;
    robot.get("/api/v1/approvals/pending").await.problem(403, "forbidden");
    put(&admin, "/api/v1/roles/ci", role(json!(["approval:view:pending"]))).await.expect(200);
    eventually("the role's new permission counts", || async {
        robot.get("/api/v1/approvals/pending").await.status == 200
    })
    .await;
    robot.create(json!({})).await.problem(403, "forbidden");
    admin.delete("/api/v1/roles/ci").await.expect(204);
    admin.delete("/api/v1/roles/ci").await.problem(404, "not_found");
    eventually("it is worth nothing any more", || async {
        robot.get("/api/v1/approvals/pending").await.status == 403
    })
    .await;
    // A role of that name in another workspace is another role.
    let other = cluster.api(0, &cluster.key("rival", "root", &["workspace:admin"]).await);
    put(&other, "/api/v1/roles/ci", role(json!(["workspace:admin"]))).await.expect(200);
    robot.get("/api/v1/approvals/pending").await.problem(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn principals_are_described_and_disabled() {
    let cluster = one().await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let body = json!({
        "name": "e\u{301}va", "display_name": "Éva", "email": "eva@example.com", "groups": ["ops"], "roles": ["approver"],
    });
    let made = admin.post("/api/v1/principals", &body).await.expect(201).body;
    assert_eq!((text(&made["name"]), text(&made["kind"])), ("éva", "person"));
    admin.post("/api/v1/principals", &json!({ "name": "éva" })).await.problem(422, "invalid");
    let path = format!("/api/v1/principals/{}", text(&made["id"]));
    let changed = patch(&admin, &path, json!({ "email": null, "groups": [] })).await.expect(200).body;
    assert_eq!((&changed["email"], &changed["groups"]), (&Value::Null, &json!([])));
    assert_eq!((&changed["display_name"], &changed["roles"]), (&made["display_name"], &made["roles"]));
    for (bad, pointer) in [
        (json!({ "email": "nowhere" }), "/email"),
        (json!({ "display_name": "a\u{202e}b" }), "/display_name"),
        (json!({ "kind": "robot" }), "/kind"),
        (json!({ "roles": ["nonsense"] }), "/roles"),
        (json!({ "groups": [""] }), "/groups"),
        (json!({ "name": "other" }), "/name"),
        // Null takes away, where there can be nothing.
        (json!({ "kind": null }), "/kind"),
        (json!({ "disabled": null }), "/disabled"),
    ] {
        let problem = patch(&admin, &path, bad.clone()).await.problem(422, "invalid").body;
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{bad}");
    }
    let (approver, none) = (json!(["approver"]), json!([]));
    let lists = json!({ "roles": null, "groups": null });
    let changed = patch(&admin, &path, json!({ "groups": ["ops"] })).await.expect(200).body;
    assert_eq!((&changed["roles"], &changed["groups"]), (&approver, &json!(["ops"])));
    let changed = patch(&admin, &path, lists).await.expect(200).body;
    assert_eq!((&changed["roles"], &changed["groups"]), (&none, &none));
    let eva = cluster.api(0, &cluster.member("éva").await);
    eva.get("/api/v1/approvals/pending").await.expect(200);
    patch(&admin, &path, json!({ "disabled": true })).await.expect(200);
    within(std::time::Duration::from_secs(5), "she is out", || async {
        eva.get("/api/v1/approvals/pending").await.status == 401
    })
    .await;
    patch(&admin, &path, json!({ "disabled": false })).await.expect(200);
    eventually("she is in again", || async { eva.get("/api/v1/approvals/pending").await.status == 200 })
        .await;
    // Each change is on record, with what was and what is.
    let mut conn = cluster.database.connect().await;
    let records: Vec<(String, Option<Value>, Value, Value)> = sqlx::query_as(
        "SELECT action, before, after, to_json(credential) FROM audit_log WHERE subject = 'éva' ORDER BY seq",
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    let actions: Vec<&str> = records.iter().map(|(action, ..)| action.as_str()).collect();
    assert_eq!(
        actions,
        [
            "principal.created",
            "principal.updated",
            "principal.updated",
            "principal.updated",
            "principal.disabled",
            "principal.enabled"
        ]
    );
    let (_, before, after, credential) = &records[1];
    assert_eq!(
        (&before.as_ref().unwrap()["email"], &after["email"]),
        (&json!("eva@example.com"), &Value::Null)
    );
    assert_eq!(credential, &json!(format!("key:{}", admin.key.split('_').nth(1).unwrap())));
}

/// `timeout_action: approve` needs the workspace's leave.
#[tokio::test(flavor = "multi_thread")]
async fn a_timeout_approves_only_with_leave() {
    let cluster = one().await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let shown =
        patch(&admin, "/api/v1/workspace", json!({ "allow_timeout_approve": false })).await.expect(200).body;
    assert_eq!(shown["allow_timeout_approve"], false);
    let null = json!({ "allow_timeout_approve": null });
    let problem = patch(&admin, "/api/v1/workspace", null).await.problem(422, "invalid").body;
    assert_eq!(problem["errors"][0]["pointer"], "/allow_timeout_approve");
    let body = json!({ "timeout_action": "approve" });
    eventually("it is refused", || async { admin.create(body.clone()).await.status == 422 }).await;
    let problem = admin.create(body.clone()).await.problem(422, "invalid").body;
    assert_eq!(problem["errors"][0]["pointer"], "/timeout_action");
    admin.ask(json!({ "timeout_action": "reject" })).await;
    patch(&admin, "/api/v1/workspace", json!({ "allow_timeout_approve": true })).await.expect(200);
    eventually("it is let", || async { admin.create(body.clone()).await.status == 201 }).await;
    assert_eq!(admin.get("/api/v1/workspace").await.expect(200).body["allow_timeout_approve"], true);
}
