//! Administering the same thing at once: one after the other, each by what the one before has left.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tokio::task::JoinHandle;

use crate::support::{Api, Cluster, Reply, Setup, eventually};

struct Scene {
    cluster: Cluster,
    admin: Api,
}

impl Scene {
    async fn new() -> Self {
        let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
        let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
        Self { cluster, admin }
    }

    async fn connect(&self) -> PgConnection {
        self.cluster.database.connect().await
    }

    /// Waits until so many wait for a lock.
    async fn wait(&self, count: i64) {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        eventually("they wait for a lock", || async {
            let mut conn = self.connect().await;
            sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut conn).await.unwrap() >= count
        })
        .await;
    }
}

fn spawn(api: &Api, method: Method, path: &str, body: &Value) -> JoinHandle<Reply> {
    let request = api.request(method, path).json(body);
    tokio::spawn(Api::send(request))
}

async fn all(calls: Vec<JoinHandle<Reply>>) -> Vec<Reply> {
    let mut replies = Vec::new();
    for call in calls {
        replies.push(call.await.unwrap());
    }
    replies
}

/// One successor, and the one that was asked for: a key for good gets one for good.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_gets_one_successor() {
    let scene = Scene::new().await;
    let body = json!({ "principal": "robot", "permissions": ["approval:create"] });
    let made = scene.admin.post("/api/v1/keys", &body).await.expect(201).body;
    let prefix = made["prefix"].as_str().unwrap();
    let mut conn = scene.connect().await;
    let mut holding = conn.begin().await.unwrap();
    sqlx::query("SELECT FROM api_keys WHERE prefix = $1 FOR UPDATE")
        .bind(prefix)
        .execute(&mut *holding)
        .await
        .unwrap();
    let path = format!("/api/v1/keys/{prefix}/rotate");
    let calls = (0..4).map(|_| spawn(&scene.admin, Method::POST, &path, &json!({}))).collect();
    // The others wait for their turn, before they have a connection.
    scene.wait(1).await;
    holding.rollback().await.unwrap();
    let (made, refused): (Vec<_>, Vec<_>) = all(calls).await.into_iter().partition(|it| it.status == 201);
    assert_eq!(made.len(), 1, "{made:#?}");
    assert_eq!(made[0].body["expires_at"], Value::Null);
    for reply in refused {
        let reply = reply.problem(422, "invalid");
        assert!(reply.body["errors"][0]["message"].as_str().unwrap().contains("rotated before"), "{reply:?}");
    }
    let listed = scene.admin.get("/api/v1/keys?principal=robot").await.expect(200).body;
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert_eq!(listed["items"][0]["rotated_to"], made[0].body["prefix"]);
}

/// A new role is made once; whoever comes at the same time changes what the first has made.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_made_once() {
    let scene = Scene::new().await;
    let mut conn = scene.connect().await;
    let mut holding = conn.begin().await.unwrap();
    let begin = "INSERT INTO roles (workspace_id, name, permissions)
                 SELECT id, 'own', '{audit:view}' FROM workspaces WHERE name = 'acme'";
    sqlx::query(begin).execute(&mut *holding).await.unwrap();
    let calls = ["approval:create", "approval:approve", "approval:reject", "approval:cancel"]
        .map(|it| spawn(&scene.admin, Method::PUT, "/api/v1/roles/own", &json!({ "permissions": [it] })));
    // The others wait for their turn, before they have a connection.
    scene.wait(1).await;
    holding.rollback().await.unwrap();
    for reply in all(calls.into()).await {
        reply.expect(200);
    }
    let records: Vec<(String, Option<Value>, Value)> = sqlx::query_as(
        "SELECT action, before -> 'permissions', after -> 'permissions' FROM audit_log
          WHERE action LIKE 'role.%' ORDER BY seq",
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    let actions: Vec<&str> = records.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(actions, ["role.created", "role.updated", "role.updated", "role.updated"]);
    assert_eq!(records[0].1, None);
    for pair in records.windows(2) {
        assert_eq!(pair[1].1.as_ref(), Some(&pair[0].2), "{records:?}");
    }
}

/// Nobody changes a role that allows more than they may, also in the moment in which it is made.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_just_being_made_is_looked_at() {
    let scene = Scene::new().await;
    let clerk = scene.cluster.api(0, &scene.cluster.key("acme", "clerk", &["principal:manage"]).await);
    let mut conn = scene.connect().await;
    let mut holding = conn.begin().await.unwrap();
    let begin = "INSERT INTO roles (workspace_id, name, permissions)
                 SELECT id, 'own', '{audit:view}' FROM workspaces WHERE name = 'acme'";
    sqlx::query(begin).execute(&mut *holding).await.unwrap();
    let call = spawn(&clerk, Method::PUT, "/api/v1/roles/own", &json!({ "permissions": [] }));
    scene.wait(1).await;
    holding.commit().await.unwrap();
    call.await.unwrap().problem(403, "forbidden");
    let permissions: Vec<String> = sqlx::query_scalar("SELECT permissions FROM roles WHERE name = 'own'")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!(permissions, ["audit:view"]);
}

/// Nobody makes a key for a service that is becoming a person.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_becoming_a_person_is_one() {
    let scene = Scene::new().await;
    let keeper = ["key:manage", "approval:create"];
    let keeper = scene.cluster.api(0, &scene.cluster.key("acme", "keeper", &keeper).await);
    let robot = json!({ "name": "robot", "kind": "service" });
    scene.admin.post("/api/v1/principals", &robot).await.expect(201);
    let mut conn = scene.connect().await;
    let mut holding = conn.begin().await.unwrap();
    let change = "UPDATE principals SET kind = 'person' WHERE name = 'robot'";
    sqlx::query(change).execute(&mut *holding).await.unwrap();
    let body = json!({ "principal": "robot", "permissions": ["approval:create"] });
    let call = spawn(&keeper, Method::POST, "/api/v1/keys", &body);
    scene.wait(1).await;
    holding.commit().await.unwrap();
    call.await.unwrap().problem(403, "forbidden");
}
