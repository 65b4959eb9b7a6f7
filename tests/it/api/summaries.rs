//! Lists in brief, what they count and are filtered by, and what changed while a screen was away.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::{Api, Cluster, Setup, database::copies};

async fn one() -> Cluster {
    Cluster::with(Setup { instances: 1, ..Setup::default() }).await
}

async fn items(api: &Api, path: &str) -> Vec<Value> {
    api.get(&format!("/api/v1/approvals/{path}")).await.expect(200).body["items"].as_array().unwrap().clone()
}

fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_summary_says_what_may_be_done_and_nothing_large() {
    let cluster = one().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let (ana, bo) =
        (cluster.api(0, &cluster.member("ana").await), cluster.api(0, &cluster.member("bo").await));
    let id = agent
        .ask(json!({
            "title": "Roll out checkout 4.18.0", "description": "d".repeat(9_000), "workflow": "checkout-release",
            "context": { "text": "x".repeat(200_000) }, "metadata": { "m": "x".repeat(50_000) },
            "checkpoint": { "name": "c", "state": "x".repeat(50_000) },
            "policy": { "min_approvers": 2, "allowed_approvers": ["ana", "bo", "cy"] },
            "escalation": [{ "after_seconds": 60, "policy": { "allowed_approvers": ["dee"] } }],
        }))
        .await;
    ana.approve(&id).await.expect(200);
    let seen = async |api: &Api| items(api, "pending?view=summary").await.remove(0);
    let (by_ana, by_bo, by_agent) = (seen(&ana).await, seen(&bo).await, seen(&agent).await);
    assert!(by_bo.to_string().len() < 1_000, "{by_bo}");
    for (field, value) in [
        ("id", json!(id)),
        ("workflow", json!("checkout-release")),
        ("title", json!("Roll out checkout 4.18.0")),
        ("requested_by", json!("agent")),
        ("status", json!("pending")),
        ("version", json!(2)),
        ("escalation_level", json!(0)),
        ("levels", json!(2)),
        ("progress", json!({ "given": 1, "missing": 1, "summary": "1 more of bo or cy" })),
        ("my_vote", Value::Null),
        ("can_decide", json!(true)),
        ("can", json!(["approve", "reject", "cancel", "escalate"])),
        ("why_not", Value::Null),
    ] {
        assert_eq!(by_bo[field], value, "{field}");
    }
    for absent in ["context", "checkpoint", "metadata", "description", "policy", "view"] {
        assert!(by_bo.get(absent).is_none(), "{absent}");
    }
    assert_eq!(by_ana["my_vote"], json!({ "verdict": "approved", "for": null }));
    assert_eq!((&by_ana["can_decide"], &by_ana["why_not"]), (&json!(false), &json!("voted")));
    assert_eq!((&by_agent["can_decide"], &by_agent["why_not"]), (&json!(false), &json!("own_request")));
    bo.reject(&id, &"no ".repeat(500)).await.expect(200);
    let ended = items(&ana, "history?view=summary").await.remove(0);
    assert_eq!(
        (&ended["status"], &ended["resolution"], &ended["resolved_by"], &ended["can"], &ended["why_not"]),
        (&json!("resolved"), &json!("rejected"), &json!("bo"), &json!([]), &json!("ended"))
    );
    assert_eq!(ended["feedback"].as_str().unwrap().chars().count(), 200, "cut, and it shows");
    assert!(ended["feedback"].as_str().unwrap().ends_with('…') && ended["progress"].is_null());
    // The whole one is as it was.
    let whole = items(&ana, "history").await.remove(0);
    assert_eq!(whole["workflow"], "checkout-release");
    assert_eq!(whole["context"]["text"].as_str().unwrap().len(), 200_000);
}

