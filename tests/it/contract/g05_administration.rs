//! G5: whoever administers a part of a workspace becomes nobody else by it, and takes nothing from whoever may do more.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Api, Cluster, Reply, Setup, browser::Browser, eventually, forge::Forge, process::signoff,
};

async fn one() -> Cluster {
    Cluster::with(Setup { instances: 1, ..Setup::default() }).await
}

async fn send(api: &Api, method: Method, path: &str, body: Value) -> Reply {
    Api::send(api.request(method, path).json(&body)).await
}

async fn patch(api: &Api, path: &str, body: Value) -> Reply {
    send(api, Method::PATCH, path, body).await
}

/// Where a principal is, by name.
async fn place(admin: &Api, name: &str) -> String {
    let listed = admin.get("/api/v1/principals?limit=200").await.expect(200).body;
    let found = listed["items"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap().clone();
    format!("/api/v1/principals/{}", found["id"].as_str().unwrap())
}

/// Where a key is.
fn key_place(key: &str) -> String {
    format!("/api/v1/keys/{}", key.split('_').nth(1).unwrap())
}

/// A person isn't made a service, for which others may make keys.
#[tokio::test(flavor = "multi_thread")]
async fn g05_what_somebody_is_only_administrators_change() {
    let cluster = one().await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let may = ["principal:manage", "key:manage", "approval:create", "approval:approve"];
    let clerk = cluster.api(0, &cluster.key("acme", "clerk", &may).await);
    cluster.key("acme", "ana", &["approval:approve"]).await;
    let ana = place(&admin, "ana").await;
    let key = |name: &str| json!({ "principal": name, "permissions": ["approval:approve"] });

    patch(&clerk, &ana, json!({ "kind": "service" })).await.problem(403, "forbidden");
    patch(&clerk, &ana, json!({ "kind": "person", "groups": ["ops"] })).await.expect(200);
    clerk.post("/api/v1/keys", &key("ana")).await.problem(403, "forbidden");
    let made = clerk.post("/api/v1/principals", &json!({ "name": "robot", "kind": "service" })).await;
    let robot = format!("/api/v1/principals/{}", made.expect(201).id());
    patch(&clerk, &robot, json!({ "kind": "person" })).await.problem(403, "forbidden");
    clerk.post("/api/v1/keys", &key("robot")).await.expect(201);

    patch(&admin, &robot, json!({ "kind": "person" })).await.expect(200);
    clerk.post("/api/v1/keys", &key("robot")).await.problem(403, "forbidden");
    let set = ["principals", "set", "robot", "--workspace", "acme", "--kind", "service"];
    let output = signoff(&set, &[("DATABASE_URL", &cluster.database.url)]).await;
    assert!(output.status.success(), "{output:?}");
    clerk.post("/api/v1/keys", &key("robot")).await.expect(201);
}

/// A role that is gone, or that only the issuer knows, doesn't hide those that are there.
#[tokio::test(flavor = "multi_thread")]
async fn g05_names_that_mean_nothing_hide_nothing() {
    let cluster = one().await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let clerk = cluster.api(0, &cluster.key("acme", "clerk", &["principal:manage", "key:manage"]).await);
    send(&admin, Method::PUT, "/api/v1/roles/ghost", json!({ "permissions": [] })).await.expect(200);
    let add = async |name: &str, roles: Value| {
        let body = json!({ "name": name, "roles": roles });
        format!("/api/v1/principals/{}", admin.post("/api/v1/principals", &body).await.expect(201).id())
    };
    let boss = add("boss", json!(["ghost", "admin"])).await;
    let claimed = add("claimed", json!([])).await;
    let plain = add("plain", json!(["ghost"])).await;
    let key = async |roles: Value| {
        let body = json!({ "principal": "robot", "roles": roles });
        key_place(admin.post("/api/v1/keys", &body).await.expect(201).body["key"].as_str().unwrap())
    };
    let (strong, weak) = (key(json!(["ghost", "admin"])).await, key(json!(["ghost"])).await);
    let newer = cluster.key("acme", "newer", &["workspace:admin"]).await;
    admin.delete("/api/v1/roles/ghost").await.expect(204);
    let mut conn = cluster.database.connect().await;
    for change in [
        "UPDATE principals SET claimed_roles = '{offline_access,admin}' WHERE name = 'claimed'",
        "UPDATE api_keys SET permissions = '{approval:everything,workspace:admin}'
          WHERE principal_id = (SELECT id FROM principals WHERE name = 'newer')",
    ] {
        assert_eq!(sqlx::query(change).execute(&mut conn).await.unwrap().rows_affected(), 1);
    }

    for who in [&boss, &claimed] {
        for body in [json!({ "disabled": true }), json!({ "roles": [] }), json!({})] {
            patch(&clerk, who, body).await.problem(403, "forbidden");
        }
    }
    for prefix in [&strong, &key_place(&newer)] {
        clerk.delete(prefix).await.problem(403, "forbidden");
        clerk.post(&format!("{prefix}/rotate"), &json!({})).await.problem(403, "forbidden");
    }
    // What is worth nothing is in nobody's way, and can't be given.
    patch(&clerk, &plain, json!({ "disabled": true })).await.expect(200);
    clerk.post(&format!("{weak}/rotate"), &json!({})).await.problem(422, "invalid");
    clerk.delete(&weak).await.expect(204);
    patch(&admin, &boss, json!({ "roles": ["ghost", "admin"] })).await.problem(422, "invalid");
    patch(&admin, &boss, json!({ "disabled": true })).await.expect(200);
}

/// What somebody may do by a key counts as what they may do by a role.
#[tokio::test(flavor = "multi_thread")]
async fn g05_whoever_may_more_by_a_key_is_left_alone() {
    let cluster = one().await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let clerk = cluster.api(0, &cluster.key("acme", "clerk", &["principal:manage", "audit:view"]).await);
    let root = place(&admin, "root").await;
    patch(&clerk, &root, json!({ "disabled": true })).await.problem(403, "forbidden");
    patch(&clerk, &root, json!({ "email": "clerk@example.com" })).await.problem(403, "forbidden");
    admin.get("/api/v1/workspace").await.expect(200);

    // By a role of such a key, too.
    let role = json!({ "permissions": ["run:delete"] });
    send(&admin, Method::PUT, "/api/v1/roles/cleaner", role).await.expect(200);
    let body = json!({ "principal": "robot", "roles": ["cleaner", "auditor"] });
    let cleaner =
        key_place(admin.post("/api/v1/keys", &body).await.expect(201).body["key"].as_str().unwrap());
    let cleaners = place(&admin, "robot").await;
    patch(&clerk, &cleaners, json!({ "disabled": true })).await.problem(403, "forbidden");
    // A key that is good for nothing any more is not in the way.
    admin.delete(&cleaner).await.expect(204);
    patch(&clerk, &cleaners, json!({ "disabled": true })).await.expect(200);
    cluster.key("acme", "late", &["workspace:admin"]).await;
    let late = place(&admin, "late").await;
    patch(&clerk, &late, json!({ "disabled": true })).await.problem(403, "forbidden");
    let mut conn = cluster.database.connect().await;
    let expire = "UPDATE api_keys SET expires_at = now()
                   WHERE principal_id = (SELECT id FROM principals WHERE name = 'late')";
    sqlx::query(expire).execute(&mut conn).await.unwrap();
    patch(&clerk, &late, json!({ "disabled": true })).await.expect(200);
}

/// A policy may name somebody who isn't there yet: that name isn't for whoever makes keys.
#[tokio::test(flavor = "multi_thread")]
async fn g05_a_key_is_no_way_to_a_new_name() {
    let cluster = one().await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let may = ["key:manage", "approval:create", "approval:approve"];
    let karl = cluster.api(0, &cluster.key("acme", "karl", &may).await);
    karl.ask(json!({ "policy": { "allowed_approvers": ["cfo"] } })).await;
    let key = |name: &str| json!({ "principal": name, "permissions": ["approval:approve"] });
    let refused = karl.post("/api/v1/keys", &key("cfo")).await.problem(403, "forbidden");
    assert!(refused.body["detail"].as_str().unwrap().contains("principal:manage"), "{refused:?}");
    let mut conn = cluster.database.connect().await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM principals WHERE name = 'cfo'")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!(left, 0);
    // Services that are there are another matter, and so is whoever says who is there.
    let robot = json!({ "name": "robot", "kind": "service" });
    admin.post("/api/v1/principals", &robot).await.expect(201);
    karl.post("/api/v1/keys", &key("robot")).await.expect(201);
    let both = ["key:manage", "principal:manage", "approval:approve"];
    let both = cluster.api(0, &cluster.key("acme", "both", &both).await);
    both.post("/api/v1/keys", &key("robot-2")).await.expect(201);
    admin.post("/api/v1/keys", &key("robot-3")).await.expect(201);
}

/// Whoever makes keys for a service doesn't act as the person who comes with its name.
#[tokio::test(flavor = "multi_thread")]
async fn g05_nobody_is_bound_to_a_service_that_waits_for_them() {
    // By default the name is the subject.
    let forge = Forge::start().await;
    let cluster = Cluster::with(forge.setup(&[])).await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let may = ["principal:manage", "key:manage", "approval:approve"];
    let clerk = cluster.api(0, &cluster.key("acme", "clerk", &may).await);
    let service = json!({ "name": "ana", "kind": "service" });
    clerk.post("/api/v1/principals", &service).await.expect(201);
    let key = json!({ "principal": "ana", "permissions": ["approval:approve"] });
    clerk.post("/api/v1/keys", &key).await.expect(201);
    let ana = cluster.api(0, &forge.good_token("ana"));
    let refused = ana.get("/auth/session").await.problem(403, "forbidden");
    assert!(refused.body["detail"].as_str().unwrap().contains("a service here"), "{refused:?}");
    let place = place(&admin, "ana").await;
    assert_eq!(admin.get(&place).await.expect(200).body["subject"], Value::Null);

    patch(&admin, &place, json!({ "kind": "person" })).await.expect(200);
    // What was refused is refused for some seconds more.
    eventually("they are let in", || async { ana.get("/auth/session").await.status == 200 }).await;
    clerk.post("/api/v1/keys", &key).await.problem(403, "forbidden");
    // A service may come with a person's name, if the issuer chose it, and stays what it was added as.
    clerk.post("/api/v1/principals", &json!({ "name": "robot" })).await.expect(201);
    let mut claims = forge.claims("robot");
    claims["client_id"] = json!("robot");
    cluster.api(0, &forge.token(&claims)).get("/auth/session").await.expect(200);
    let key = json!({ "principal": "robot", "permissions": ["approval:approve"] });
    clerk.post("/api/v1/keys", &key).await.problem(403, "forbidden");
}

/// Whoever may do less doesn't keep an administrator out by ending each of their sessions.
#[tokio::test(flavor = "multi_thread")]
async fn g05_sessions_of_whoever_may_more_are_left_alone() {
    let cluster = one().await;
    let (strong, weak) = (["workspace:admin"], ["principal:manage", "audit:view"]);
    let strong = cluster.key("acme", "root", &strong).await;
    let weak = cluster.key("acme", "clerk", &weak).await;
    let (admin, clerk) = (cluster.api(0, &strong), cluster.api(0, &weak));
    let open = async |key: &str| {
        let page = Browser::new().sign_in_with_key(&cluster.instances[0].url, key).await;
        assert_eq!(page.status, 201, "{page:#?}");
        let listed = admin.get("/api/v1/browser-sessions").await.expect(200).body;
        let last = listed["items"].as_array().unwrap().last().unwrap().clone();
        format!("/api/v1/browser-sessions/{}", last["id"].as_str().unwrap())
    };
    let roots = open(&strong).await;
    clerk.delete(&roots).await.problem(403, "forbidden");
    let others = open(&cluster.key("acme", "ana", &["audit:view"]).await).await;
    clerk.delete(&others).await.expect(204);
    // One's own, whatever one comes with.
    let own = open(&cluster.key("acme", "clerk", &["run:delete"]).await).await;
    clerk.delete(&own).await.expect(204);
    admin.delete(&roots).await.expect(204);
    clerk.delete(&roots).await.problem(404, "not_found");
}
