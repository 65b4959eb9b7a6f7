//! Delegations in tests: a workspace that allows them, people who are what the test says, and fresh keys, since what is
//! known of a key is seconds old.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use super::{Api, Cluster, Reply, Setup};

/// One instance, and a workspace in which people may delegate.
pub async fn one() -> Cluster {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    cluster.member("agent").await;
    allow(&cluster, "own").await;
    cluster
}

/// Why a vote is refused.
pub async fn refusal(api: &Api, id: &str) -> String {
    let refused = api.approve(id).await.problem(403, "not_eligible").body;
    refused["detail"].as_str().unwrap().to_owned()
}

/// The items of a list.
pub async fn rows(api: &Api, path: &str) -> Vec<Value> {
    api.get(path).await.expect(200).body["items"].as_array().unwrap().clone()
}

/// Sets the setting `delegation` of all workspaces.
pub async fn allow(cluster: &Cluster, how: &str) {
    let mut conn = cluster.database.connect().await;
    sqlx::query("UPDATE workspaces SET delegation = $1").bind(how).execute(&mut conn).await.unwrap();
}

/// A person who is in these groups, with a new key, on this instance.
pub async fn person(cluster: &Cluster, instance: usize, name: &str, groups: &[&str]) -> Api {
    let key = cluster.member(name).await;
    belongs(cluster, name, groups).await;
    cluster.api(instance, &key)
}

pub async fn belongs(cluster: &Cluster, name: &str, groups: &[&str]) {
    let set = "UPDATE principals SET groups = $2 WHERE name = $1";
    let mut conn = cluster.database.connect().await;
    sqlx::query(set).bind(name).bind(groups).execute(&mut conn).await.unwrap();
}

/// This time from now, as JSON has it.
pub fn in_seconds(seconds: i64) -> Value {
    json!(Utc::now() + TimeDelta::seconds(seconds))
}

/// Delegates for an hour, with `body` over it.
pub async fn delegate(api: &Api, to: &str, body: Value) -> Reply {
    let mut whole = json!({ "to": to, "ends_at": in_seconds(3_600) });
    if let Value::Object(fields) = body {
        for (name, value) in fields {
            whole[name] = value;
        }
    }
    api.post("/api/v1/delegations", &whole).await
}

/// Votes of an approval so far: who, and for whom.
pub async fn votes(api: &Api, id: &str) -> Vec<(String, Option<String>)> {
    let view = api.get(&format!("/api/v1/approvals/{id}/decisions")).await.expect(200).body;
    let text = |it: &Value| it.as_str().map(str::to_owned);
    let vote = |it: &Value| (text(&it["principal"]).unwrap(), text(&it["for"]));
    view["items"].as_array().unwrap().iter().map(vote).collect()
}