#[tokio::test]
async fn counts_facets_and_list_agree() {
    let cluster = one().await;
    let (agent, other) =
        (cluster.api(0, &cluster.member("agent").await), cluster.api(0, &cluster.member("other").await));
    let ana = cluster.api(0, &cluster.member("ana").await);
    for (n, workflow, kind) in [
        (1, Some("deploy"), "tool_call"),
        (2, Some("deploy"), "plan"),
        (3, Some("train"), "plan"),
        (4, None, "plan"),
    ] {
        let names = if n % 2 == 0 { ["bo"] } else { ["ana"] };
        let body = json!({
            "run_id": format!("run-{n}"), "approval_type": kind, "workflow": workflow,
            "policy": { "allowed_approvers": names }, "timeout_seconds": 100 * n,
        });
        let asker = if n == 4 { &other } else { &agent };
        asker.ask(body).await;
    }
    for (query, mine, all) in [
        ("", 2, 4),
        ("workflow=deploy", 1, 2),
        ("workflow=deploy&workflow=train", 2, 3),
        ("approval_type=plan&approval_type=none", 1, 3),
        ("requested_by=other", 0, 1),
        ("requested_by=other&requested_by=agent", 2, 4),
        ("q=RUN-3", 1, 1),
        ("q=deplo", 1, 2),
        ("q=othe", 0, 1),
        ("run_id=run-4", 0, 1),
    ] {
        let counts = ana.get(&format!("/api/v1/approvals/counts?{query}")).await.expect(200).body;
        let listed = items(&ana, &format!("pending?view=summary&{query}")).await;
        let own = items(&ana, &format!("pending?view=summary&approver=me&{query}")).await;
        assert_eq!((&counts["mine"], &counts["all"]), (&json!(mine), &json!(all)), "{query}");
        assert_eq!((own.len(), listed.len()), (mine, all), "{query}");
        let can: Vec<Value> = listed.iter().filter(|it| it["can_decide"] == true).cloned().collect();
        assert_eq!(can, own, "{query}");
        assert_eq!(counts["soonest"]["mine"], own.first().map_or(Value::Null, |it| it["expires_at"].clone()));
        assert_eq!(counts["soonest"]["all"], listed[0]["expires_at"], "{query}");
    }
    let facets = ana.get("/api/v1/approvals/facets").await.expect(200).body;
    let value = |value: &str, count: i32| json!({ "value": value, "count": count });
    assert_eq!(facets["workflow"], json!([value("deploy", 2), value("train", 1)]));
    assert_eq!(facets["approval_type"], json!([value("plan", 3), value("tool_call", 1)]));
    assert_eq!(facets["requested_by"], json!([value("agent", 3), value("other", 1)]));
    let facets = ana.get("/api/v1/approvals/facets?workflow=train").await.expect(200).body;
    assert_eq!(facets["approval_type"], json!([value("plan", 1)]));
    // Who may decide nothing has nothing to decide.
    let viewer = cluster.api(0, &cluster.key("acme", "vi", &["approval:view:pending"]).await);
    let counts = viewer.get("/api/v1/approvals/counts").await.expect(200).body;
    assert_eq!(
        (&counts["mine"], &counts["all"], &counts["soonest"]["mine"]),
        (&json!(0), &json!(4), &Value::Null)
    );
    for (query, pointer, rule) in [
        ("workflow=a/b", "?workflow", "name"),
        ("q=a&q=b", "?q", "once"),
        ("view=all", "?view", "choice"),
        ("colour=red", "?colour", "unknown_parameter"),
    ] {
        let path = format!("/api/v1/approvals/pending?{query}");
        ana.get(&path).await.problem(422, "invalid").violation(pointer, rule);
    }
    let many = "workflow=w&".repeat(51);
    let path = format!("/api/v1/approvals/counts?{many}");
    ana.get(&path).await.problem(422, "invalid").violation("?workflow", "max_items");
}

