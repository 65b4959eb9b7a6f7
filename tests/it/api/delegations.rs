//! Delegations as callers make them, and what a delegate's vote looks like wherever it is shown.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Api, Cluster, Setup, Shell, Socket, TestDatabase,
    client::merged,
    delegating::{allow, belongs, delegate, in_seconds, person, votes},
    eventually,
    statements::Statements,
};

async fn one() -> Cluster {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    cluster.member("agent").await;
    allow(&cluster, "own").await;
    cluster
}

async fn detail(api: &Api, id: &str) -> String {
    let refused = api.approve(id).await.problem(403, "not_eligible").body;
    refused["detail"].as_str().unwrap().to_owned()
}

async fn rows(api: &Api, path: &str) -> Vec<Value> {
    api.get(path).await.expect(200).body["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delegates_vote_says_for_whom_wherever_it_is_shown() {
    let cluster = one().await.connected().await;
    let agent = person(&cluster, 0, "agent", &[]).await;
    let ana = person(&cluster, 0, "ana", &["sre"]).await;
    person(&cluster, 0, "bo", &[]).await;
    let made = delegate(&ana, "bo", json!({ "reason": "leave" })).await.expect(201);
    let delegation = made.id();
    let bo = person(&cluster, 0, "bo", &[]).await;
    let mut socket = Socket::open(&agent, "run-1").await;
    let policy = json!({ "allowed_groups": ["sre"], "min_approvers": 1 });
    let id = agent.ask(json!({ "policy": policy })).await;
    let done = bo.approve(&id).await.expect(200).body;
    let approval = &done["approval"];
    assert_eq!(
        (&approval["resolved_by"], &approval["resolved_for"]),
        (&json!("bo"), &json!("ana")),
        "{approval}"
    );
    assert_eq!(socket.event("approval_resolved").await["data"]["resolved_for"], "ana");
    let decision = &rows(&agent, &format!("/api/v1/approvals/{id}/decisions")).await[0];
    assert_eq!((&decision["principal"], &decision["for"]), (&json!("bo"), &json!("ana")));
    assert_eq!(decision["counted_as"], json!(["group:sre"]));
    assert_eq!(decision["delegations"], json!([delegation]));
    let record = rows(&agent, &format!("/api/v1/approvals/{id}/audit")).await;
    let record = record.iter().find(|it| it["action"] == "approval.resolved").unwrap();
    assert_eq!((&record["actor"], &record["on_behalf_of"]), (&json!("bo"), &json!("ana")), "{record}");
    assert_eq!(record["detail"]["delegations"], json!([delegation]));
    let history = rows(&agent, "/api/v1/approvals/history").await;
    assert_eq!(history[0]["resolved_for"], "ana");
    let request = agent.request(Method::GET, "/api/v1/approvals/history").header("Accept", "text/csv");
    let csv = Api::send(request).await.expect(200).body;
    let lines: Vec<&str> = csv.as_str().unwrap().lines().collect();
    assert!(lines[0].ends_with(",resolved_at,resolved_for") && lines[1].ends_with(",ana"), "{csv}");
    assert!(lines[1].contains(",bo for ana,"), "{csv}");
    // The same again changes nothing, for ana either is late.
    assert_eq!(bo.approve(&id).await.expect(200).body["changed"], false);
    ana.approve(&id).await.problem(409, "already_decided");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seat_is_used_once_and_only_by_who_has_no_right_of_their_own() {
    let cluster = one().await;
    let agent = person(&cluster, 0, "agent", &[]).await;
    let ana = person(&cluster, 0, "ana", &["sre"]).await;
    let dan = person(&cluster, 0, "dan", &["sre"]).await;
    for name in ["bo", "cy"] {
        person(&cluster, 0, name, &[]).await;
    }
    for (owner, to) in [(&ana, "bo"), (&ana, "cy"), (&dan, "bo"), (&dan, "ana")] {
        delegate(owner, to, json!({})).await.expect(201);
    }
    let [ana, dan] = [person(&cluster, 0, "ana", &["sre"]).await, person(&cluster, 0, "dan", &["sre"]).await];
    let [bo, cy] = [person(&cluster, 0, "bo", &[]).await, person(&cluster, 0, "cy", &[]).await];
    let three = json!({ "policy": { "min_approvers": 3, "allowed_groups": ["sre"] } });
    let id = agent.ask(three.clone()).await;
    // Two seats are open to bo.
    assert!(detail(&bo, &id).await.contains("say \"for\" which of ana, dan"));
    let of_nobody = bo.approve_with(&id, json!({ "for": "cy" })).await.problem(403, "not_eligible").body;
    assert!(of_nobody["detail"].as_str().unwrap().contains("may not sit in for cy"), "{of_nobody}");
    bo.approve_with(&id, json!({ "for": "ana" })).await.expect(200);
    // One human has one vote, whatever seats are left.
    bo.approve_with(&id, json!({ "for": "dan" })).await.problem(409, "already_voted");
    for late in [&ana, &cy] {
        let refused = late.approve(&id).await.problem(409, "already_voted").body;
        assert!(refused["detail"].as_str().unwrap().contains("bo has voted in this seat"), "{refused}");
        late.reject(&id, "no").await.problem(409, "already_voted");
    }
    // Who is admitted by themselves sits in nobody's seat.
    let id = agent.ask(three).await;
    let refused = ana.approve_with(&id, json!({ "for": "dan" })).await.problem(403, "not_eligible").body;
    assert!(refused["detail"].as_str().unwrap().contains("in your own right"), "{refused}");
    ana.approve(&id).await.expect(200);
    let late = cy.approve(&id).await.problem(409, "already_voted").body;
    assert!(late["detail"].as_str().unwrap().contains("ana has voted in this seat"), "{late}");
    // With one seat left there is nothing to say.
    bo.approve(&id).await.expect(200);
    dan.approve(&id).await.problem(409, "already_voted");
    assert_eq!(votes(&agent, &id).await, [("ana".into(), None), ("bo".into(), Some("dan".into()))]);
}

/// Example 10 of the policies' page.
#[tokio::test(flavor = "multi_thread")]
async fn bo_is_not_both_ana_and_bo() {
    let cluster = one().await;
    let agent = person(&cluster, 0, "agent", &[]).await;
    let ana = person(&cluster, 0, "ana", &[]).await;
    person(&cluster, 0, "bo", &[]).await;
    delegate(&ana, "bo", json!({})).await.expect(201);
    let bo = person(&cluster, 0, "bo", &[]).await;
    let policy = json!({ "all_of": [{ "people": ["ana"] }, { "people": ["bo"] }] });
    let id = agent.post("/api/v1/approvals", &merged(json!({ "policy": policy }))).await;
    let id = id.expect(201).id();
    let counted = bo.approve(&id).await.expect(200).body;
    assert_eq!(counted["approval"]["progress"]["summary"], "1 more of ana");
    assert_eq!(votes(&agent, &id).await, [("bo".into(), None)]);
    bo.approve_with(&id, json!({ "for": "ana" })).await.problem(403, "not_eligible");
    ana.approve(&id).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_leads_on_where_each_owner_lets_it() {
    let cluster = one().await;
    let agent = person(&cluster, 0, "agent", &[]).await;
    let mut people = Vec::new();
    for (name, groups) in [("ana", &["sre"][..]), ("bo", &[]), ("cy", &[]), ("di", &[]), ("eve", &[])] {
        people.push(person(&cluster, 0, name, groups).await);
    }
    let of = |types: &[&str]| json!({ "redelegable": true, "approval_types": types });
    delegate(&people[0], "bo", of(&["tool_call", "deploy"])).await.expect(201);
    delegate(&people[1], "cy", of(&["tool_call", "payment"])).await.expect(201);
    delegate(&people[2], "di", json!({})).await.expect(201);
    for (from, to, rule) in [(3, "eve", "depth"), (3, "ana", "cycle"), (1, "ana", "cycle")] {
        let refused = delegate(&people[from], to, json!({})).await.problem(422, "invalid").body;
        assert_eq!(refused["errors"][0]["rule"], rule, "{refused}");
    }
    let di = person(&cluster, 0, "di", &[]).await;
    let policy = json!({ "allowed_groups": ["sre"] });
    let id = agent.ask(json!({ "policy": policy, "approval_type": "deploy" })).await;
    assert!(detail(&di, &id).await.contains("nobody whom the policy admits has delegated to you"));
    let id = agent.ask(json!({ "policy": policy })).await;
    di.approve(&id).await.expect(200);
    assert_eq!(votes(&agent, &id).await, [("di".into(), Some("ana".into()))]);
    let decision = &rows(&agent, &format!("/api/v1/approvals/{id}/decisions")).await[0];
    assert_eq!(decision["delegations"].as_array().unwrap().len(), 3);
    // Where somebody on the way is disabled, or has not let it go on, it ends.
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
    // For somebody who manages principals, the same holds for whose seat it is.
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
    // Power over seats is power over approvals: nobody but an administrator takes another's.
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

/// The list of one's own, and the list of who may agree, say what deciding would.
#[tokio::test(flavor = "multi_thread")]
async fn mine_and_eligible_count_seats_as_deciding_does() {
    let cluster = one().await.connected().await;
    let agent = person(&cluster, 0, "agent", &["sre"]).await;
    let ana = person(&cluster, 0, "ana", &["sre"]).await;
    let dan = person(&cluster, 0, "dan", &["ops"]).await;
    person(&cluster, 0, "bo", &["web"]).await;
    delegate(&ana, "bo", json!({ "approval_types": ["tool_call"] })).await.expect(201);
    delegate(&dan, "bo", json!({ "redelegable": true })).await.expect(201);
    delegate(&agent, "bo", json!({})).await.expect(201);
    let bo = person(&cluster, 0, "bo", &["web"]).await;
    let mut conn = cluster.database.connect().await;
    let mut cases = Vec::new();
    for policy in [
        json!({ "allowed_groups": ["sre"] }),
        json!({ "allowed_groups": ["ops"], "min_approvers": 2 }),
        json!({ "allowed_groups": ["sre", "ops"] }),
        json!({ "allowed_groups": ["web"] }),
        json!({ "allowed_groups": ["web", "sre"] }),
        json!({ "allowed_approvers": ["ana"] }),
        json!({ "allowed_approvers": ["agent", "eve"] }),
        json!({ "allowed_approvers": ["eve"], "veto": { "groups": ["sre"] } }),
        json!({}),
    ] {
        for approval_type in ["tool_call", "deploy"] {
            for (used, on_behalf_of) in [(false, None), (true, None), (false, Some("dan"))] {
                let body = json!({ "policy": policy, "approval_type": approval_type });
                let id = agent.ask(body).await;
                if let Some(name) = on_behalf_of {
                    sqlx::query("UPDATE approval_requests SET on_behalf_of = $2 WHERE id = $1::uuid")
                        .bind(&id)
                        .bind(name)
                        .execute(&mut conn)
                        .await
                        .unwrap();
                }
                // A vote of the owner, where it leaves the question open, uses the seat.
                if used && policy["min_approvers"] == 2 {
                    dan.approve(&id).await.expect(200);
                }
                cases.push((id, format!("{policy} {approval_type} {used} {on_behalf_of:?}")));
            }
        }
    }
    let listed: Vec<String> = rows(&bo, "/api/v1/approvals/pending?approver=me&limit=200")
        .await
        .iter()
        .map(|it| it["id"].as_str().unwrap().to_owned())
        .collect();
    let shown = rows(&bo, "/api/v1/approvals/pending?limit=200").await;
    assert!(listed.len() > 10 && listed.len() < cases.len(), "{} of {}", listed.len(), cases.len());
    for (id, case) in cases {
        let shown = shown.iter().find(|it| it["id"] == json!(id)).unwrap();
        assert_eq!(shown["can_decide"], json!(listed.contains(&id)), "{case}");
        let view = bo.get(&format!("/api/v1/approvals/{id}/eligible?limit=200")).await.expect(200).body;
        let items = view["items"].as_array().unwrap().iter();
        let as_bo: Vec<&Value> =
            items.filter(|it| it["principal"] == "bo" && it["state"] == "can_vote").collect();
        let only_veto = case.contains("veto");
        assert!(only_veto || as_bo.is_empty() != listed.contains(&id), "{case}: {view}");
        let before = view["missing"].as_u64().unwrap();
        let Some(item) = as_bo.first() else {
            let refused = bo.approve(&id).await;
            assert!([403, 409].contains(&refused.status), "{case}: {refused:?}");
            continue;
        };
        assert_eq!(item["helps"], true, "{case}");
        let done = bo.approve_with(&id, json!({ "for": item["for"] })).await.expect(200).body;
        let after = done["approval"]["progress"]["missing"].as_u64().unwrap_or(0);
        assert_eq!(after, before - 1, "{case}");
    }
}

/// A delegate is a person of their own in the list, and those who may not approve see none.
#[tokio::test(flavor = "multi_thread")]
async fn who_may_agree_names_delegates() {
    let cluster = one().await.connected().await;
    let agent =
        cluster.api(0, &cluster.key("acme", "rob", &["approval:create", "approval:view:pending"]).await);
    let ana = person(&cluster, 0, "ana", &["sre"]).await;
    let bo = person(&cluster, 0, "bo", &[]).await;
    person(&cluster, 0, "cy", &[]).await;
    delegate(&ana, "bo", json!({ "redelegable": true })).await.expect(201);
    delegate(&bo, "cy", json!({})).await.expect(201);
    let id =
        agent.ask(json!({ "policy": { "allowed_approvers": ["ana"], "allowed_groups": ["sre"] } })).await;
    let path = format!("/api/v1/approvals/{id}/eligible");
    let items = rows(&ana, &path).await;
    let who: Vec<(&str, Option<&str>, &str)> = items
        .iter()
        .map(|it| (it["principal"].as_str().unwrap(), it["for"].as_str(), it["state"].as_str().unwrap()))
        .collect();
    let can = "can_vote";
    assert_eq!(who, [("ana", None, can), ("bo", Some("ana"), can), ("cy", Some("ana"), can)]);
    assert_eq!(items[1]["as"], json!(["person:ana", "group:sre"]));
    // Page by page, without losing anybody.
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = ana.get(&format!("{path}?limit=1{cursor}")).await.expect(200).body;
        seen.push(page["items"][0].clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, items);
    let people: Vec<Value> = rows(&agent, &path).await.iter().map(|it| it["principal"].clone()).collect();
    assert_eq!(people, ["ana"]);
    // Ana's permission is gone, but not her seat: bo may sit in it.
    let mut conn = cluster.database.connect().await;
    sqlx::query("UPDATE api_keys SET revoked_at = now() WHERE principal_id = (SELECT id FROM principals WHERE name = 'ana')")
        .execute(&mut conn)
        .await
        .unwrap();
    let view = bo.get(&path).await.expect(200).body;
    assert_eq!(
        (&view["items"][0]["state"], &view["satisfiable_now"]),
        (&json!("no_permission"), &json!(true))
    );
    belongs(&cluster, "bo", &["sre"]).await;
    let view = bo.get(&path).await.expect(200).body;
    assert_eq!(view["items"][1]["for"], Value::Null, "bo votes in his own right now: {view}");
}

/// A seat that was used at one level is free at the next, for its owner and for delegates.
#[tokio::test(flavor = "multi_thread")]
async fn each_level_has_seats_of_its_own() {
    let cluster = one().await;
    let agent = person(&cluster, 0, "agent", &[]).await;
    let ana = person(&cluster, 0, "ana", &[]).await;
    person(&cluster, 0, "bo", &[]).await;
    delegate(&ana, "bo", json!({})).await.expect(201);
    let bo = person(&cluster, 0, "bo", &[]).await;
    let policy = json!({ "allowed_approvers": ["ana", "dan"], "min_approvers": 2 });
    let body =
        json!({ "policy": policy, "timeout_action": "escalate", "escalation": [{ "policy": policy }] });
    let id = agent.ask(body).await;
    bo.approve(&id).await.expect(200);
    let mine = async |api: &Api| {
        let all = rows(api, "/api/v1/approvals/pending").await;
        let listed = rows(api, "/api/v1/approvals/pending?approver=me").await;
        assert_eq!(all[0]["can_decide"], json!(!listed.is_empty()), "{all:?}");
        !listed.is_empty()
    };
    assert!(!mine(&bo).await && !mine(&ana).await);
    let hop = json!({ "reason": "nobody is there" });
    ana.post(&format!("/api/v1/approvals/{id}/escalate"), &hop).await.expect(200);
    assert!(mine(&bo).await && mine(&ana).await);
    bo.approve(&id).await.expect(200);
    assert!(!mine(&bo).await && !mine(&ana).await);
    let cast = votes(&agent, &id).await;
    assert_eq!(cast, vec![("bo".to_owned(), Some("ana".to_owned())); 2]);
}

/// What a delegate may sit in comes with the credential: deciding reads once and writes once.
#[tokio::test(flavor = "multi_thread")]
async fn a_delegates_decision_takes_two_statements() {
    let database = TestDatabase::new().await;
    let (statements, url) = Statements::before(&database.url).await;
    let setup = Setup { instances: 1, database_url: Some(url), ..Setup::default() };
    let cluster = Cluster::on(database, setup).await;
    cluster.member("agent").await;
    allow(&cluster, "own").await;
    let agent = person(&cluster, 0, "agent", &[]).await;
    let ana = person(&cluster, 0, "ana", &["sre"]).await;
    person(&cluster, 0, "bo", &[]).await;
    delegate(&ana, "bo", json!({})).await.expect(201);
    let bo = person(&cluster, 0, "bo", &[]).await;
    bo.get("/api/v1/approvals/pending").await.expect(200);
    let tree = json!({ "all_of": [{ "groups": ["sre"] }, { "count": 1, "groups": ["web"] }] });
    let policies = [json!({ "policy": { "allowed_groups": ["sre"] } }), json!({ "policy": tree })];
    // A connection that was quiet for a while is asked before it is used.
    let first = agent.ask(json!({})).await;
    ana.approve(&first).await.expect(200);
    for (policy, approves) in policies.iter().flat_map(|policy| [(policy, true), (policy, false)]) {
        let id = agent.post("/api/v1/approvals", &merged(policy.clone())).await.expect(201).id();
        let before = statements.of("signoff_commit");
        let done = if approves { bo.approve(&id).await } else { bo.reject(&id, "no").await };
        done.expect(200);
        assert_eq!(statements.of("signoff_commit") - before, 2, "{policy}");
        assert_eq!(votes(&agent, &id).await, [("bo".into(), Some("ana".into()))]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_delegates() {
    let shell = Shell::new().await;
    allow(&shell.cluster, "own").await;
    shell.cluster.member("bo").await;
    let until = ["--until", "2w", "--types", "tool_call,deploy", "--reason", "leave"];
    let (code, id) = shell.run(&shell.ana, &[&["delegate", "bo"][..], &until].concat()).await;
    assert_eq!(code, 0, "{id}");
    let id = id.trim();
    let (code, listed) = shell.run(&shell.ana, &["delegations", "list", "--active", "--to", "bo"]).await;
    assert!(code == 0 && listed.contains(id) && listed.contains("tool_call,deploy"), "{listed}");
    let policy = json!({ "policy": { "allowed_approvers": ["ana"] } });
    let bo = shell.cluster.member("bo").await;
    let asked = shell.cluster.api(0, &shell.agent).ask(policy).await;
    let (code, said) = shell.run(&bo, &["approve", &asked, "--for", "ana"]).await;
    assert!(code == 0 && said.contains("resolved: approved by bo for ana"), "{said}");
    let (_, page) = shell.run(&shell.agent, &["show", &asked]).await;
    assert!(page.contains("approved by bo for ana at"), "{page}");
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
