//! What a delegate's vote looks like wherever it is shown, and that lists say of seats what deciding does.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Api, Cluster, Setup, Socket, TestDatabase,
    client::merged,
    delegating::{allow, belongs, delegate, in_seconds, one, person, refusal, rows, votes},
    statements::Statements,
};

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
    assert!(lines[0].ends_with(",resolved_for,workflow") && lines[1].ends_with(",ana,"), "{csv}");
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
    assert!(refusal(&bo, &id).await.contains("say \"for\" which of ana, dan"));
    let of_nobody = bo.approve_with(&id, json!({ "for": "cy" })).await.problem(403, "not_eligible").body;
    assert!(of_nobody["detail"].as_str().unwrap().contains("may not sit in for cy"), "{of_nobody}");
    bo.approve_with(&id, json!({ "for": "ana" })).await.expect(200);
    // One human has one vote, also where seats are left.
    bo.approve_with(&id, json!({ "for": "dan" })).await.problem(409, "already_voted");
    for late in [&ana, &cy] {
        let refused = late.approve(&id).await.problem(409, "already_voted").body;
        assert!(refused["detail"].as_str().unwrap().contains("bo has voted in this seat"), "{refused}");
        late.reject(&id, "no").await.problem(409, "already_voted");
    }
    // Who is admitted by themselves takes no seat.
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

/// The list of one's own, and the list of who may agree, say what deciding would.
#[tokio::test(flavor = "multi_thread")]
async fn mine_and_eligible_count_seats_as_deciding_does() {
    let cluster = one().await.connected().await;
    let agent = person(&cluster, 0, "agent", &["sre"]).await;
    let ana = person(&cluster, 0, "ana", &["sre"]).await;
    let dan = person(&cluster, 0, "dan", &["ops"]).await;
    person(&cluster, 0, "bo", &["web"]).await;
    delegate(&ana, "bo", json!({ "approval_types": ["plan_approval"] })).await.expect(201);
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
        for approval_type in ["plan_approval", "deploy"] {
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

/// What a delegate may sit in comes with the credential. A seat is not looked for in one step: after that was tried,
/// deciding reads once and writes once.
#[tokio::test(flavor = "multi_thread")]
async fn a_delegates_decision_takes_three_statements() {
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
        assert_eq!(statements.of("signoff_commit") - before, 3, "{policy}");
        assert_eq!(votes(&agent, &id).await, [("bo".into(), Some("ana".into()))]);
    }
}

/// A seat is what is given, and only from its beginning on: no permission comes with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_seat_opens_when_it_begins_and_brings_no_permission() {
    let cluster = one().await;
    let agent = person(&cluster, 0, "agent", &[]).await;
    let ana = person(&cluster, 0, "ana", &["sre"]).await;
    for name in ["bo", "vi"] {
        person(&cluster, 0, name, &[]).await;
    }
    let scheduled = json!({ "starts_at": in_seconds(600) });
    let id = delegate(&ana, "bo", scheduled).await.expect(201).id();
    delegate(&ana, "vi", json!({})).await.expect(201);
    let asked = agent.ask(json!({ "policy": { "allowed_groups": ["sre"] } })).await;
    let viewer = cluster.key("acme", "vi", &["approval:view:pending"]).await;
    cluster.api(0, &viewer).approve(&asked).await.problem(403, "forbidden");
    let bo = person(&cluster, 0, "bo", &[]).await;
    assert!(refusal(&bo, &asked).await.contains("does not name you"));
    assert_eq!(rows(&bo, "/api/v1/approvals/pending?approver=me").await, Vec::<Value>::new());
    let who = |items: &[Value]| -> Vec<Value> { items.iter().map(|it| it["principal"].clone()).collect() };
    let eligible = format!("/api/v1/approvals/{asked}/eligible");
    assert_eq!(who(&rows(&ana, &eligible).await), ["ana", "vi"]);
    let mut conn = cluster.database.connect().await;
    sqlx::query("UPDATE delegations SET starts_at = now() WHERE id = $1::uuid")
        .bind(&id)
        .execute(&mut conn)
        .await
        .unwrap();
    assert_eq!(who(&rows(&ana, &eligible).await), ["ana", "bo", "vi"]);
    let bo = person(&cluster, 0, "bo", &[]).await;
    assert_eq!(rows(&bo, "/api/v1/approvals/pending?approver=me").await.len(), 1);
    bo.approve(&asked).await.expect(200);
}
