//! G5: the person behind the credential, admitted by the policy, once.

use serde_json::{Value, json};

use crate::support::{Cluster, End, Socket, eventually};

#[tokio::test]
async fn g05_the_actor_is_never_in_the_body() {
    let cluster = Cluster::start().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let id = asker.ask(json!({})).await;
    for field in ["approver", "approved_by", "actor", "principal", "user_id", "resolved_by"] {
        let reply = ana.approve_with(&id, json!({ field: "bo" })).await.problem(422, "invalid");
        assert_eq!(reply.body["errors"][0]["pointer"], format!("/{field}"));
    }
    asker.create(json!({ "requested_by": "bo" })).await.problem(422, "invalid");
    let decided = ana.approve(&id).await.expect(200).body;
    assert_eq!(decided["approval"]["resolved_by"], "ana");
    assert_eq!(decided["approval"]["requested_by"], "agent");
}

#[tokio::test]
async fn g05_only_whom_the_policy_admits() {
    let cluster = Cluster::start().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let eve = cluster.api(0, &cluster.member("eve").await);
    let policy = json!({ "policy": { "allowed_approvers": ["ana", "bo", "ana"] } });
    let created = asker.create(policy).await.expect(201);
    assert_eq!(created.body["policy"]["allowed_approvers"], json!(["ana", "bo"]), "doubles collapse");
    let id = created.id();
    let refused = eve.approve(&id).await.problem(403, "not_eligible");
    assert!(refused.body["detail"].as_str().unwrap().contains("does not name you"));
    eve.reject(&id, "no").await.problem(403, "not_eligible");
    assert_eq!(ana.approve(&id).await.expect(200).body["approval"]["resolution"], "approved");
}

#[tokio::test]
async fn g05_nobody_decides_their_own_request_unless_allowed() {
    let cluster = Cluster::start().await;
    let agent_key = cluster.member("agent").await;
    let asker = cluster.api(0, &agent_key);
    // Another key of the same person is the same person.
    let other_key = cluster.api(1, &cluster.member("agent").await);
    let id = asker.ask(json!({})).await;
    asker.approve(&id).await.problem(403, "not_eligible");
    other_key.reject(&id, "no").await.problem(403, "not_eligible");
    // Taking the question back is not deciding it.
    assert_eq!(asker.cancel(&id, "never mind").await.expect(200).body["approval"]["status"], "cancelled");

    let id = asker.ask(json!({ "policy": { "allow_self_approval": true } })).await;
    assert_eq!(asker.approve(&id).await.expect(200).body["approval"]["status"], "resolved");

    // Named or not.
    let named = json!({ "policy": { "allowed_approvers": ["agent", "ana"] } });
    let id = asker.ask(named).await;
    asker.approve(&id).await.problem(403, "not_eligible");
}

#[tokio::test]
async fn g05_nobody_counts_twice() {
    let cluster = Cluster::start().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let ana_again = cluster.api(1, &cluster.member("ana").await);
    let bo = cluster.api(1, &cluster.member("bo").await);
    let id = asker.ask(json!({ "policy": { "min_approvers": 2 } })).await;
    let first = ana.approve(&id).await.expect(200).body;
    assert_eq!((&first["changed"], &first["approval"]["status"]), (&json!(true), &json!("pending")));
    assert_eq!(first["approval"]["version"], 2);
    for api in [&ana, &ana_again] {
        let again = api.approve(&id).await.expect(200).body;
        assert_eq!((&again["changed"], &again["approval"]["status"]), (&json!(false), &json!("pending")));
    }
    ana_again.reject(&id, "no, after all").await.problem(409, "already_voted");
    ana_again.approve_with(&id, json!({"modifications": {"x": 1}})).await.problem(409, "already_voted");
    let last = bo.approve(&id).await.expect(200).body;
    assert_eq!((&last["approval"]["status"], &last["approval"]["version"]), (&json!("resolved"), &json!(3)));
    let decisions = asker.get(&format!("/api/v1/approvals/{id}/decisions")).await.body;
    let who: Vec<&Value> = decisions["items"].as_array().unwrap().iter().map(|it| &it["principal"]).collect();
    assert_eq!(who, [&json!("ana"), &json!("bo")]);
}