#[tokio::test]
async fn the_history_is_found_by_workflow() {
    let cluster = one().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let mut ended = BTreeMap::new();
    for workflow in [json!("checkout-release"), json!("checkout"), Value::Null] {
        let id = agent.ask(json!({ "workflow": workflow })).await;
        agent.cancel(&id, "no").await.expect(200);
        ended.insert(workflow.to_string(), id);
    }
    let found = async |query: &str| {
        let items = items(&agent, &format!("history?{query}")).await;
        ids(&items).into_iter().map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let of = |workflow: &str| ended[workflow].clone();
    assert_eq!(found("workflow=checkout").await, [of("\"checkout\"")].into());
    assert_eq!(found("q=release").await, [of("\"checkout-release\"")].into());
    assert_eq!(found("q=checkout").await.len(), 2);
    assert_eq!(found("").await.len(), 3);
    assert_eq!(found("workflow=none").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_while_away_is_told() {
    let cluster = Cluster::start().await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let stranger = cluster.api(0, &cluster.key("evil", "eve", &["approval:view:pending"]).await);
    let first = agent.ask(json!({})).await;
    let start = ana.get("/api/v1/approvals/changes").await.expect(200).body;
    assert_eq!((&start["items"], &start["complete"]), (&json!([]), &json!(true)));
    let after = async |api: &Api, cursor: &Value| {
        let path = format!("/api/v1/approvals/changes?after={}", cursor.as_str().unwrap());
        api.get(&path).await.expect(200).body
    };
    let second = agent.ask(json!({ "policy": { "min_approvers": 2 } })).await;
    ana.approve(&second).await.expect(200);
    ana.reject(&first, "no").await.expect(200);
    let changes = after(&ana, &start["cursor"]).await;
    assert_eq!(changes["complete"], true);
    let told: BTreeMap<&str, (&str, i64)> = changes["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            (it["id"].as_str().unwrap(), (it["status"].as_str().unwrap(), it["version"].as_i64().unwrap()))
        })
        .collect();
    assert_eq!(told, [(first.as_str(), ("resolved", 2)), (second.as_str(), ("pending", 2))].into());
    let own = changes["items"].as_array().unwrap().iter().find(|it| it["id"] == json!(second)).unwrap();
    assert_eq!((&own["my_vote"]["verdict"], &own["progress"]["given"]), (&json!("approved"), &json!(1)));
    assert_eq!(after(&stranger, &start["cursor"]).await["items"], json!([]));
    // What commits late has an earlier moment than what was told before it, and is told all the same.
    let mut conn = cluster.database.connect().await;
    sqlx::query(
        "UPDATE approval_requests SET version = 9, updated_at = now() - interval '12 s' WHERE id = $1::uuid",
    )
    .bind(&second)
    .execute(&mut conn)
    .await
    .unwrap();
    let late = after(&ana, &changes["cursor"]).await;
    let late = late["items"].as_array().unwrap().iter().find(|it| it["id"] == json!(second)).unwrap();
    assert_eq!(late["version"], 9);
    // Who was away too long, or missed too much, reads the lists anew.
    let long_ago = base64(&json!({ "changes_at": "2020-01-01T00:00:00Z", "epoch": 0 }));
    let changes = after(&ana, &json!(long_ago)).await;
    assert_eq!((&changes["complete"], &changes["items"]), (&json!(false), &json!([])));
    copies(&mut conn, &second, 600).await;
    let changes = after(&ana, &start["cursor"]).await;
    assert_eq!((&changes["complete"], &changes["items"]), (&json!(false), &json!([])));
    ana.get("/api/v1/approvals/changes?after=x").await.problem(422, "invalid").violation("?after", "cursor");
    // Only what is later counts: what lies before comes again.
    let now = ana.get("/api/v1/approvals/changes").await.expect(200).body;
    let again = after(&ana, &now["cursor"]).await;
    assert_eq!((&again["complete"], &again["restored"]), (&json!(true), &json!(false)));
    assert!(again["items"].as_array().unwrap().len() > 600, "{}", again["items"].as_array().unwrap().len());
}

fn base64(value: &Value) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test]
async fn you_says_what_each_answer_would_do() {
    let cluster = one().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let (ana, bo) =
        (cluster.api(0, &cluster.member("ana").await), cluster.api(0, &cluster.member("bo").await));
    let cy = cluster.api(0, &cluster.key("acme", "cy", &["approval:view:pending"]).await);
    let policy = json!({ "min_approvers": 2, "allowed_approvers": ["ana", "bo", "cy"] });
    let id = agent.ask(json!({ "policy": policy })).await;
    let you = async |api: &Api| {
        api.get(&format!("/api/v1/approvals/{id}/eligible")).await.expect(200).body["you"].clone()
    };
    let word = |you: &Value, verb: &str| {
        let it = &you[verb];
        let of = if it["allowed"] == true { &it["effect"] } else { &it["code"] };
        assert_eq!(it["allowed"] == true, it["reason"].is_null(), "{it}");
        of.as_str().unwrap_or("yes").to_owned()
    };
    let words = |you: &Value| {
        ["approve", "edit", "reject", "cancel", "escalate", "extend"].map(|verb| word(you, verb)).join(" ")
    };
    assert_eq!(words(&you(&ana).await), "counts counts resolves yes no_further_level extended_enough");
    assert_eq!(
        words(&you(&agent).await),
        "own_request own_request own_request yes no_further_level may_not_extend"
    );
    assert_eq!(words(&you(&cy).await), ["no_permission"; 6].join(" "));
    ana.approve(&id).await.expect(200);
    assert_eq!(words(&you(&ana).await), "voted voted voted yes no_further_level extended_enough");
    assert_eq!(
        words(&you(&bo).await),
        "resolves taken_as_it_is resolves yes no_further_level extended_enough"
    );
    bo.approve(&id).await.expect(200);
    assert_eq!(words(&you(&bo).await), ["ended"; 6].join(" "));
}
