//! G19: nothing passes between workspaces.

use serde_json::json;

use crate::support::{
    Cluster, End, Socket,
    delegating::{allow, delegate},
    ended, eventually,
};

#[tokio::test(flavor = "multi_thread")]
async fn g19_another_workspace_is_another_world() {
    let cluster = Cluster::start().await.connected().await;
    let ours = cluster.api(0, &cluster.key("acme", "agent", &["workspace:admin"]).await);
    let theirs = cluster.api(1, &cluster.key("rival", "agent", &["workspace:admin"]).await);
    let body = json!({ "run_id": "shared-name", "session_id": "s", "title": "secret" });
    let id = ours.ask(body.clone()).await;
    let nothing = "01890a5d-ac96-774b-bcce-b302099a8057";

    // What is there and what is not are told apart by nothing.
    for path in ["", "/wait?timeout=1", "/decisions", "/audit"] {
        let seen = theirs.get(&format!("/api/v1/approvals/{id}{path}")).await.problem(404, "not_found");
        let absent =
            theirs.get(&format!("/api/v1/approvals/{nothing}{path}")).await.problem(404, "not_found");
        assert_eq!(seen.body, absent.body, "{path}");
    }
    for id in [id.as_str(), nothing] {
        theirs.approve(id).await.problem(404, "not_found");
        theirs.reject(id, "no").await.problem(404, "not_found");
        theirs.cancel(id, "no").await.problem(404, "not_found");
    }
    assert_eq!(theirs.get("/api/v1/approvals/pending").await.expect(200).body["items"], json!([]));
    theirs.delete("/api/v1/runs/shared-name").await.problem(404, "not_found");

    // The same names are other things there.
    let mine = theirs.ask(body).await;
    let waiter = ours.waiting(&id, 50);
    eventually("it waits", || async { cluster.waiting(0) == 1 }).await;
    theirs.delete("/api/v1/runs/shared-name").await.expect(204);
    assert_eq!(theirs.show(&mine).await.body["status"], "cancelled");
    assert_eq!(ours.show(&id).await.body["status"], "pending");
    assert!(!waiter.is_finished(), "another workspace woke it");
    // Not even waiting registers anything.
    theirs.wait(&id, 5).await.problem(404, "not_found");
    ours.cancel(&id, "done").await.expect(200);
    assert_eq!(waiter.await.unwrap().expect(200).body["status"], "cancelled");

    // Idempotency keys are theirs alone.
    let create = |api: &crate::support::Api| {
        let body = crate::support::client::merged(json!({}));
        api.request(reqwest::Method::POST, "/api/v1/approvals").header("Idempotency-Key", "same").json(&body)
    };
    let one = crate::support::Api::send(create(&ours)).await.expect(201).id();
    let other = crate::support::Api::send(create(&theirs)).await.expect(201).id();
    assert_ne!(one, other);
}

