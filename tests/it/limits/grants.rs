//! What a credential stands for is short by rule: the look at one workspace's credentials costs the others nothing.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Api, Cluster, End, Reply, Setup, Socket};

async fn one() -> Cluster {
    Cluster::with(Setup { instances: 1, ..Setup::default() }).await
}

async fn put_role(api: &Api, name: &str, permissions: &Value) -> Reply {
    let request = api.request(Method::PUT, &format!("/api/v1/roles/{name}"));
    Api::send(request.json(&json!({ "permissions": permissions }))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_names_have_an_end_and_name_each_once() {
    let cluster = one().await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let refused = put_role(&admin, "ci", &json!(vec!["run:delete"; 78_000])).await.problem(422, "invalid");
    assert_eq!(refused.body["errors"][0]["pointer"], "/permissions", "{:?}", refused.body);
    assert!(refused.body["errors"][0]["message"].as_str().unwrap().contains("twice"));
    put_role(&admin, "ci", &json!(["x".repeat(500_000)])).await.problem(422, "invalid");
    put_role(&admin, "ci", &json!(["run:delete", "approval:create"])).await.expect(200);

    let twice = json!(["ci", "ci"]);
    let many: Vec<String> = (0..101).map(|number| format!("r{number}")).collect();
    for (field, names) in [
        ("permissions", json!(["run:delete", "run:delete"])),
        ("roles", twice.clone()),
        ("roles", json!(many)),
    ] {
        let mut body = json!({ "principal": "robot" });
        body[field] = names;
        let refused = admin.post("/api/v1/keys", &body).await.problem(422, "invalid");
        assert_eq!(refused.body["errors"][0]["pointer"], format!("/{field}"));
    }
    for (field, names) in [("roles", &twice), ("groups", &twice), ("groups", &json!(many))] {
        let mut body = json!({ "name": "ana" });
        body[field] = names.clone();
        admin.post("/api/v1/principals", &body).await.problem(422, "invalid");
    }
    let body = json!({ "principal": "robot", "roles": ["ci", "member"] });
    admin.post("/api/v1/keys", &body).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_makes_five_hundred_roles_at_most() {
    let cluster = one().await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let mut conn = cluster.database.connect().await;
    sqlx::query(
        "INSERT INTO roles (workspace_id, name, permissions)
         SELECT w.id, 'r' || g, '{run:delete}' FROM workspaces w, generate_series(1, 499) g WHERE w.name = 'acme'",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    let one = json!(["run:delete"]);
    put_role(&admin, "last", &one).await.expect(200);
    put_role(&admin, "beyond", &one).await.problem(422, "invalid");
    // Changing one makes none.
    put_role(&admin, "last", &json!(["approval:create"])).await.expect(200);
}

/// Whatever one workspace grants, with whatever many keys: the others are let in.
#[tokio::test(flavor = "multi_thread")]
async fn one_workspaces_roles_lock_nobody_out() {
    let cluster = one().await;
    let hostile = cluster.api(0, &cluster.key("evil", "root", &["workspace:admin"]).await);
    let doubles = json!(vec!["run:delete"; 78_000]);
    let all: Vec<&str> = signoff::auth::Permission::ALL
        .iter()
        .map(|it| it.as_str())
        .filter(|name| *name != "cluster:view")
        .collect();
    let mut roles = Vec::new();
    for number in 0..20 {
        let name = format!("r{number}");
        if put_role(&hostile, &name, &doubles).await.status != 200 {
            put_role(&hostile, &name, &json!(all)).await.expect(200);
        }
        roles.push(name);
    }
    let mut keys = Vec::new();
    for number in 0..20 {
        let body = json!({ "principal": format!("p{number}"), "roles": roles });
        let made = hostile.post("/api/v1/keys", &body).await.expect(201);
        keys.push(made.body["key"].as_str().unwrap().to_owned());
    }
    let mut ours = Vec::new();
    for number in 0..10 {
        ours.push(cluster.member(&format!("ana{number}")).await);
    }
    let look = |key: String| {
        let api = cluster.api(0, &key);
        async move { api.get("/auth/session").await.status }
    };
    let (theirs, ours) = futures_util::future::join(
        futures_util::future::join_all(keys.into_iter().map(look)),
        futures_util::future::join_all(ours.into_iter().map(look)),
    )
    .await;
    assert_eq!(ours, [200; 10], "theirs: {theirs:?}");
}

/// The rows of one workspace can't be read in time, by whatever way they came to be so: the others' revoked sockets are
/// closed, the others' good ones go on, and its own, of which nobody knows, are closed too.
#[tokio::test(flavor = "multi_thread")]
async fn one_workspaces_rows_keep_no_revoked_socket_of_others_open() {
    let cluster = one().await.connected().await;
    let hostile = cluster.api(0, &cluster.key("evil", "mallory", &[]).await);
    let (revoked, good) =
        (cluster.api(0, &cluster.member("ana").await), cluster.api(0, &cluster.member("bo").await));
    let mut theirs = Socket::open(&hostile, "t").await;
    let (mut ours, mut others) = (Socket::open(&revoked, "t").await, Socket::open(&good, "t2").await);
    let mut conn = cluster.database.connect().await;
    for statement in [
        "ALTER TABLE roles DROP CONSTRAINT permissions_are_few",
        "INSERT INTO roles (workspace_id, name, permissions)
         SELECT w.id, 'huge', ARRAY(SELECT 'p' || g FROM generate_series(1, 6000000) g)
           FROM workspaces w WHERE w.name = 'evil'",
        "UPDATE api_keys SET roles = '{huge}' WHERE workspace_id = (SELECT id FROM workspaces WHERE name = 'evil')",
    ] {
        sqlx::query(statement).execute(&mut conn).await.unwrap();
    }
    sqlx::query("UPDATE api_keys SET revoked_at = now() WHERE prefix = $1")
        .bind(revoked.key.split('_').nth(1).unwrap())
        .execute(&mut conn)
        .await
        .unwrap();
    assert_eq!(ours.end().await, End::Closed(1008, "the credential was revoked".into()));
    assert_eq!(theirs.end().await, End::Closed(1013, "the credential could not be checked".into()));
    assert_eq!(others.ask(json!({ "type": "ping" })).await["event_type"], "pong");
}
