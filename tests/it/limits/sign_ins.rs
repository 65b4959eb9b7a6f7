//! Signing in and out: paid for before anything is done, here or at the issuer.

use futures_util::future::join_all;
use reqwest::{Client, Method, redirect::Policy};
use serde_json::json;

use crate::support::{Api, Cluster, Reply, browser::Browser, client, forge::Forge};

use super::{counting_with, limit};

async fn scene(flags: Vec<(&'static str, String)>) -> (Forge, Cluster) {
    with(Forge::start().await, flags).await
}

async fn with(forge: Forge, flags: Vec<(&'static str, String)>) -> (Forge, Cluster) {
    let mut setup = forge.setup(&[("oidc.client_id", "web")]);
    setup.flags.extend(flags);
    let cluster = counting_with(setup).await;
    cluster.member("agent").await;
    (forge, cluster)
}

fn without_redirects() -> Client {
    drop(client::http());
    Client::builder().redirect(Policy::none()).no_proxy().build().unwrap()
}

async fn begun(cluster: &Cluster) -> i64 {
    let mut conn = cluster.database.connect().await;
    sqlx::query_scalar("SELECT count(*) FROM sign_ins").fetch_one(&mut conn).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_was_refused_was_not_begun() {
    let (_forge, cluster) = scene(limit("address", 10)).await;
    let url = format!("{}/auth/login", cluster.instances[0].url);
    let http = without_redirects();
    let attempts = (0..60).map(|_| http.get(&url).send());
    let statuses = join_all(attempts).await.into_iter().map(|reply| reply.unwrap().status().as_u16());
    let statuses: Vec<u16> = statuses.collect();
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 10, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 50);
    assert_eq!(begun(&cluster).await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_begins_and_ends_nothing() {
    let (forge, cluster) = scene(Vec::new()).await;
    let base = cluster.instances[0].url.clone();
    let head = async |path: &str| {
        let reply = without_redirects().head(format!("{base}{path}")).send().await.unwrap();
        assert_eq!((reply.status().as_u16(), &reply.headers()["allow"]), (405, &"GET".parse().unwrap()));
        assert!(!reply.headers().contains_key("set-cookie"));
    };
    head("/auth/login").await;
    assert_eq!(begun(&cluster).await, 0);
    let there = Browser::new().get(&format!("{base}/auth/login")).await.location();
    let (_, state) = there.query_pairs().find(|(name, _)| name == "state").unwrap();
    head(&format!("/auth/callback?code=x&state={state}")).await;
    assert_eq!((begun(&cluster).await, forge.traded()), (1, 0));
}

async fn sign_out(cluster: &Cluster, cookie: &str) -> Reply {
    let base = &cluster.instances[0].url;
    let request = client::http().delete(format!("{base}/auth/session")).header("origin", base);
    Api::send(request.header("cookie", cookie)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_none_is_a_refused_credential() {
    let (_forge, cluster) = scene(vec![("rate_limits.failed_credentials_per_minute", "1".to_owned())]).await;
    let browser = Browser::new();
    let base = cluster.instances[0].url.clone();
    browser.sign_in_with_key(&base, &cluster.member("ana").await).await;
    let wrong = |number: u32| format!("signoff={number:04}{}", "A".repeat(39));
    // It is no error: there is no session any more.
    let reply = sign_out(&cluster, &wrong(1)).await.expect(204);
    assert!(reply.header("set-cookie").starts_with("signoff=;"), "{reply:?}");
    for number in 2..10 {
        let refused = sign_out(&cluster, &wrong(number)).await.problem(429, "rate_limited");
        assert!(refused.header("ratelimit").starts_with("\"failed_credentials\""), "{refused:?}");
    }
    // A real one ends, whatever others try.
    assert_eq!(browser.ask(Method::DELETE, &format!("{base}/auth/session"), None).await.status, 204);
    let mut conn = cluster.database.connect().await;
    let ended: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_log WHERE action = 'session.ended'")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!(ended, 1);
}
/// Begins here, and comes back with a code that nobody gave.
async fn come_back(base: &str) -> u16 {
    let browser = Browser::new();
    let there = browser.get(&format!("{base}/auth/login")).await.location();
    let (_, state) = there.query_pairs().find(|(name, _)| name == "state").unwrap();
    browser.get(&format!("{base}/auth/callback?code=x&state={state}")).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn made_up_codes_are_taken_to_the_issuer_only_now_and_then() {
    let (forge, cluster) = scene(vec![("rate_limits.failed_credentials_per_minute", "4".to_owned())]).await;
    let base = cluster.instances[0].url.clone();
    forge.answer(json!({ "id_token": forge.good_token("ana"), "access_token": "x", "token_type": "Bearer" }));
    let mut statuses = Vec::new();
    for _ in 0..36 {
        statuses.push(come_back(&base).await);
    }
    assert_eq!(statuses[..4], [401; 4], "{statuses:?}");
    assert_eq!(statuses[4..], [429; 32]);
    // The fifth is what reached the limit; of those behind it, one in eight is tried, and one token may have come back.
    let first = forge.traded();
    assert!((5..=10).contains(&first), "{first}");
    // Many at once get no further.
    join_all((0..100).map(|_| come_back(&base))).await;
    let more = forge.traded() - first;
    assert!(more <= 40, "{more}");
    // Bad keys are another matter.
    let look = cluster.api(0, "so_nobody_000000000000000000000000").get("/api/v1/approvals/pending").await;
    look.problem(401, "unauthenticated");
}

/// Somebody's bad keys keep nobody from signing in.
#[tokio::test(flavor = "multi_thread")]
async fn bad_keys_keep_nobody_from_signing_in() {
    let (forge, cluster) = scene(vec![("rate_limits.failed_credentials_per_minute", "1".to_owned())]).await;
    let base = cluster.instances[0].url.clone();
    let mut status = 401;
    while status == 401 {
        let key = format!("so_{:012}_{:030}", rand::random_range(0..999_999_999_u64), 7);
        status = cluster.api(0, &key).get("/auth/session").await.status;
    }
    assert_eq!(status, 429);
    for number in 0..6 {
        let browser = Browser::new();
        let there = browser.get(&format!("{base}/auth/login")).await.location();
        let sent: std::collections::HashMap<_, _> = there.query_pairs().into_owned().collect();
        let mut claims = forge.claims(&format!("ana-{number}"));
        claims["aud"] = json!("web");
        claims["nonce"] = json!(sent["nonce"]);
        let header = json!({ "alg": "EdDSA", "kid": "ed", "typ": "JWT" });
        let id_token = forge.ed.sign(&header, &claims.to_string());
        forge.answer(json!({ "id_token": id_token, "access_token": "x", "token_type": "Bearer" }));
        let back = browser.get(&format!("{base}/auth/callback?code=x&state={}", sent["state"])).await;
        assert_eq!(back.status, 303, "{back:#?}");
    }
}

/// Whatever is wrong there, who asks and asks is refused here.
#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_is_away_is_no_way_around_the_limit() {
    let forge = Forge::start().await;
    // From the beginning: what it said once is good for an hour.
    forge.set_up(false);
    let (forge, cluster) = with(forge, limit("address", 10)).await;
    let url = format!("{}/auth/login", cluster.instances[0].url);
    let http = without_redirects();
    let token = forge.good_token("ana");
    let mut statuses = Vec::new();
    for number in 0..40 {
        let reply = if number % 2 == 0 {
            http.get(&url).send().await.unwrap().status().as_u16()
        } else {
            cluster.api(0, &token).get("/auth/session").await.status
        };
        statuses.push(reply);
    }
    assert_eq!(statuses[..10], [503; 10], "{statuses:?}");
    assert_eq!(statuses[10..], [429; 30]);
}