/// A waiter of another workspace, on the same id, is not served the outcome that is decided on its instance.
#[tokio::test(flavor = "multi_thread")]
async fn g19_the_registry_respects_the_wall() {
    let cluster = Cluster::start().await.connected().await;
    let ours = cluster.api(0, &cluster.key("acme", "agent", &["workspace:admin"]).await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let theirs = cluster.api(0, &cluster.key("rival", "agent", &["workspace:admin"]).await);
    for _ in 0..50 {
        let id = ours.ask(json!({})).await;
        let waiter = ours.waiting(&id, 50);
        let spy = theirs.waiting(&id, 50);
        ana.approve(&id).await.expect(200);
        waiter.await.unwrap().expect(200);
        spy.await.unwrap().problem(404, "not_found");
        theirs.wait(&id, 1).await.problem(404, "not_found");
    }
}

/// Tasks of the same name in two workspaces are two tasks: neither's socket, events nor decisions reach the other.
#[tokio::test(flavor = "multi_thread")]
async fn g19_sockets_end_at_the_wall() {
    let cluster = Cluster::start().await.connected().await;
    let ours = cluster.api(0, &cluster.key("acme", "ana", &["workspace:admin"]).await);
    let theirs = cluster.api(1, &cluster.key("evil", "ana", &["workspace:admin"]).await);
    let id = ours.ask(json!({ "task_id": "t" })).await;
    let mut our_socket = Socket::open(&ours, "t").await;
    let mut their_socket = Socket::open(&theirs, "t").await;
    assert_eq!(their_socket.hello["data"]["pending"], json!([]));
    for message in [
        json!({ "type": "wait_for_approval", "approval_id": id }),
        json!({ "type": "resolve_approval", "approval_id": id, "approved": true }),
        json!({ "type": "resolve_approval", "approval_id": id, "approved": false, "feedback": "no" }),
    ] {
        assert_eq!(their_socket.ask(message).await["data"]["code"], "not_found");
    }
    let cursor = our_socket.cursor();
    theirs.emit("t", [1]).await;
    ours.emit("t", [2]).await;
    assert_eq!(our_socket.next().await["data"]["n"], 2);
    assert_eq!(their_socket.next().await["data"]["n"], 1);
    let page = theirs.get("/api/v1/tasks/t/events").await.expect(200).body;
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    // Their cursors say nothing of ours.
    let page = theirs.get(&format!("/api/v1/tasks/t/events?after={cursor}")).await.expect(200).body;
    assert_eq!(page["recovered"], false);
    theirs.delete("/api/v1/connections/t").await.expect(204);
    assert_eq!(their_socket.end().await, End::Closed(1008, "closed by ana".into()));
    theirs.connection("t").await.problem(404, "not_found");
    assert_eq!(our_socket.ask(json!({ "type": "ping" })).await["event_type"], "pong");
    assert_eq!(ours.get("/api/v1/connections").await.expect(200).body["items"].as_array().unwrap().len(), 1);
}

/// What has ended here can't be listed, found, exported or decided from there, whatever the words and names are.
#[tokio::test(flavor = "multi_thread")]
async fn g19_the_history_ends_at_the_wall() {
    let cluster = Cluster::start().await;
    let ours = cluster.api(0, &cluster.key("acme", "ana", &["workspace:admin"]).await);
    let theirs = cluster.api(1, &cluster.key("evil", "ana", &["workspace:admin"]).await);
    let policy = json!({ "allow_self_approval": true });
    let [our_id, their_id] = [&ours, &theirs].map(|api| {
        let body = json!({ "run_id": "same", "title": "the same secret", "policy": policy });
        async move {
            let id = api.ask(body).await;
            api.approve(&id).await.expect(200);
            id
        }
    });
    let (our_id, their_id) = tokio::join!(our_id, their_id);
    let open = ours.ask(json!({ "policy": policy })).await;
    for indexed in [false, true] {
        if indexed {
            ended::index(&mut cluster.database.connect().await).await;
        }
        for query in
            ["", "q=secret", "q=s", "run_id=same", "decided_by=ana", "requested_by=ana&status=resolved"]
        {
            let page = theirs.get(&format!("/api/v1/approvals/history?{query}")).await.expect(200).body;
            let ids: Vec<_> = page["items"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
            assert_eq!(ids, [json!(their_id)], "{query}");
            let export = theirs
                .request(reqwest::Method::GET, &format!("/api/v1/approvals/history?{query}"))
                .header("Accept", "text/csv");
            let csv = export.send().await.unwrap().text().await.unwrap();
            assert!(csv.contains(&their_id) && !csv.contains(&our_id), "{query}: {csv}");
        }
    }
    for (action, reason) in [("approve", None), ("reject", Some("no"))] {
        let body = json!({ "ids": [our_id, open, their_id], "action": action, "reason": reason });
        let done = theirs.post("/api/v1/approvals/bulk", &body).await.expect(200).body;
        for result in &done["results"].as_array().unwrap()[..2] {
            assert_eq!((&result["status"], &result["code"]), (&json!(404), &json!("not_found")), "{result}");
            assert!(result.get("approval").is_none());
        }
    }
    assert_eq!(ours.show(&open).await.body["version"], 1);
}

/// A seat opens in its own workspace alone: people of the same names are others elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn g19_a_seat_ends_at_the_wall() {
    let cluster = Cluster::start().await;
    for workspace in ["acme", "rival"] {
        for name in ["agent", "ana", "bo"] {
            cluster.key(workspace, name, &[]).await;
        }
    }
    allow(&cluster, "own").await;
    let ana = cluster.api(0, &cluster.key("acme", "ana", &[]).await);
    let delegation = delegate(&ana, "bo", json!({})).await.expect(201).id();
    let path = format!("/api/v1/delegations/{delegation}");
    let policy = json!({ "policy": { "allowed_approvers": ["ana"] } });
    for (workspace, status) in [("rival", 403), ("acme", 200)] {
        let asker = cluster.api(0, &cluster.key(workspace, "agent", &[]).await);
        let bo = cluster.api(1, &cluster.key(workspace, "bo", &[]).await);
        let id = asker.ask(policy.clone()).await;
        let seen = asker.get(&format!("/api/v1/approvals/{id}/eligible")).await.expect(200).body;
        let others = seen["items"].as_array().unwrap().iter().filter(|it| it["for"] == "ana").count();
        assert_eq!(others, usize::from(status == 200), "{workspace}: {seen}");
        assert_eq!(bo.approve(&id).await.status, status, "{workspace}");
    }
    let theirs = cluster.api(1, &cluster.key("rival", "root", &["workspace:admin"]).await);
    theirs.get(&path).await.problem(404, "not_found");
    theirs.delete(&path).await.problem(404, "not_found");
    assert_eq!(theirs.get("/api/v1/delegations").await.expect(200).body["items"], json!([]));
    assert_eq!(ana.get(&path).await.expect(200).body["state"], "active");
}