/// Twenty people vote at once on a quorum of five, over both instances.
#[tokio::test(flavor = "multi_thread")]
async fn g05_a_quorum_counts_exactly() {
    let cluster = Cluster::start().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let mut people = Vec::new();
    for number in 0..20 {
        people.push(cluster.api(number % 2, &cluster.member(&format!("person-{number}")).await));
    }
    for round in 0..15 {
        let id = asker.ask(json!({ "policy": { "min_approvers": 5 } })).await;
        let votes: Vec<_> = people
            .iter()
            .map(|api| {
                let (api, id) = (api.clone(), id.clone());
                tokio::task::spawn(async move { api.approve(&id).await })
            })
            .collect();
        let mut accepted = 0;
        for vote in votes {
            let reply = vote.await.unwrap();
            match reply.status {
                200 => accepted += 1,
                _ => drop(reply.problem(409, "already_decided")),
            }
        }
        assert_eq!(accepted, 5, "round {round}");
        let approval = asker.show(&id).await.body;
        assert_eq!((&approval["status"], &approval["version"]), (&json!("resolved"), &json!(6)));
        let decisions = asker.get(&format!("/api/v1/approvals/{id}/decisions")).await.body;
        assert_eq!(decisions["items"].as_array().unwrap().len(), 5, "round {round}");
    }
}

#[tokio::test]
async fn g05_policies_decide_as_they_say() {
    let cluster = Cluster::start().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let bo = cluster.api(1, &cluster.member("bo").await);
    let cy = cluster.api(1, &cluster.member("cy").await);

    let all = json!({ "policy": { "allowed_approvers": ["ana", "bo", "cy"], "require_all": true } });
    let id = asker.ask(all).await;
    for (api, status) in [(&ana, "pending"), (&cy, "pending"), (&bo, "resolved")] {
        assert_eq!(api.approve(&id).await.expect(200).body["approval"]["status"], status);
    }

    let patient = json!({ "policy": { "min_approvers": 2, "rejections_to_reject": 2 } });
    let id = asker.ask(patient).await;
    assert_eq!(ana.reject(&id, "no").await.expect(200).body["approval"]["status"], "pending");
    assert_eq!(bo.approve(&id).await.expect(200).body["approval"]["status"], "pending");
    let rejected = cy.reject(&id, "no either").await.expect(200).body;
    assert_eq!(rejected["approval"]["resolution"], "rejected");
    assert_eq!(rejected["approval"]["result"]["feedback"], "no either");

    let id = asker.ask(json!({ "policy": { "min_approvers": 2 } })).await;
    let edit = json!({ "modifications": { "limit": 10 } });
    ana.approve_with(&id, edit.clone()).await.expect(200);
    bo.approve(&id).await.problem(409, "modifications_differ");
    bo.approve_with(&id, json!({ "modifications": { "limit": 11 } }))
        .await
        .problem(409, "modifications_differ");
    let done = bo.approve_with(&id, edit).await.expect(200).body;
    assert_eq!(done["approval"]["resolution"], "modified");
    assert_eq!(done["approval"]["result"]["modifications"], json!({ "limit": 10 }));
}

#[tokio::test]
async fn g05_what_nobody_could_satisfy_is_refused() {
    let cluster = Cluster::start().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    for policy in [
        json!({ "allowed_approvers": [] }),
        json!({ "allowed_approvers": ["ana"], "min_approvers": 2 }),
        json!({ "allowed_approvers": ["ana", "ana"], "min_approvers": 2 }),
        json!({ "allowed_approvers": ["agent"] }),
        json!({ "allowed_approvers": ["agent", "ana"], "require_all": true }),
    ] {
        let reply = asker.create(json!({ "policy": policy })).await;
        assert_eq!(reply.code(), "unsatisfiable_policy", "{policy}: {reply:#?}");
        reply.problem(422, "unsatisfiable_policy");
    }
    let lenient = json!({ "allowed_approvers": ["agent"], "allow_self_approval": true });
    asker.create(json!({ "policy": lenient })).await.expect(201);
}

