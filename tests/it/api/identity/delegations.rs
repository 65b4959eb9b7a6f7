//! Delegations as callers make, see and end them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Api, Cluster, Shell,
    delegating::{allow, delegate, in_seconds, one, person, refusal, rows, votes},
    eventually,
    process::signoff,
    shell::told,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_leads_on_where_each_owner_lets_it() {
    let cluster = one().await;
    let agent = person(&cluster, 0, "agent", &[]).await;
    let mut people = Vec::new();
    for (name, groups) in [("ana", &["sre"][..]), ("bo", &[]), ("cy", &[]), ("di", &[]), ("eve", &[])] {
        people.push(person(&cluster, 0, name, groups).await);
    }
    let of = |types: &[&str]| json!({ "redelegable": true, "approval_types": types });
    delegate(&people[0], "bo", of(&["plan_approval", "deploy"])).await.expect(201);
    delegate(&people[1], "cy", of(&["plan_approval", "payment"])).await.expect(201);
    delegate(&people[2], "di", json!({})).await.expect(201);
    for (from, to, rule) in [(3, "eve", "depth"), (3, "ana", "cycle"), (1, "ana", "cycle")] {
        let refused = delegate(&people[from], to, json!({})).await.problem(422, "invalid").body;
        assert_eq!(refused["errors"][0]["rule"], rule, "{refused}");
    }
    let di = person(&cluster, 0, "di", &[]).await;
    let policy = json!({ "allowed_groups": ["sre"] });
    let id = agent.ask(json!({ "policy": policy, "approval_type": "deploy" })).await;
    assert!(refusal(&di, &id).await.contains("no person whom the policy admits has delegated to you"));
    let id = agent.ask(json!({ "policy": policy })).await;
    di.approve(&id).await.expect(200);
    assert_eq!(votes(&agent, &id).await, [("di".into(), Some("ana".into()))]);
    let decision = &rows(&agent, &format!("/api/v1/approvals/{id}/decisions")).await[0];
    assert_eq!(decision["delegations"].as_array().unwrap().len(), 3);
    // Where a person on the way is disabled, or has not let it go on, it ends.
    let mut conn = cluster.database.connect().await;
    for (spoil, mend) in [
        (
            "UPDATE principals SET disabled_at = now() WHERE name = 'bo'",
            "UPDATE principals SET disabled_at = NULL WHERE name = 'bo'",
        ),
        (
            "UPDATE principals SET disabled_at = now() WHERE name = 'ana'",
            "UPDATE principals SET disabled_at = NULL WHERE name = 'ana'",
        ),
        (
            "UPDATE principals SET kind = 'service' WHERE name = 'cy'",
            "UPDATE principals SET kind = 'person' WHERE name = 'cy'",
        ),
        ("UPDATE delegations SET redelegable = false", "UPDATE delegations SET redelegable = true"),
        ("UPDATE workspaces SET delegation = 'off'", "UPDATE workspaces SET delegation = 'managed'"),
    ] {
        let id = agent.ask(json!({ "policy": policy })).await;
        sqlx::query(spoil).execute(&mut conn).await.unwrap();
        let di = person(&cluster, 0, "di", &[]).await;
        di.approve(&id).await.problem(403, "not_eligible");
        sqlx::query(mend).execute(&mut conn).await.unwrap();
        let di = person(&cluster, 0, "di", &[]).await;
        di.approve(&id).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_with_its_rule() {
    let cluster = one().await;
    let ana = person(&cluster, 0, "ana", &[]).await;
    for name in ["bo", "bot", "gone"] {
        person(&cluster, 0, name, &[]).await;
    }
    let mut conn = cluster.database.connect().await;
    for change in [
        "UPDATE principals SET kind = 'service' WHERE name = 'bot'",
        "UPDATE principals SET disabled_at = now() WHERE name = 'gone'",
    ] {
        sqlx::query(change).execute(&mut conn).await.unwrap();
    }
    let many: Vec<String> = (0..101).map(|number| format!("t{number}")).collect();
    for (body, pointer, rule) in [
        (json!({ "to": "ana" }), "/to", "self"),
        (json!({ "to": "nobody" }), "/to", "unknown"),
        (json!({ "to": "bot" }), "/to", "service"),
        (json!({ "to": "gone" }), "/to", "disabled"),
        (json!({ "to": "a\u{202e}b" }), "/to", "name"),
        (json!({ "to": null }), "/to", "required"),
        (json!({ "ends_at": null }), "/ends_at", "required"),
        (json!({ "ends_at": "tomorrow" }), "/ends_at", "time"),
        (json!({ "ends_at": in_seconds(-10) }), "/ends_at", "past"),
        (json!({ "ends_at": in_seconds(30) }), "/ends_at", "range"),
        (json!({ "ends_at": in_seconds(90 * 86_400 + 60) }), "/ends_at", "range"),
        (json!({ "starts_at": in_seconds(-3_600) }), "/starts_at", "past"),
        (json!({ "starts_at": in_seconds(3_590) }), "/ends_at", "range"),
        (json!({ "starts_at": in_seconds(7_200) }), "/ends_at", "range"),
        (json!({ "approval_types": [] }), "/approval_types", "range"),
        (json!({ "approval_types": many }), "/approval_types", "range"),
        (json!({ "approval_types": ["deploy", "a b"] }), "/approval_types/1", "name"),
        (json!({ "reason": "x".repeat(1_001) }), "/reason", "max_length"),
        (json!({ "reason": "a\nb" }), "/reason", "characters"),
        (json!({ "redelegatable": true }), "/redelegatable", "unknown_field"),
    ] {
        let refused = delegate(&ana, "bo", body.clone()).await.problem(422, "invalid").body;
        let error = &refused["errors"][0];
        assert_eq!((&error["pointer"], &error["rule"]), (&json!(pointer), &json!(rule)), "{body}: {refused}");
    }
    assert_eq!(rows(&ana, "/api/v1/delegations").await, Vec::<Value>::new());
    // Who manages principals hears the same of whose seat it is.
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    for (from, rule) in [("nobody", "unknown"), ("bot", "service"), ("gone", "disabled"), ("bo", "self")] {
        let refused = delegate(&admin, "bo", json!({ "from": from })).await.problem(422, "invalid").body;
        assert_eq!(refused["errors"][0]["rule"], rule, "{refused}");
    }
    for query in ["?active=yes", "?cursor=x", "?limit=0", "?from=%00"] {
        ana.get(&format!("/api/v1/delegations{query}")).await.problem(422, "invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_so_many_and_no_more() {
    let cluster = one().await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    for number in 0..21 {
        cluster.member(&format!("p{number}")).await;
    }
    for number in 1..=10 {
        delegate(&admin, &format!("p{number}"), json!({ "from": "p0" })).await.expect(201);
    }
    let full = delegate(&admin, "p11", json!({ "from": "p0" })).await.problem(409, "limit_reached").body;
    assert!(full["detail"].as_str().unwrap().contains("10 delegations from p0"), "{full}");
    for number in 0..20 {
        delegate(&admin, "agent", json!({ "from": format!("p{}", number + 1) })).await.expect(201);
    }
    let full = delegate(&admin, "agent", json!({ "from": "root" })).await.problem(409, "limit_reached").body;
    assert!(full["detail"].as_str().unwrap().contains("20 delegations to agent"), "{full}");
    // What is over makes room.
    let first =
        rows(&admin, "/api/v1/delegations?from=p1&to=agent").await[0]["id"].as_str().unwrap().to_owned();
    admin.delete(&format!("/api/v1/delegations/{first}")).await.expect(204);
    delegate(&admin, "agent", json!({ "from": "root" })).await.expect(201);
    let mut conn = cluster.database.connect().await;
    sqlx::query(
        "UPDATE delegations SET starts_at = now() - interval '2 h', ends_at = now() - interval '1 h'
          WHERE from_id = (SELECT id FROM principals WHERE name = 'p0') AND to_id = (SELECT id FROM principals WHERE name = 'p1')",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    delegate(&admin, "p11", json!({ "from": "p0" })).await.expect(201);
    // Page by page, newest first.
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("/api/v1/delegations?limit=7{cursor}")).await.expect(200).body;
        seen.extend(page["items"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 32);
    assert!(seen.is_sorted_by(|one, other| one > other), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_delegate_is_for_the_workspace_to_say() {
    let cluster = one().await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let ana = person(&cluster, 0, "ana", &[]).await;
    person(&cluster, 0, "bo", &[]).await;
    let manager = cluster.api(0, &cluster.key("acme", "max", &["principal:manage"]).await);
    let viewer = cluster.api(0, &cluster.key("acme", "vi", &["approval:view:pending"]).await);
    let set = async |how: &str| {
        let request = admin.request(Method::PATCH, "/api/v1/workspace").json(&json!({ "delegation": how }));
        let changed = Api::send(request).await.expect(200).body;
        assert_eq!(changed["delegation"], how);
    };
    let whose = async |api: &Api, from: Value, to: &str| {
        let reply = delegate(api, to, json!({ "from": from })).await;
        if reply.status == 201 {
            admin.delete(&format!("/api/v1/delegations/{}", reply.id())).await.expect(204);
        }
        (reply.status, reply.body["detail"].as_str().unwrap_or_default().to_owned())
    };
    for (how, own, others, managers_own) in
        [("off", 403, 403, 403), ("own", 201, 403, 201), ("managed", 403, 403, 201)]
    {
        set(how).await;
        assert_eq!(whose(&ana, Value::Null, "bo").await.0, own, "{how}");
        assert_eq!(whose(&ana, json!("ana"), "bo").await.0, own, "{how}");
        assert_eq!(whose(&ana, json!("bo"), "ana").await.0, others, "{how}");
        for from in [Value::Null, json!("ana")] {
            assert_eq!(whose(&manager, from, "bo").await.0, managers_own, "{how}");
        }
        viewer.get("/api/v1/delegations").await.problem(403, "forbidden");
        assert_eq!(whose(&viewer, Value::Null, "bo").await.0, 403);
    }
    // Power over seats is power over approvals: only an administrator takes another's.
    let (status, why) = whose(&manager, json!("ana"), "max").await;
    assert!(status == 403 && why.contains("only an administrator"), "{status}: {why}");
    assert_eq!(whose(&admin, json!("ana"), "root").await.0, 201);
    let request = admin.request(Method::PATCH, "/api/v1/workspace").json(&json!({ "delegation": "all" }));
    let refused = Api::send(request).await.problem(422, "invalid").body;
    assert_eq!(refused["errors"][0]["pointer"], "/delegation");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_see_a_delegation_and_end_it() {
    let cluster = one().await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let ana = person(&cluster, 0, "ana", &[]).await;
    let bo = person(&cluster, 0, "bo", &[]).await;
    let eve = person(&cluster, 0, "eve", &[]).await;
    let scheduled =
        json!({ "starts_at": in_seconds(600), "approval_types": ["deploy", "deploy"], "reason": "leave" });
    let made = delegate(&ana, "bo", scheduled).await.expect(201).body;
    assert_eq!(
        (&made["from"], &made["to"], &made["state"], &made["redelegable"]),
        (&json!("ana"), &json!("bo"), &json!("scheduled"), &json!(false))
    );
    assert_eq!((&made["approval_types"], &made["created_by"]), (&json!(["deploy"]), &json!("ana")));
    let path = format!("/api/v1/delegations/{}", made["id"].as_str().unwrap());
    for api in [&ana, &bo, &admin] {
        assert_eq!(api.get(&path).await.expect(200).body, made);
        assert_eq!(
            rows(api, "/api/v1/delegations?from=ana&to=bo&active=false").await,
            std::slice::from_ref(&made)
        );
        assert_eq!(rows(api, "/api/v1/delegations?active=true").await, Vec::<Value>::new());
    }
    assert_eq!(rows(&eve, "/api/v1/delegations").await, Vec::<Value>::new());
    eve.get(&path).await.problem(404, "not_found");
    eve.delete(&path).await.problem(404, "not_found");
    bo.delete(&path).await.expect(204);
    let revoked = ana.get(&path).await.expect(200).body;
    assert_eq!((&revoked["state"], &revoked["revoked_by"]), (&json!("revoked"), &json!("bo")));
    ana.delete(&path).await.expect(204);
    assert_eq!(ana.get(&path).await.expect(200).body, revoked);
    let mut conn = cluster.database.connect().await;
    let records: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT action, actor_name, subject FROM audit_log WHERE action LIKE 'delegation.%' ORDER BY seq",
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    let id = made["id"].as_str().unwrap().to_owned();
    let record = |action: &str, who: &str| (action.to_owned(), who.to_owned(), id.clone());
    assert_eq!(records, [record("delegation.created", "ana"), record("delegation.revoked", "bo")]);
}

/// Revoking takes away what the delegate had not used yet, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_revoked_counts_nowhere_soon() {
    let cluster = Cluster::start().await;
    cluster.member("agent").await;
    allow(&cluster, "own").await;
    let agent = person(&cluster, 0, "agent", &[]).await;
    let ana = person(&cluster, 0, "ana", &["sre"]).await;
    person(&cluster, 0, "bo", &[]).await;
    let id = delegate(&ana, "bo", json!({})).await.expect(201).id();
    let key = cluster.member("bo").await;
    let [here, there] = [cluster.api(0, &key), cluster.api(1, &key)];
    let policy = json!({ "policy": { "allowed_groups": ["sre"], "min_approvers": 2 } });
    let before = agent.ask(policy.clone()).await;
    here.approve(&before).await.expect(200);
    ana.delete(&format!("/api/v1/delegations/{id}")).await.expect(204);
    for bo in [&here, &there] {
        eventually("the seat is closed", || async {
            let id = agent.ask(policy.clone()).await;
            bo.approve(&id).await.status == 403
        })
        .await;
    }
    assert_eq!(votes(&agent, &before).await, [("bo".into(), Some("ana".into()))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_delegates() {
    let shell = Shell::new().await;
    allow(&shell.cluster, "own").await;
    shell.cluster.member("bo").await;
    let until = ["--until", "2w", "--types", "plan_approval,deploy", "--reason", "leave"];
    let (code, id) = shell.run(&shell.ana, &[&["delegate", "bo"][..], &until].concat()).await;
    assert_eq!(code, 0, "{id}");
    let id = id.trim();
    let (code, listed) = shell.run(&shell.ana, &["delegations", "list", "--active", "--to", "bo"]).await;
    assert!(code == 0 && listed.contains(id) && listed.contains("plan_approval,deploy"), "{listed}");
    let policy = json!({ "policy": { "allowed_approvers": ["ana"] } });
    let bo = shell.cluster.member("bo").await;
    let asked = shell.cluster.api(0, &shell.agent).ask(policy).await;
    let (code, said) = shell.run(&bo, &["approve", &asked, "--for", "ana"]).await;
    assert!(code == 0 && said.contains("resolved: approved by bo for ana"), "{said}");
    let (_, page) = shell.run(&shell.agent, &["show", &asked]).await;
    assert!(page.contains("approved by bo for ana at"), "{page}");
    let (_, listed) = shell.run(&shell.agent, &["history"]).await;
    assert!(listed.contains("bo for ana"), "{listed}");
    let environment = [("DATABASE_URL", shell.cluster.database.url.as_str())];
    let resolved = ["audit", "list", "--workspace", "acme", "--action", "approval.resolved"];
    let recorded = async || told(signoff(&resolved, &environment).await).1;
    eventually("the record is linked", || async { recorded().await.contains("bo for ana") }).await;
    for _ in 0..2 {
        let (code, said) = shell.run(&shell.ana, &["delegations", "revoke", id]).await;
        assert!(code == 0 && said.contains("revoked"), "{said}");
    }
    let (_, listed) = shell.run(&shell.ana, &["delegations", "list", "--json"]).await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed[0]["state"], "revoked");
    let (code, said) = shell.run(&shell.ana, &["delegate", "ana", "--until", "2w"]).await;
    assert!(code == 12 && said.contains("another person"), "{said}");
    for wrong in [&["delegate", "bo"][..], &["delegate", "bo", "--until", "soon"]] {
        assert_eq!(shell.run(&shell.ana, wrong).await.0, 10);
    }
    let (code, said) = shell
        .run(&shell.ana, &["delegate", "bo", "--until", "1d", "--from-now", "--starts", "2027-01-01"])
        .await;
    assert_eq!(code, 10, "{said}");
}

/// Callers of a workspace delegate one after the other, on whichever instance: so two that would make a circle together
/// don't pass each other.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_would_make_a_circle_one_is_refused() {
    let cluster = Cluster::start().await;
    cluster.member("agent").await;
    allow(&cluster, "own").await;
    let ana = person(&cluster, 0, "ana", &[]).await;
    let bo = person(&cluster, 1, "bo", &[]).await;
    for round in 0..20 {
        let (one, other) = tokio::join!(delegate(&ana, "bo", json!({})), delegate(&bo, "ana", json!({})));
        let (made, refused) = if one.status == 201 { (one, other) } else { (other, one) };
        let id = made.expect(201).id();
        let refused = refused.problem(422, "invalid").body;
        assert_eq!(refused["errors"][0]["rule"], "cycle", "round {round}: {refused}");
        bo.delete(&format!("/api/v1/delegations/{id}")).await.expect(204);
    }
}
