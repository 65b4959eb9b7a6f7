//! Who may agree: what is told is what deciding does.

use serde_json::{Value, json};

use crate::support::{Api, Cluster, Setup, Socket, client::merged, eventually};

async fn one() -> Cluster {
    Cluster::with(Setup { instances: 1, ..Setup::default() }).await
}

async fn belongs(cluster: &Cluster, name: &str, groups: &[&str]) {
    let set = "UPDATE principals SET groups = $2 WHERE name = $1";
    let mut conn = cluster.database.connect().await;
    sqlx::query(set).bind(name).bind(groups).execute(&mut conn).await.unwrap();
}

async fn person(cluster: &Cluster, name: &str, groups: &[&str]) -> Api {
    let key = cluster.member(name).await;
    belongs(cluster, name, groups).await;
    cluster.api(0, &key)
}

async fn eligible(api: &Api, id: &str) -> Value {
    api.get(&format!("/api/v1/approvals/{id}/eligible?limit=200")).await.expect(200).body
}

fn item<'a>(view: &'a Value, name: &str) -> &'a Value {
    let items = view["items"].as_array().unwrap();
    items.iter().find(|it| it["principal"] == name).unwrap_or_else(|| panic!("{name}: {view}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_who_could_give_what_is_missing() {
    let cluster = one().await.connected().await;
    let agent = person(&cluster, "agent", &[]).await;
    let ana = person(&cluster, "ana", &["security", "product"]).await;
    let bo = person(&cluster, "bo", &["product"]).await;
    person(&cluster, "cy", &["security"]).await;
    person(&cluster, "dan", &["security"]).await;
    let bot = person(&cluster, "bot", &["product"]).await;
    let mut conn = cluster.database.connect().await;
    for change in [
        "UPDATE principals SET kind = 'service' WHERE name = 'bot'",
        "UPDATE principals SET disabled_at = now() WHERE name = 'dan'",
        "UPDATE principals SET groups = '{product}' WHERE name = 'agent'",
    ] {
        sqlx::query(change).execute(&mut conn).await.unwrap();
    }
    let policy = json!({ "all_of": [
        { "groups": ["security"], "people": ["nobody"], "label": "Security" }, { "groups": ["product"] },
    ] });
    let id = agent.ask(json!({ "policy": policy })).await;
    let view = eligible(&ana, &id).await;
    assert_eq!((&view["missing"], &view["ways"], &view["level"]), (&json!(2), &json!(1), &json!(0)));
    assert_eq!(
        view["next"],
        json!({ "people": ["nobody"], "roles": [], "groups": ["product", "security"], "anyone": false })
    );
    assert_eq!(view["satisfiable_now"], true);
    assert_eq!(view["truncated"], false);
    for (name, state, helps) in [
        ("ana", "can_vote", true),
        ("bo", "can_vote", true),
        ("cy", "can_vote", true),
        ("dan", "disabled", false),
        ("bot", "service", false),
        ("agent", "own_request", false),
        ("nobody", "unknown", false),
    ] {
        let item = item(&view, name);
        assert_eq!((&item["state"], &item["helps"]), (&json!(state), &json!(helps)), "{item}");
    }
    assert_eq!(item(&view, "ana")["as"], json!(["group:product", "group:security"]));
    assert_eq!(item(&view, "nobody")["principal_id"], Value::Null);
    ana.approve(&id).await.expect(200);
    let view = eligible(&ana, &id).await;
    assert_eq!(item(&view, "ana")["state"], "voted");
    // She may count for either, so either is missing, and both of these bring it nearer.
    assert!(item(&view, "bo")["helps"] == true && item(&view, "cy")["helps"] == true, "{view}");
    let given: usize =
        view["needs"].as_array().unwrap().iter().map(|it| it["by"].as_array().unwrap().len()).sum();
    assert_eq!(given, 1);
    assert_eq!(view["needs"][0]["label"], "Security");
    bot.approve(&id).await.problem(403, "not_eligible");
    bo.approve(&id).await.expect(200);
    let view = eligible(&ana, &id).await;
    assert_eq!((&view["missing"], &view["summary"]), (&json!(0), &json!("nothing is missing")));
}

/// Who may only ask learns what is missing, and not who is there to be talked to.
#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_approve_sees_no_members() {
    let cluster = one().await.connected().await;
    let agent =
        cluster.api(0, &cluster.key("acme", "agent", &["approval:create", "approval:view:pending"]).await);
    let ana = person(&cluster, "ana", &["security"]).await;
    person(&cluster, "bo", &["security"]).await;
    person(&cluster, "dan", &["security"]).await;
    let id = agent
        .ask(json!({ "policy": { "allowed_approvers": ["cy", "dan"], "allowed_groups": ["security"] } }))
        .await;
    let _socket = Socket::open(&ana, "t").await;
    eventually("she is reachable", || async { item(&eligible(&ana, &id).await, "ana")["reachable"] == true })
        .await;
    assert!(item(&eligible(&ana, &id).await, "ana")["last_seen_at"].is_string());
    let view = eligible(&agent, &id).await;
    let names: Vec<&Value> = view["items"].as_array().unwrap().iter().map(|it| &it["principal"]).collect();
    assert_eq!(names, ["cy", "dan"]);
    assert_eq!(view["members"], json!([{ "selector": "group:security", "count": 3 }]));
    assert_eq!(view["summary"], "1 more of cy, dan or the group security");
    // What groups those are in whom it names is told no more.
    assert_eq!(item(&eligible(&ana, &id).await, "dan")["as"], json!(["person:dan", "group:security"]));
    assert_eq!(item(&view, "dan")["as"], json!(["person:dan"]));
    let both = json!({ "all_of": [{ "people": ["ana", "dan"] }, { "groups": ["security"] }] });
    let id = agent.ask(json!({ "policy": both })).await;
    person(&cluster, "ana", &[]).await;
    let ana = cluster.api(0, &cluster.member("ana").await);
    ana.approve(&id).await.expect(200);
    assert_eq!(item(&eligible(&ana, &id).await, "dan")["helps"], true);
    let view = eligible(&agent, &id).await;
    assert_eq!(item(&view, "dan")["helps"], false, "only the group still misses somebody: {view}");
    assert!(view["items"][0].get("reachable").is_none() && view["items"][0].get("last_seen_at").is_none());
    // Another workspace learns nothing.
    let stranger = cluster.api(0, &cluster.key("other", "eve", &[]).await);
    stranger.get(&format!("/api/v1/approvals/{id}/eligible")).await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_on_behind_the_last_name() {
    let cluster = one().await;
    let agent = person(&cluster, "agent", &[]).await;
    for number in 0..7 {
        person(&cluster, &format!("p{number}"), &["sre"]).await;
    }
    let id = agent.ask(json!({ "policy": { "allowed_groups": ["sre"] } })).await;
    let mut names = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/api/v1/approvals/{id}/eligible?limit=3{cursor}");
        let page = agent.get(&path).await.expect(200).body;
        let items = page["items"].as_array().unwrap();
        names.extend(items.iter().map(|it| it["principal"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(names, ["p0", "p1", "p2", "p3", "p4", "p5", "p6"]);
    let path = format!("/api/v1/approvals/{id}/eligible?cursor=x");
    agent.get(&path).await.problem(422, "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_can_be_tried_out() {
    let cluster = one().await;
    let agent = person(&cluster, "agent", &[]).await;
    person(&cluster, "ana", &["security"]).await;
    let check = async |policy: Value, requester: Option<&str>| {
        let mut body = json!({ "policy": policy });
        if let Some(name) = requester {
            body["requested_by"] = name.into();
        }
        agent.post("/api/v1/policies/check", &body).await.expect(200).body
    };
    let one = check(json!({ "allowed_groups": ["security"] }), None).await;
    assert_eq!(
        one,
        json!({
            "valid": true, "satisfiable": true, "satisfiable_now": true, "alternatives": 1,
            "summary": "1 more of the group security", "errors": []
        })
    );
    let two =
        check(json!({ "any_of": [{ "count": 2, "groups": ["security"] }, { "people": ["zoe"] }] }), None)
            .await;
    assert_eq!(
        (&two["satisfiable"], &two["satisfiable_now"], &two["alternatives"]),
        (&json!(true), &json!(false), &json!(2))
    );
    assert_eq!(two["errors"][0]["rule"], "members");
    let own = check(json!({ "allowed_approvers": ["ana"] }), Some("ana")).await;
    assert_eq!((&own["valid"], &own["satisfiable"]), (&json!(true), &json!(false)));
    assert_eq!(own["errors"][0]["rule"], "satisfiable");
    let wrong = check(json!({ "count": 0, "k": 1, "require_digest": true }), None).await;
    assert_eq!((&wrong["valid"], &wrong["summary"]), (&json!(false), &Value::Null));
    let rules: Vec<&Value> = wrong["errors"].as_array().unwrap().iter().map(|it| &it["rule"]).collect();
    assert_eq!(rules, ["needs", "range"]);
    agent.post("/api/v1/policies/check", &json!({ "policy": { "colour": 1 } })).await.problem(422, "invalid");
    agent.post("/api/v1/policies/check", &json!({})).await.problem(422, "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn membership_can_be_asked_for_at_create() {
    let cluster = one().await;
    let agent = person(&cluster, "agent", &[]).await;
    let policy = json!({ "allowed_groups": ["security"], "check_membership": true });
    let ask = async || agent.post("/api/v1/approvals", &merged(json!({ "policy": policy }))).await;
    let refused = ask().await.problem(422, "unsatisfiable_policy").body;
    assert_eq!(
        (&refused["errors"][0]["pointer"], &refused["errors"][0]["rule"]),
        (&json!("/policy"), &json!("members"))
    );
    person(&cluster, "ana", &["security"]).await;
    ask().await.expect(201);
    // Without being asked, nobody looks.
    belongs(&cluster, "ana", &[]).await;
    agent.ask(json!({ "policy": { "allowed_groups": ["security"] } })).await;
}

/// What has ended takes no more votes. Who gave which is still told.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_needs_nobody() {
    let cluster = one().await;
    let agent = person(&cluster, "agent", &[]).await;
    let ana = person(&cluster, "ana", &[]).await;
    let bo = person(&cluster, "bo", &["security"]).await;
    person(&cluster, "cy", &["security"]).await;
    let policy = json!({ "all_of": [{ "people": ["ana"] }, { "groups": ["security"] }] });
    let approved = agent.ask(json!({ "policy": policy })).await;
    ana.approve(&approved).await.expect(200);
    bo.approve(&approved).await.expect(200);
    let cancelled = agent.ask(json!({ "policy": policy })).await;
    ana.approve(&cancelled).await.expect(200);
    agent.cancel(&cancelled, "no").await.expect(200);
    let both = json!({ "min_approvers": 2, "allowed_approvers": ["ana", "bo"], "rejections_to_reject": 2 });
    let rejected = agent.ask(json!({ "policy": both })).await;
    assert_eq!(eligible(&ana, &rejected).await["impossible"], false);
    bo.reject(&rejected, "no").await.expect(200);

    for (id, impossible, now, states) in [
        (&approved, false, true, [("ana", "voted"), ("bo", "voted"), ("cy", "ended")].as_slice()),
        (&cancelled, false, false, &[("ana", "voted"), ("bo", "ended"), ("cy", "ended")]),
        (&rejected, true, false, &[("ana", "ended"), ("bo", "voted")]),
    ] {
        let view = eligible(&ana, id).await;
        for (name, state) in states {
            assert_eq!(item(&view, name)["state"], *state, "{view}");
            assert_eq!(item(&view, name)["helps"], false, "{view}");
        }
        assert_eq!(view["impossible"], impossible, "{view}");
        assert_eq!(view["satisfiable_now"], now, "{view}");
        assert_eq!(view["missing"], 0, "{view}");
    }
    let view = eligible(&ana, &approved).await;
    let given: Vec<&Value> = view["needs"].as_array().unwrap().iter().map(|it| &it["by"]).collect();
    assert_eq!(
        given,
        [&json!([{ "principal": "ana", "for": null }]), &json!([{ "principal": "bo", "for": null }])],
        "{view}"
    );
}

/// So many people with the lowest ids there are.
async fn crowd(cluster: &Cluster, count: i32, groups: &[&str], kind: &str, disabled: bool) {
    let mut conn = cluster.database.connect().await;
    sqlx::query(
        "INSERT INTO principals (id, workspace_id, name, kind, groups, disabled_at)
         SELECT ('00000000-0000-4000-8000-' || left(md5($2::text || n || $3), 12))::uuid, w.id,
                left(md5($2::text || n || $3), 16), $3, $2, CASE WHEN $4 THEN now() END
           FROM generate_series(1, $1) n CROSS JOIN workspaces w WHERE w.name = 'acme'",
    )
    .bind(count)
    .bind(groups)
    .bind(kind)
    .bind(disabled)
    .execute(&mut conn)
    .await
    .unwrap();
}

async fn checked(api: &Api, policy: &Value) -> Value {
    api.post("/api/v1/policies/check", &json!({ "policy": policy })).await.expect(200).body
}

/// However many members can't vote, those who can are seen.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_who_can_not_vote_hide_none() {
    let cluster = one().await;
    let agent = person(&cluster, "agent", &[]).await;
    crowd(&cluster, 600, &["sre"], "person", true).await;
    crowd(&cluster, 600, &["sre"], "service", false).await;
    let policy = json!({ "allowed_groups": ["sre"], "check_membership": true });
    let create =
        async |policy: &Value| agent.post("/api/v1/approvals", &merged(json!({ "policy": policy }))).await;
    assert_eq!(checked(&agent, &policy).await["satisfiable_now"], false);
    create(&policy).await.problem(422, "unsatisfiable_policy");
    person(&cluster, "zoe", &["sre"]).await;
    assert_eq!(checked(&agent, &policy).await["satisfiable_now"], true);
    create(&policy).await.expect(201);
    let two = json!({ "min_approvers": 2, "allowed_groups": ["sre"] });
    assert_eq!(checked(&agent, &two).await["satisfiable_now"], false);
    // Of anyone, the agent aside.
    person(&cluster, "yan", &[]).await;
    let anyone = json!({ "min_approvers": 2, "check_membership": true });
    create(&anyone).await.expect(201);
    let three = json!({ "min_approvers": 3, "check_membership": true });
    create(&three).await.problem(422, "unsatisfiable_policy");
}

/// What was not looked at may do what those who were looked at can't: it is not refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_was_cut_refuses_nothing() {
    let cluster = one().await;
    let agent = person(&cluster, "agent", &[]).await;
    crowd(&cluster, 1_100, &["sre"], "person", false).await;
    person(&cluster, "zoe", &["sre"]).await;
    let policy = json!({ "allowed_groups": ["sre"], "check_membership": true });
    let check = checked(&agent, &policy).await;
    assert_eq!((&check["satisfiable_now"], &check["errors"]), (&json!(true), &json!([])));
    let body = merged(json!({ "policy": policy }));
    let id = agent.post("/api/v1/approvals", &body).await.expect(201).id();
    let view = eligible(&agent, &id).await;
    assert_eq!((&view["satisfiable_now"], &view["truncated"]), (&json!(true), &json!(true)));
}

/// However many a policy means, the answer is bounded: each of its groups is looked at as far as the others, and those
/// whom it names are all there.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_policy_that_means_thousands_two_thousand_are_looked_at() {
    let cluster = one().await;
    let agent = person(&cluster, "agent", &[]).await;
    for group in ["a", "b", "c"] {
        crowd(&cluster, 900, &[group], "person", false).await;
    }
    crowd(&cluster, 10, &["d"], "person", false).await;
    person(&cluster, "zoe", &[]).await;
    let policy = json!({ "allowed_approvers": ["zoe", "nobody"], "allowed_groups": ["a", "b", "c", "d"] });
    let id = agent.ask(json!({ "policy": policy })).await;
    let view = eligible(&agent, &id).await;
    assert_eq!(view["truncated"], true);
    let count = |group: &str| {
        let members = view["members"].as_array().unwrap();
        let found = members.iter().find(|it| it["selector"] == format!("group:{group}"));
        found.unwrap()["count"].as_u64().unwrap()
    };
    assert_eq!(count("a") + count("b") + count("c") + count("d"), 1_999);
    assert!(["a", "b", "c"].iter().all(|group| [663, 664].contains(&count(group))), "{}", view["members"]);
    assert_eq!(count("d"), 10);
    let named = agent.get(&format!("/api/v1/approvals/{id}/eligible?limit=200")).await.expect(200).body;
    assert_eq!(named["truncated"], true);
    let mut states = Vec::new();
    let mut cursor = String::new();
    loop {
        let page =
            agent.get(&format!("/api/v1/approvals/{id}/eligible?limit=200{cursor}")).await.expect(200).body;
        for it in page["items"].as_array().unwrap() {
            if ["zoe", "nobody"].contains(&it["principal"].as_str().unwrap()) {
                states.push((it["principal"].clone(), it["state"].clone()));
            }
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(states, [(json!("nobody"), json!("unknown")), (json!("zoe"), json!("can_vote"))]);
}
