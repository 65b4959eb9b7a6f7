//! G17: what members choose as a destination reaches nothing of the operator's own, however it is written, wherever its
//! name leads.

use serde_json::{Value, json};

use super::g17_webhooks::{SECRETS_KEY, Team, setup};
use crate::support::{
    Setup, eventually,
    sink::{Does, Sink},
};

fn strict(more: &[(&'static str, &str)]) -> Setup {
    let mut flags = vec![("secrets.key", SECRETS_KEY.to_owned())];
    flags.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    Setup { instances: 1, flags, ..Setup::default() }
}

/// Makes an endpoint, asks for an approval, and waits for what the first try came to.
async fn first_try(team: &Team, url: &str) -> Value {
    let made = team.admin.post("/api/v1/webhooks", &json!({ "url": url })).await.expect(201);
    team.agent.ask(json!({})).await;
    let path = format!("/api/v1/webhooks/{}", made.id());
    eventually("it is tried", || async {
        team.admin.get(&path).await.expect(200).body["last_error"].is_string()
    })
    .await;
    team.admin.get(&path).await.expect(200).body["last_error"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_every_spelling_of_an_address_of_ones_own_is_refused() {
    let team = Team::with(strict(&[])).await;
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0177.0.0.1",
        "2130706433",
        "0",
        "１２７.0.0.1",
        "127.0.0.1.",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::7f00:1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::169.254.169.254]",
        "[2002:7f00:1::]",
        "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
        "169.254.169.254",
        "[::ffff:169.254.169.254]",
        "[fd00:ec2::254]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
    ] {
        let body = json!({ "url": format!("https://{host}/hook") });
        team.admin.post("/api/v1/webhooks", &body).await.violation("/url", "address");
    }
    let made =
        team.admin.post("/api/v1/webhooks", &json!({ "url": "https://hooks.example" })).await.expect(201);
    let path = format!("/api/v1/webhooks/{}", made.id());
    let change = team.admin.request(reqwest::Method::PATCH, &path).json(&json!({ "url": "https://[::1]/" }));
    crate::support::Api::send(change).await.violation("/url", "address");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_name_that_leads_to_an_address_of_ones_own_gets_nothing() {
    let sink = Sink::start().await;
    let team = Team::with(strict(&[])).await;
    let error = first_try(&team, &format!("https://localhost:{}/hook", sink.port)).await;
    let error = error.as_str().unwrap();
    assert!(error.starts_with("nothing was sent: ") && error.contains("is not public (loopback"), "{error}");
    assert_eq!(sink.received().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_plain_http_stays_within_the_networks_that_the_operator_allows() {
    let sink = Sink::start().await;
    let more = [("webhooks.allowed_networks", "10.9.0.0/16"), ("webhooks.allow_http", "true")];
    let team = Team::with(strict(&more)).await;
    // A name may lead anywhere: it is judged when it is sent to.
    let error = first_try(&team, &format!("http://localhost:{}/hook", sink.port)).await;
    assert!(error.as_str().unwrap().starts_with("nothing was sent: "), "{error}");
    assert_eq!(sink.received().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_redirect_to_an_address_of_ones_own_leads_nowhere() {
    let (sink, inner) = (Sink::start().await, Sink::start().await);
    let location: &'static str = format!("location: {}\r\n", inner.url).leak();
    let statuses = [301, 302, 303, 307, 308];
    sink.does(move |request| Does::Answers(request.path[1..].parse().unwrap(), location));
    let team = Team::with(setup()).await;
    let mut paths = Vec::new();
    for status in statuses {
        let url = format!("http://127.0.0.1:{}/{status}", sink.port);
        let made = team.admin.post("/api/v1/webhooks", &json!({ "url": url })).await.expect(201);
        paths.push(format!("/api/v1/webhooks/{}", made.id()));
    }
    team.agent.ask(json!({})).await;
    for path in &paths {
        let error = async || team.admin.get(path).await.expect(200).body["last_error"].clone();
        eventually("it is tried", || async { error().await.is_string() }).await;
        assert!(error().await.as_str().unwrap().contains("redirects are not followed"));
    }
    assert_eq!((sink.received().len(), inner.received().len()), (5, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_row_that_was_changed_behind_our_back_is_judged_again() {
    let sink = Sink::start().await;
    let team = Team::with(strict(&[])).await;
    let made =
        team.admin.post("/api/v1/webhooks", &json!({ "url": "https://hooks.example" })).await.expect(201);
    let mut conn = team.cluster.database.connect().await;
    sqlx::query("UPDATE webhook_endpoints SET url = $1").bind(&sink.url).execute(&mut conn).await.unwrap();
    team.agent.ask(json!({})).await;
    let path = format!("/api/v1/webhooks/{}", made.id());
    eventually("it is tried", || async {
        team.admin.get(&path).await.expect(200).body["last_error"].is_string()
    })
    .await;
    let error = team.admin.get(&path).await.expect(200).body["last_error"].clone();
    assert!(error.as_str().unwrap().contains("must be https"), "{error}");
    assert_eq!(sink.received().len(), 0);
}
