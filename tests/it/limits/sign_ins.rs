//! Signing in and out: paid for before anything is done, here or at the issuer.

use futures_util::future::join_all;
use reqwest::{Client, Method, redirect::Policy};

use crate::support::{Api, Cluster, Reply, browser::Browser, client, forge::Forge};

use super::{counting_with, limit};

async fn scene(flags: Vec<(&'static str, String)>) -> (Forge, Cluster) {
    let forge = Forge::start().await;
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
