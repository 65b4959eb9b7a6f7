//! What is pending: filters, order, pages.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::support::{Api, Cluster, Setup};

async fn ids(api: &Api, query: &str) -> Vec<String> {
    let page = api.get(&format!("/api/v1/approvals/pending?{query}")).await.expect(200).body;
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn filters_and_order() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let slow = asker.ask(json!({ "run_id": "a", "timeout_seconds": 900, "title": "Drop 100%_table" })).await;
    let quick = asker.ask(json!({ "run_id": "b", "timeout_seconds": 100, "session_id": "s" })).await;
    let middle = asker
        .ask(json!({ "run_id": "a", "task_id": "t", "timeout_seconds": 500, "approval_type": "step_approval" }))
        .await;
    assert_eq!(ids(&asker, "").await, [quick.as_str(), &middle, &slow]);
    assert_eq!(ids(&asker, "sort=-created_at").await, [middle.as_str(), &quick, &slow]);
    assert_eq!(ids(&asker, "run_id=a").await, [middle.as_str(), &slow]);
    assert_eq!(ids(&asker, "session_id=s").await, [quick.as_str()]);
    assert_eq!(ids(&asker, "task_id=t").await, [middle.as_str()]);
    assert_eq!(ids(&asker, "approval_type=step_approval&run_id=a").await, [middle.as_str()]);
    assert_eq!(ids(&asker, "q=DROP").await, [slow.as_str()]);
    assert_eq!(ids(&asker, "q=100%25_").await, [slow.as_str()], "wildcards are text");
    assert_eq!(ids(&asker, "q=1000%25").await, [] as [&str; 0]);
    asker.cancel(&quick, "no").await.expect(200);
    assert_eq!(ids(&asker, "").await, [middle.as_str(), &slow]);
}

#[tokio::test]
async fn what_is_mine_to_decide() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let open = asker.ask(json!({ "policy": { "min_approvers": 2 }, "timeout_seconds": 100 })).await;
    let named =
        asker.ask(json!({ "policy": { "allowed_approvers": ["ana"] }, "timeout_seconds": 200 })).await;
    let others =
        asker.ask(json!({ "policy": { "allowed_approvers": ["bo"] }, "timeout_seconds": 300 })).await;
    let own = ana.ask(json!({ "timeout_seconds": 400 })).await;
    let own_allowed =
        ana.ask(json!({ "policy": { "allow_self_approval": true }, "timeout_seconds": 500 })).await;
    assert_eq!(ids(&ana, "approver=me").await, [open.as_str(), &named, &own_allowed]);
    // The flag on each item says the same as the filter.
    let all = ana.get("/api/v1/approvals/pending").await.expect(200).body;
    let mine: Vec<&Value> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["can_decide"] == true)
        .map(|it| &it["id"])
        .collect();
    assert_eq!(mine, [&json!(open), &json!(named), &json!(own_allowed)]);
    assert_eq!(all["items"].as_array().unwrap().len(), 5);
    ana.approve(&open).await.expect(200);
    assert_eq!(ids(&ana, "approver=me").await, [named.as_str(), &own_allowed]);
    // A key that allows no decision has none to make.
    let looker = cluster.api(0, &cluster.key("acme", "ana", &["approval:view:pending"]).await);
    let seen = looker.get("/api/v1/approvals/pending").await.expect(200).body;
    assert!(seen["items"].as_array().unwrap().iter().all(|it| it["can_decide"] == false));
    assert_eq!(ids(&looker, "approver=me").await, [] as [&str; 0]);
    let _ = (others, own);
}

/// Pages neither repeat nor hide, although approvals come and go between them.
#[tokio::test]
async fn pages_are_stable() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let mut standing = HashSet::new();
    let mut passing = Vec::new();
    for number in 0..30 {
        // Three at a time share a deadline to the second; ties are broken by id.
        let id = asker.ask(json!({ "timeout_seconds": 600 + number / 3 })).await;
        if number % 5 == 0 { passing.push(id) } else { assert!(standing.insert(id)) }
    }
    for sort in ["expires_at", "-created_at"] {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = asker
                .get(&format!("/api/v1/approvals/pending?sort={sort}&limit=4{cursor}"))
                .await
                .expect(200);
            let items = page.body["items"].as_array().unwrap().clone();
            assert!(items.len() <= 4);
            seen.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            if let Some(id) = passing.pop() {
                asker.cancel(&id, "gone").await.expect(200);
                asker.ask(json!({ "timeout_seconds": 60, "run_id": "new" })).await;
            }
            match page.body["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let distinct: HashSet<&String> = seen.iter().collect();
        assert_eq!(distinct.len(), seen.len(), "{sort}: something came twice");
        assert!(standing.iter().all(|id| distinct.contains(id)), "{sort}: something was hidden");
    }
    // A cursor belongs to its order.
    let page = asker.get("/api/v1/approvals/pending?limit=1").await.expect(200);
    let cursor = page.body["next_cursor"].as_str().unwrap();
    asker
        .get(&format!("/api/v1/approvals/pending?sort=-created_at&cursor={cursor}"))
        .await
        .problem(422, "invalid");
}

/// A page ends where it would become too large, and the next one goes on from there.
#[tokio::test]
async fn pages_are_bounded_in_bytes() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    for _ in 0..20 {
        asker.ask(json!({ "context": { "x": "x".repeat(255 * 1024) }, "metadata": { "x": "x".repeat(255 * 1024) } })).await;
    }
    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = asker.get(&format!("/api/v1/approvals/pending?limit=200{cursor}")).await.expect(200).body;
        pages.push(page["items"].as_array().unwrap().len());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(pages, [9, 9, 2]);
}
