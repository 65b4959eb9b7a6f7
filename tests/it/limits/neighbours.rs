//! Many clients behind one address: what one of them does keeps no other out who is known here, and no browser.

use reqwest::Method;
use serde_json::json;

use crate::support::{Api, Cluster, Reply, Socket, client, eventually, socket};

use super::{counting, limit, look};

/// One that can be refused, and then hardly any.
fn failing() -> Vec<(&'static str, String)> {
    vec![("rate_limits.failed_credentials_per_minute", "1".to_owned())]
}

fn guess() -> String {
    format!("so_{:012}_{:030}", rand::random_range(0..999_999_999_u64), 7)
}

/// Sends bad keys until the address may be refused no more.
async fn use_up_failures(cluster: &Cluster) {
    eventually("keys from there are refused unseen", || async {
        look(&cluster.api(0, &guess())).await.status == 429
    })
    .await;
}

async fn open_session(cluster: &Cluster, key: &str) -> Reply {
    let base = &cluster.instances[0].url;
    let request = client::http().post(format!("{base}/auth/session")).header("origin", base);
    Api::send(request.json(&json!({ "api_key": key }))).await
}

async fn with_session(cluster: &Cluster, cookie: &str) -> Reply {
    let base = &cluster.instances[0].url;
    let request = client::http().get(format!("{base}/auth/session")).header("sec-fetch-site", "same-origin");
    Api::send(request.header("cookie", cookie)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_keys_keep_no_browser_out() {
    let cluster = counting(2, failing()).await;
    let key = cluster.member("ana").await;
    let api = cluster.api(0, &key);
    look(&api).await.expect(200);
    look(&cluster.api(1, &key)).await.expect(200);
    use_up_failures(&cluster).await;
    for number in 0..12 {
        look(&cluster.api(0, &guess())).await;
        let opened = open_session(&cluster, &key).await.expect(201);
        let cookie = opened.header("set-cookie").split(';').next().unwrap().to_owned();
        with_session(&cluster, &cookie).await.expect(200);
        // Made there and used here: nobody here has seen it.
        let ticket = cluster.api(1, &key).post("/api/v1/ws-tickets", &json!({})).await.expect(201);
        let query = format!("ticket={}", ticket.body["ticket"].as_str().unwrap());
        let mut request = socket::request(&api, &format!("task-{number}"), &query);
        request.headers_mut().remove("authorization");
        Socket::try_open(request).await.expect("a good ticket").unwrap();
    }
    // A bad one is one that was refused.
    let wrong = format!("wt_{}", "A".repeat(43));
    let mut request = socket::request(&api, "task", &format!("ticket={wrong}"));
    request.headers_mut().remove("authorization");
    assert_eq!(Socket::try_open(request).await.err().unwrap().status, 429);
    with_session(&cluster, &format!("signoff={}", "A".repeat(43))).await.problem(429, "rate_limited");
    // With its prefix alone nobody passes for a key.
    look(&cluster.api(0, &format!("{key}x"))).await.problem(429, "rate_limited");
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_use_up_nothing_of_those_who_are_known() {
    let cluster = counting(2, limit("address", 10)).await;
    let (known, new) = (cluster.member("ana").await, cluster.member("bo").await);
    let api = cluster.api(0, &known);
    look(&api).await.expect(200);
    let cookie = open_session(&cluster, &known).await.expect(201);
    let cookie = cookie.header("set-cookie").split(';').next().unwrap().to_owned();
    with_session(&cluster, &cookie).await.expect(200);
    let plain = || {
        let request = client::http().request(Method::GET, format!("{}/openapi.json", api.base));
        async move { request.send().await.unwrap().status().as_u16() }
    };
    eventually("the strangers' limit is used up", || async { plain().await == 429 }).await;
    // Three of ten were used before; the rest is for those who are known, and no more than that.
    for number in 0..7 {
        assert_eq!(plain().await, 429);
        if number % 2 == 0 {
            look(&api).await.expect(200);
        } else {
            with_session(&cluster, &cookie).await.expect(200);
        }
    }
    let refused = look(&api).await.problem(429, "rate_limited");
    assert!(refused.header("ratelimit").starts_with("\"address\";r=0;"), "{refused:?}");
    // What isn't known here is a stranger, good or not.
    for key in [&new, &guess()] {
        let refused = look(&cluster.api(0, key)).await.problem(429, "rate_limited");
        assert!(refused.header("ratelimit").starts_with("\"strangers\";r=0;"), "{refused:?}");
    }
}

/// Looking at all tickets and sessions is no way around: what is unknown pays before it is looked up.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_always_looked_at_is_paid_for() {
    let mut flags = limit("address", 10);
    flags.extend(failing());
    let cluster = counting(1, flags).await;
    let mut conn = cluster.database.connect().await;
    // Whoever looks a session up now finds the table locked, and waits.
    let mut transaction = sqlx::Connection::begin(&mut conn).await.unwrap();
    sqlx::query("LOCK TABLE browser_sessions IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let cluster = &cluster;
    let attempts = (0..40).map(|number| async move {
        let cookie = format!("signoff={number:04}{}", "A".repeat(39));
        if number % 2 == 0 {
            return with_session(cluster, &cookie).await.status;
        }
        let base = &cluster.instances[0].url;
        let request = client::http().delete(format!("{base}/auth/session")).header("origin", base);
        Api::send(request.header("cookie", cookie)).await.status
    });
    let statuses = futures_util::future::join_all(attempts).await;
    transaction.rollback().await.unwrap();
    assert_eq!(statuses.iter().filter(|status| **status == 503).count(), 10, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 30);
}
