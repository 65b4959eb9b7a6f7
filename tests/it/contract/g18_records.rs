//! G18: whatever changes something, by whichever way in, leaves its one record; what changes nothing leaves none.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::support::{Api, Cluster, Reply, Setup, Socket, eventually, process::signoff};

/// What was recorded since the last look.
struct Log {
    conn: PgConnection,
    seen: i64,
}

type Row = (i64, String, Option<String>, Option<String>, String, Option<String>);

impl Log {
    /// Just this, in this order: actions with who did them.
    async fn has(&mut self, expected: &[&str]) -> Vec<Row> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT seq, action, subject, actor_name, via, credential FROM audit_log WHERE seq > $1 ORDER BY seq",
        )
        .bind(self.seen)
        .fetch_all(&mut self.conn)
        .await
        .unwrap();
        let found: Vec<&str> = rows.iter().map(|row| row.1.as_str()).collect();
        assert_eq!(found, expected);
        self.seen = rows.last().map_or(self.seen, |row| row.0);
        rows
    }
}

async fn call(api: &Api, method: Method, path: &str, body: Value) -> Reply {
    Api::send(api.request(method, path).json(&body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn g18_each_use_case_leaves_one_record() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let mut log = Log { conn: cluster.database.connect().await, seen: 0 };
    log.has(&[
        "workspace.created",
        "workspace.updated",
        "principal.created",
        "key.created",
        "principal.created",
        "key.created",
    ])
    .await;

    // Approvals: what is repeated, refused or only looked at changes nothing.
    let id = admin.ask(json!({})).await;
    log.has(&["approval.requested"]).await;
    ana.approve(&id).await.expect(200);
    let resolved = log.has(&["approval.resolved"]).await;
    assert_eq!(resolved[0].3.as_deref(), Some("ana"));
    assert!(resolved[0].5.as_deref().is_some_and(|it| it.starts_with("key:")), "{resolved:?}");
    ana.approve(&id).await.expect(200);
    ana.reject(&id, "late").await.expect(409);
    admin.get("/api/v1/approvals/pending").await.expect(200);
    admin.show(&id).await.expect(200);
    let keyed = || {
        admin
            .request(Method::POST, "/api/v1/approvals")
            .header("Idempotency-Key", "once")
            .json(&crate::support::client::merged(json!({ "run_id": "doomed" })))
    };
    Api::send(keyed()).await.expect(201);
    Api::send(keyed()).await.expect(200);
    log.has(&["approval.requested"]).await;
    admin.delete("/api/v1/runs/doomed").await.expect(204);
    let deleted = log.has(&["approval.cancelled", "run.deleted"]).await;
    assert_eq!((deleted[0].4.as_str(), deleted[1].2.as_deref()), ("run_deleted", Some("doomed")));
    admin.delete("/api/v1/runs/doomed").await.expect(204);
    let id = admin.ask(json!({ "timeout_seconds": 1, "timeout_action": "approve" })).await;
    admin.wait(&id, 20).await.expect(200);
    let expired = log.has(&["approval.requested", "approval.expired"]).await;
    assert_eq!((expired[1].3.as_deref(), expired[1].4.as_str()), (None, "timeout"));

    // Identity, over the API.
    let key = call(&admin, Method::POST, "/api/v1/keys", json!({ "principal": "robot" })).await.expect(201);
    log.has(&["principal.created", "key.created"]).await;
    let prefix = key.body["prefix"].as_str().unwrap();
    let rotated = call(&admin, Method::POST, &format!("/api/v1/keys/{prefix}/rotate"), json!({})).await;
    rotated.expect(201);
    log.has(&["key.created", "key.rotated"]).await;
    for expected in [&["key.revoked"][..], &[]] {
        admin.delete(&format!("/api/v1/keys/{prefix}")).await.expect(204);
        let rows = log.has(expected).await;
        assert!(rows.iter().all(|row| row.2.as_deref() == Some(prefix)));
    }
    let made = call(&admin, Method::POST, "/api/v1/principals", json!({ "name": "bo" })).await.expect(201);
    log.has(&["principal.created"]).await;
    let path = format!("/api/v1/principals/{}", made.id());
    for (body, action) in [
        (json!({ "display_name": "Bo" }), "principal.updated"),
        (json!({ "disabled": true }), "principal.disabled"),
        (json!({ "disabled": false }), "principal.enabled"),
    ] {
        let changed = call(&admin, Method::PATCH, &path, body.clone()).await.expect(200).body;
        log.has(&[action]).await;
        // As it is already: no more than looking.
        for same in [body, json!({})] {
            assert_eq!(call(&admin, Method::PATCH, &path, same).await.expect(200).body, changed);
            log.has(&[]).await;
        }
    }
    call(&admin, Method::POST, "/api/v1/principals", json!({ "name": "bo" })).await.expect(422);
    for (role, action) in [
        (json!({ "permissions": ["approval:create"] }), "role.created"),
        (json!({ "permissions": ["approval:create"], "description": "Asks" }), "role.updated"),
    ] {
        for expected in [&[action][..], &[]] {
            call(&admin, Method::PUT, "/api/v1/roles/own", role.clone()).await.expect(200);
            log.has(expected).await;
        }
    }
    admin.delete("/api/v1/roles/own").await.expect(204);
    log.has(&["role.deleted"]).await;
    admin.delete("/api/v1/roles/own").await.expect(404);
    let settings = json!({ "allow_timeout_approve": false });
    let changed = call(&admin, Method::PATCH, "/api/v1/workspace", settings.clone()).await.expect(200).body;
    log.has(&["workspace.updated"]).await;
    for same in [settings, json!({ "history_retention_days": null }), json!({})] {
        assert_eq!(call(&admin, Method::PATCH, "/api/v1/workspace", same).await.expect(200).body, changed);
    }
    log.has(&[]).await;
    crate::support::delegating::allow(&cluster, "own").await;
    let made = crate::support::delegating::delegate(&admin, "ana", json!({})).await.expect(201).id();
    crate::support::delegating::delegate(&admin, "root", json!({})).await.expect(422);
    for expected in [&["delegation.created", "delegation.revoked"][..], &[]] {
        admin.delete(&format!("/api/v1/delegations/{made}")).await.expect(204);
        let rows = log.has(expected).await;
        assert!(rows.iter().all(|row| row.2.as_ref() == Some(&made)), "{rows:?}");
    }

    super::g18_chain::all_linked(&cluster.database).await;
    let output = signoff(&["audit", "verify"], &[("DATABASE_URL", &cluster.database.url)]).await;
    assert!(output.status.success(), "{output:?}");
}

/// Where nobody of the workspace acts, and where it is a socket that somebody acts on.
#[tokio::test(flavor = "multi_thread")]
async fn g18_each_command_leaves_one_record() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let mut log = Log { conn: cluster.database.connect().await, seen: 0 };
    log.has(&["workspace.created", "workspace.updated", "principal.created", "key.created"]).await;
    let run = async |arguments: &[&str]| {
        let output = signoff(arguments, &[("DATABASE_URL", &cluster.database.url), ("USER", "op")]).await;
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["workspaces", "create", "beta"]).await;
    let made = log.has(&["workspace.created"]).await;
    assert_eq!((made[0].3.as_deref(), made[0].4.as_str()), (None, "operator"));
    assert!(made[0].5.as_deref().is_some_and(|it| it.starts_with("cli:op@")), "{made:?}");
    let key = run(&["keys", "create", "--workspace", "beta", "--principal", "x"]).await;
    log.has(&["principal.created", "key.created"]).await;
    run(&["keys", "revoke", key.trim()]).await;
    log.has(&["key.revoked"]).await;
    for expected in [&["principal.disabled"][..], &[]] {
        run(&["principals", "disable", "x", "--workspace", "beta"]).await;
        log.has(expected).await;
    }
    run(&["roles", "put", "r", "--workspace", "beta", "--permissions", "approval:create"]).await;
    run(&["roles", "delete", "r", "--workspace", "beta"]).await;
    log.has(&["role.created", "role.deleted"]).await;
    run(&["audit", "verify"]).await;
    log.has(&[]).await;

    // Sockets leave records only where somebody closes one.
    let mut socket = Socket::open(&admin, "t").await;
    eventually("it is listed", || async { admin.connection("t").await.status == 200 }).await;
    log.has(&[]).await;
    admin.delete("/api/v1/connections/t").await.expect(204);
    socket.end().await;
    let closed = log.has(&["connection.closed"]).await;
    assert_eq!(closed[0].2.as_deref(), Some("t"));

    super::g18_chain::all_linked(&cluster.database).await;
    run(&["audit", "verify"]).await;
}