#[tokio::test]
async fn g05_permissions_and_credentials_are_asked_for() {
    let cluster = Cluster::start().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let id = asker.ask(json!({})).await;
    let looker = cluster.api(0, &cluster.key("acme", "looker", &["approval:view:pending"]).await);
    looker.show(&id).await.expect(200);
    looker.create(json!({})).await.problem(403, "forbidden");
    looker.approve(&id).await.problem(403, "forbidden");
    looker.reject(&id, "no").await.problem(403, "forbidden");
    looker.cancel(&id, "no").await.problem(403, "forbidden");
    looker.get(&format!("/api/v1/approvals/{id}/audit")).await.problem(403, "forbidden");
    // Who sees what is pending sees who has signed; of what has ended that takes more.
    looker.get(&format!("/api/v1/approvals/{id}/decisions")).await.expect(200);
    let over = asker.ask(json!({})).await;
    asker.cancel(&over, "no").await.expect(200);
    looker.get(&format!("/api/v1/approvals/{over}/decisions")).await.problem(403, "forbidden");
    looker.delete("/api/v1/runs/run-1").await.problem(403, "forbidden");
    looker.get("/api/v1/cluster").await.problem(403, "forbidden");
    for key in ["", "nonsense", "so_aaaaaaaaaaaa_0123456789abcdef0123456789abcdef"] {
        let nobody = cluster.api(0, key);
        let reply = nobody.show(&id).await.problem(401, "unauthenticated");
        assert_eq!(reply.header("www-authenticate"), "Bearer");
    }
}

/// A revoked key is refused within five seconds, on every instance.
#[tokio::test(flavor = "multi_thread")]
async fn g05_a_revoked_key_is_out() {
    let cluster = Cluster::start().await;
    let key = cluster.member("agent").await;
    for instance in 0..2 {
        cluster.api(instance, &key).ask(json!({})).await;
    }
    let environment = [("DATABASE_URL", cluster.database.url.as_str())];
    let revoked = crate::support::process::signoff(&["keys", "revoke", &key], &environment).await;
    assert!(revoked.status.success(), "{revoked:?}");
    for instance in 0..2 {
        let api = cluster.api(instance, &key);
        crate::support::within(std::time::Duration::from_secs(5), "the key is refused", || async {
            api.get("/api/v1/approvals/pending").await.status == 401
        })
        .await;
    }
}

/// A wait that was begun in time tells nothing to those who may not see it any more.
#[tokio::test(flavor = "multi_thread")]
async fn g05_a_wait_tells_nothing_to_whoever_is_out_by_then() {
    let cluster = Cluster::start().await.connected().await;
    let (agent, ana) = (cluster.member("agent").await, cluster.member("ana").await);
    let (agent, ana) = (cluster.api(0, &agent), cluster.api(0, &ana));
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
        let permissions = ["approval:view:pending", "event:subscribe"];
        let key = cluster.key("acme", &crate::support::unique("watcher"), &permissions).await;
        let prefix = key.split('_').nth(1).unwrap().to_owned();
        let (here, there) = (cluster.api(0, &key), cluster.api(1, &key));
        let id = agent.ask(json!({})).await;
        // One that ends in time is told as little.
        let pending = agent.ask(json!({})).await;
        let short = there.waiting(&pending, 5);
        let waits = [here.waiting(&id, 50), there.waiting(&id, 50)];
        let mut socket = Socket::open(&there, "t").await;
        socket.send(json!({ "type": "wait_for_approval", "approval_id": id, "ref": "w" })).await;
        eventually("they wait", || async { cluster.waiting(0) + cluster.waiting(1) == 4 }).await;
        sqlx::query(withdraw).bind(&prefix).execute(&mut conn).await.unwrap();
        for api in [&here, &there] {
            eventually("it counts", || async { api.show(&id).await.status == status }).await;
        }
        ana.approve(&id).await.expect(200);
        for wait in waits {
            wait.await.unwrap().problem(status, code);
        }
        match socket.frame().await {
            Ok(answer) => {
                assert_eq!(
                    (&answer["data"]["code"], &answer["ref"]),
                    (&json!(code), &json!("w")),
                    "{answer}"
                );
            }
            // Whose credential is withdrawn loses the socket, too.
            Err(end) => assert!(matches!(end, End::Closed(1008, _)) && status == 401, "{end:?}"),
        }
        short.await.unwrap().problem(status, code);
        // Whoever may goes on.
        agent.wait(&id, 0).await.expect(200);
    }
}
