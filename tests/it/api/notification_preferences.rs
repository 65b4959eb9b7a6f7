//! How each person wants to be told.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Api, Cluster, Reply, Setup};

const PREFERENCES: &str = "/api/v1/me/notification-preferences";

async fn put(api: &Api, body: &Value) -> Reply {
    Api::send(api.request(Method::PUT, PREFERENCES).json(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_says_how_they_are_told_whatever_they_may_do() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let ana = cluster.api(0, &cluster.key("acme", "ana", &["connection:view"]).await);
    let other = cluster.api(0, &cluster.key("evil", "ana", &["connection:view"]).await);
    let all = json!({ "slack": "immediate", "email": "immediate", "in_app": "immediate" });
    let default = json!({ "timezone": "UTC", "channels": all });
    assert_eq!(ana.get(PREFERENCES).await.expect(200).body, default);
    let wanted =
        json!({ "timezone": "America/St_Johns", "channels": { "email": "off", "in_app": "immediate" } });
    let mut stored = default.clone();
    stored["timezone"] = json!("America/St_Johns");
    stored["channels"]["email"] = json!("off");
    assert_eq!(put(&ana, &wanted).await.expect(200).body, stored);
    assert_eq!(ana.get(PREFERENCES).await.expect(200).body, stored);
    assert_eq!(put(&ana, &stored).await.expect(200).body, stored, "what is shown can be sent");
    assert_eq!(other.get(PREFERENCES).await.expect(200).body, default, "the same name elsewhere");
    assert_eq!(put(&ana, &json!({})).await.expect(200).body, default, "all of it is replaced");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_zone_or_no_choice_is_refused_by_name() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let ana = cluster.api(0, &cluster.member("ana").await);
    for (body, pointer, rule) in [
        (json!({ "timezone": "Mars/Olympus" }), "/timezone", "timezone"),
        (json!({ "timezone": "" }), "/timezone", "timezone"),
        (json!({ "timezone": "+02:00" }), "/timezone", "timezone"),
        (json!({ "timezone": 1 }), "/timezone", "type"),
        (json!({ "channels": { "in_app": "off" } }), "/channels/in_app", "allowed"),
        (json!({ "channels": { "email": "later" } }), "/channels/email", "choice"),
        (json!({ "channels": { "fax": "off" } }), "/channels/fax", "unknown_field"),
        (json!({ "quiet": {} }), "/quiet", "unknown_field"),
    ] {
        put(&ana, &body).await.violation(pointer, rule);
    }
}
