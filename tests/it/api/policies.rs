//! Policies as callers put them: trees, roles and groups, what is refused, what is still missing.

use serde_json::{Value, json};

use crate::support::{Api, Cluster, Setup, TestDatabase, statements::Statements};

async fn one() -> Cluster {
    Cluster::with(Setup { instances: 1, ..Setup::default() }).await
}

/// Somebody who is a member of these groups and has these roles.
async fn person(cluster: &Cluster, name: &str, roles: &[&str], groups: &[&str]) -> Api {
    let key = cluster.member(name).await;
    belongs(cluster, name, roles, groups).await;
    cluster.api(0, &key)
}

async fn belongs(cluster: &Cluster, name: &str, roles: &[&str], groups: &[&str]) {
    let set = "UPDATE principals SET roles = $2, groups = $3 WHERE name = $1";
    let mut conn = cluster.database.connect().await;
    sqlx::query(set).bind(name).bind(roles).bind(groups).execute(&mut conn).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn security_and_product_are_two_people() {
    let cluster = one().await;
    let agent = person(&cluster, "agent", &[], &[]).await;
    let ana = person(&cluster, "ana", &[], &["security", "product"]).await;
    let bo = person(&cluster, "bo", &[], &["product"]).await;
    let stranger = person(&cluster, "eve", &["product"], &[]).await;
    let policy = json!({ "all_of": [
        { "groups": ["security"], "label": "Security" },
        { "count": 1, "groups": ["product"] },
    ] });
    let asked =
        agent.post("/api/v1/approvals", &crate::support::client::merged(json!({ "policy": policy }))).await;
    let asked = asked.expect(201).body;
    assert_eq!(
        asked["progress"],
        json!({ "missing": 2, "summary": "2 more of the group product or the group security" })
    );
    assert_eq!(
        asked["policy"],
        json!({
            "all_of": [
                { "count": 1, "groups": ["security"], "label": "Security" }, { "count": 1, "groups": ["product"] }
            ],
            "allow_self_approval": false, "allow_services": false, "rejections_to_reject": 1
        })
    );
    let id = asked["id"].as_str().unwrap();
    // A role of that name is no group.
    let refused = stranger.approve(id).await.problem(403, "not_eligible").body;
    assert!(refused["detail"].as_str().unwrap().contains("does not name you"), "{refused}");
    let first = ana.approve(id).await.expect(200).body;
    assert_eq!(first["approval"]["progress"]["summary"], "1 more of the group product or the group security");
    let last = bo.approve(id).await.expect(200).body;
    assert_eq!(
        (&last["approval"]["status"], &last["approval"]["result"]["because"]),
        (&json!("resolved"), &json!("quorum"))
    );
    assert!(last["approval"].get("progress").is_none());
    let decisions = agent.get(&format!("/api/v1/approvals/{id}/decisions")).await.expect(200).body;
    let counted: Vec<&Value> =
        decisions["items"].as_array().unwrap().iter().map(|it| &it["counted_as"]).collect();
    assert_eq!(counted, [&json!(["group:product", "group:security"]), &json!(["group:product"])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn membership_is_of_the_person_and_of_the_vote() {
    let cluster = one().await;
    let agent = person(&cluster, "agent", &[], &[]).await;
    let ana = person(&cluster, "ana", &["ml-ops"], &[]).await;
    let bo = person(&cluster, "bo", &[], &[]).await;
    let id = agent.ask(json!({ "policy": { "min_approvers": 2, "allowed_roles": ["ml-ops"] } })).await;
    ana.approve(&id).await.expect(200);
    // Leaving doesn't undo it; who joins may vote. What is known of somebody is seconds old at most.
    belongs(&cluster, "ana", &[], &[]).await;
    bo.approve(&id).await.problem(403, "not_eligible");
    belongs(&cluster, "bo", &["ml-ops"], &[]).await;
    let cy = cluster.api(0, &cluster.member("bo").await);
    assert_eq!(cy.approve(&id).await.expect(200).body["approval"]["status"], "resolved");
    // What a key allows makes no member.
    let key = cluster.key("acme", "dan", &[]).await;
    let prefix = key.split('_').nth(1).unwrap();
    let mut conn = cluster.database.connect().await;
    sqlx::query("UPDATE api_keys SET roles = '{member,ml-ops}' WHERE prefix = $1")
        .bind(prefix)
        .execute(&mut conn)
        .await
        .unwrap();
    let id = agent.ask(json!({ "policy": { "allowed_roles": ["ml-ops"] } })).await;
    cluster.api(0, &key).approve(&id).await.problem(403, "not_eligible");
}

#[tokio::test(flavor = "multi_thread")]
async fn rejections_end_what_can_no_longer_be() {
    let cluster = one().await;
    let agent = person(&cluster, "agent", &[], &[]).await;
    let ana = person(&cluster, "ana", &[], &["security"]).await;
    let bo = person(&cluster, "bo", &[], &[]).await;
    let because = |reply: &Value| reply["approval"]["result"]["because"].clone();
    let policy = json!({ "min_approvers": 2, "allowed_approvers": ["ana", "bo"], "rejections_to_reject": 2 });
    let id = agent.ask(json!({ "policy": policy })).await;
    assert_eq!(because(&bo.reject(&id, "no").await.expect(200).body), "impossible");
    let policy = json!({ "allowed_approvers": ["bo"], "veto": { "groups": ["security"] } });
    let id = agent.ask(json!({ "policy": policy })).await;
    ana.approve(&id).await.problem(403, "not_eligible");
    assert_eq!(because(&ana.reject(&id, "no").await.expect(200).body), "veto");
    let id = agent.ask(json!({})).await;
    assert_eq!(because(&ana.reject(&id, "no").await.expect(200).body), "rejections");
    let id = agent.ask(json!({})).await;
    assert_eq!(because(&agent.cancel(&id, "no").await.expect(200).body), Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn services_decide_only_where_they_may() {
    let cluster = one().await;
    let agent = person(&cluster, "agent", &[], &[]).await;
    let bot = person(&cluster, "bot", &[], &[]).await;
    let mut conn = cluster.database.connect().await;
    sqlx::query("UPDATE principals SET kind = 'service' WHERE name = 'bot'")
        .execute(&mut conn)
        .await
        .unwrap();
    let id = agent.ask(json!({})).await;
    for refused in [bot.approve(&id).await, bot.reject(&id, "no").await] {
        let refused = refused.problem(403, "not_eligible").body;
        assert!(
            refused["detail"].as_str().unwrap().contains("signoff principals set bot --kind person"),
            "{refused}"
        );
    }
    let id = agent.ask(json!({ "policy": { "allow_services": true } })).await;
    bot.approve(&id).await.expect(200);
}

/// The list of one's own decisions is what one may decide, whatever the policy.
#[tokio::test(flavor = "multi_thread")]
async fn mine_is_what_i_may_decide() {
    let cluster = one().await;
    let agent = person(&cluster, "agent", &[], &[]).await;
    let ana = person(&cluster, "ana", &["ml-ops"], &["security"]).await;
    let policies = [
        (json!({}), true),
        (json!({ "allowed_approvers": ["ana"] }), true),
        (json!({ "allowed_approvers": ["bo"] }), false),
        (json!({ "allowed_approvers": ["bo"], "allowed_groups": ["security"] }), true),
        (json!({ "allowed_approvers": [], "allowed_roles": ["ml-ops"] }), true),
        (json!({ "allowed_roles": ["security"] }), false),
        (json!({ "allowed_approvers": ["bo"], "veto": { "roles": ["ml-ops"] } }), true),
        (
            json!({ "any_of": [{ "people": ["bo"] }, { "all_of": [{ "groups": ["security"] }, { "people": ["cy"] }] }] }),
            true,
        ),
        (json!({ "k_of": [{ "people": ["bo"] }, { "people": ["cy"] }], "k": 2 }), false),
        (json!({ "count": 2 }), true),
    ];
    let mut expected = Vec::new();
    for (policy, mine) in policies {
        let id = agent.ask(json!({ "policy": policy })).await;
        expected.push((id, mine));
    }
    let listed = ana.get("/api/v1/approvals/pending?limit=100").await.expect(200).body;
    let only = ana.get("/api/v1/approvals/pending?limit=100&approver=me").await.expect(200).body;
    let ids = |list: &Value| -> Vec<String> {
        list["items"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
    };
    for (id, mine) in &expected {
        let item = listed["items"].as_array().unwrap().iter().find(|it| it["id"] == *id.as_str()).unwrap();
        assert_eq!(item["can_decide"], *mine, "{}", item["policy"]);
        assert_eq!(ids(&only).contains(id), *mine, "{}", item["policy"]);
        assert_eq!(ana.approve(id).await.status == 200 || ana.reject(id, "no").await.status == 200, *mine);
    }
    let left = ana.get("/api/v1/approvals/pending?limit=100&approver=me").await.expect(200).body;
    assert_eq!(ids(&left), [""; 0], "what one has voted on is nobody's to nag about");
}

#[tokio::test]
async fn forms_that_are_wrong_are_told_where() {
    let cluster = one().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let deep = (0..5).fold(json!({ "people": ["ana"] }), |node, _| json!({ "all_of": [node] }));
    let ways = json!({ "all_of": [
        { "any_of": [{ "roles": ["a"] }, { "roles": ["b"] }, { "roles": ["c"] }, { "roles": ["d"] }, { "roles": ["e"] }, { "roles": ["f"] }] },
        { "any_of": [{ "roles": ["a"] }, { "roles": ["b"] }, { "roles": ["c"] }, { "roles": ["d"] }, { "roles": ["e"] }] },
        { "any_of": [{ "roles": ["a"] }, { "roles": ["b"] }, { "roles": ["c"] }, { "roles": ["d"] }, { "roles": ["e"] }] },
    ] });
    let many: Vec<Value> = (0..70).map(|_| json!({ "count": 1 })).collect();
    for (policy, pointer, rule) in [
        (json!({ "all_of": [{ "people": ["ana"], "team": "x" }] }), "/policy/all_of/0/team", "unknown_field"),
        (
            json!({ "all_of": [{ "people": ["ana"] }], "any_of": [{ "people": ["bo"] }] }),
            "/policy",
            "exclusive",
        ),
        (json!({ "all_of": [{ "people": ["ana"] }], "min_approvers": 2 }), "/policy", "exclusive"),
        (json!({ "all_of": [{ "people": ["ana"] }], "count": 2 }), "/policy", "exclusive"),
        (json!({ "all_of": [{}] }), "/policy/all_of/0", "required"),
        (json!({ "all_of": [] }), "/policy/all_of", "min_items"),
        (json!({ "all_of": [7] }), "/policy/all_of/0", "type"),
        (json!({ "k_of": [{ "people": ["ana"] }], "k": 0 }), "/policy/k", "range"),
        (json!({ "k_of": [{ "people": ["ana"] }], "k": 2 }), "/policy/k", "range"),
        (json!({ "k_of": [{ "people": ["ana"] }] }), "/policy/k", "required"),
        (json!({ "all_of": [{ "people": ["ana"] }], "k": 1 }), "/policy/k", "needs"),
        (json!({ "any_of": [{ "count": 0, "people": ["ana"] }] }), "/policy/any_of/0/count", "range"),
        (json!({ "people": ["ana", " x "] }), "/policy/people/1", "name"),
        (json!({ "label": "x".repeat(101), "people": ["ana"] }), "/policy/label", "max_length"),
        (
            json!({ "require_all": true, "allowed_approvers": ["ana"], "allowed_roles": ["x"] }),
            "/policy/require_all",
            "exclusive",
        ),
        (json!({ "veto": {} }), "/policy/veto", "required"),
        (
            json!({ "allowed_groups": (0..33).map(|n| format!("g{n}")).collect::<Vec<_>>() }),
            "/policy",
            "max_items",
        ),
        (deep, "/policy", "max_depth"),
        (ways, "/policy", "too_complex"),
        (json!({ "any_of": many }), "/policy", "max_nodes"),
        (
            json!({ "any_of": (0..17).map(|_| json!({ "count": 1 })).collect::<Vec<_>>() }),
            "/policy",
            "max_leaves",
        ),
    ] {
        let body = crate::support::client::merged(json!({ "policy": policy }));
        let problem = agent.post("/api/v1/approvals", &body).await.problem(422, "invalid").body;
        let error = &problem["errors"][0];
        assert_eq!(
            (&error["pointer"], &error["rule"]),
            (&json!(pointer), &json!(rule)),
            "{policy}: {problem}"
        );
    }
    for (policy, pointer) in [
        (json!({ "allowed_roles": [] }), "/policy"),
        (json!({ "all_of": [{ "people": ["ana"] }, { "people": [], "groups": [] }] }), "/policy/all_of/1"),
        (json!({ "all_of": [{ "people": ["agent"] }, { "people": ["ana"] }] }), "/policy/all_of/0"),
        (json!({ "all_of": [{ "people": ["ana"] }, { "people": ["ana"] }] }), "/policy"),
        (json!({ "veto": { "groups": [] } }), "/policy/veto"),
        (json!({ "allowed_approvers": ["ana"], "rejections_to_reject": 2 }), "/policy/rejections_to_reject"),
    ] {
        let body = crate::support::client::merged(json!({ "policy": policy }));
        let problem = agent.post("/api/v1/approvals", &body).await.problem(422, "unsatisfiable_policy").body;
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{policy}: {problem}");
    }
}

/// Where one vote decides, it is one statement. However much else a policy asks, it is that one in vain, one reading and
/// one guarded statement.
#[tokio::test(flavor = "multi_thread")]
async fn a_decision_takes_one_statement_or_three() {
    let database = TestDatabase::new().await;
    let (statements, url) = Statements::before(&database.url).await;
    let setup = Setup { instances: 1, database_url: Some(url), ..Setup::default() };
    let cluster = Cluster::on(database, setup).await;
    let agent = person(&cluster, "agent", &[], &[]).await;
    let ana = person(&cluster, "ana", &[], &["security"]).await;
    let bo = person(&cluster, "bo", &["lead"], &["product"]).await;
    let tree = json!({
        "all_of": [
            { "groups": ["security"] },
            { "any_of": [{ "count": 2, "groups": ["product"] }, { "roles": ["lead"] }] },
            { "k_of": [{ "people": ["ana", "bo"] }, { "people": ["cy"] }, { "count": 1 }], "k": 1 },
        ],
        "veto": { "groups": ["security"] }, "rejections_to_reject": 2,
    });
    let asked = json!({ "policy": tree, "escalation": [{ "policy": tree }] });
    let mut counted = 0;
    for (policy, takes) in [(json!({}), 1), (asked.clone(), 3), (asked, 3)] {
        let id = agent.ask(policy).await;
        for voter in [&ana, &bo] {
            let before = statements.of("signoff_commit");
            let answer = voter.approve(&id).await;
            if answer.status == 200 {
                assert_eq!(statements.of("signoff_commit") - before, takes, "{}", answer.body);
                counted += 1;
            }
        }
    }
    // A simple policy has one vote, the trees two.
    assert_eq!(counted, 5);
}

/// Numbers are brought into their range before anything is computed with them, and of breaches a hundred are told.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_far_too_large_costs_little() {
    let cluster = one().await;
    let agent = person(&cluster, "agent", &[], &[]).await;
    for k in [json!(u32::MAX), json!(1_u64 << 52), json!(-1), json!(250_000_000)] {
        let tree = json!({ "k_of": [{ "roles": ["x"] }, { "any_of": [{ "people": ["a"] }] }], "k": k });
        let checked = agent.post("/api/v1/policies/check", &json!({ "policy": tree })).await.expect(200).body;
        assert_eq!(
            (&checked["valid"], &checked["errors"][0]["rule"]),
            (&json!(false), &json!("range")),
            "{k}"
        );
        let body = json!({ "policy": tree, "escalation": [{ "policy": tree }] });
        agent.create(body).await.problem(422, "invalid");
    }
    let empty: Vec<&str> = vec![""; 1_000];
    let leaf = json!({ "people": empty, "roles": empty, "groups": empty });
    let tree = json!({ "all_of": vec![leaf; 60] });
    for policy in [tree, json!({ "extension": { "max_seconds": 1, "by": vec![""; 100_000] } })] {
        let answer = agent.post("/api/v1/policies/check", &json!({ "policy": policy })).await.expect(200);
        assert!(answer.body["errors"].as_array().unwrap().len() <= 100);
    }
}
