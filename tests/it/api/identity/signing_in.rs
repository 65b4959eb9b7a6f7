//! Signing in with a browser at an issuer that others wrote, and with its tokens.

use std::{collections::HashMap, time::Duration};

use reqwest::{Method, Url};
use serde_json::{Value, json};
use sha2::{Digest, Sha512};

use crate::support::{
    Cluster,
    browser::{Browser, Page},
    forge::{AUDIENCE, Forge, encode, now},
    provider::Provider,
    within,
};

struct Scene {
    provider: Provider,
    cluster: Cluster,
    base: String,
}

impl Scene {
    async fn new(flags: &[(&'static str, &str)]) -> Self {
        let provider = Provider::start(&[]).await;
        let cluster = Cluster::with(provider.setup(flags)).await;
        cluster.member("agent").await;
        let base = cluster.instances[0].url.clone();
        Self { provider, cluster, base }
    }

    /// Begins here, and signs in there; answers with the way back, not gone yet.
    async fn there(&self, browser: &Browser, who: &str, return_to: &str) -> Url {
        let begun = browser.get(&format!("{}/auth/login?return_to={return_to}", self.base)).await;
        assert_eq!(begun.status, 303, "{begun:#?}");
        browser.sign_in_at_issuer(&begun.location(), who, &self.base).await.unwrap()
    }

    async fn sign_in(&self, browser: &Browser, who: &str) -> Page {
        let back = self.there(browser, who, "/").await;
        browser.get(back.as_str()).await
    }

    async fn who(&self, browser: &Browser) -> Page {
        browser.ask(Method::GET, &format!("{}/auth/session", self.base), None).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_with_their_browsers() {
    let scene = Scene::new(&[]).await;
    let browser = Browser::new();
    let back = scene.there(&browser, "ana", "/approvals?x=1").await;
    let query: HashMap<_, _> = back.query_pairs().into_owned().collect();
    assert!(query.contains_key("code") && query.contains_key("state") && query["iss"] == scene.provider.url);
    let page = browser.get(back.as_str()).await;
    assert_eq!(page.status, 303, "{page:#?}");
    assert_eq!(page.headers["location"], "/approvals?x=1");
    assert_eq!(page.headers["cache-control"], "no-store");
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    let session = browser.cookie(&scene.base, "signoff").expect("a session");
    let set = page.set_cookies().into_iter().find(|it| it.starts_with("signoff=")).unwrap();
    assert!(set.ends_with("; HttpOnly; SameSite=Lax") && set.contains("; Path=/;"), "{set}");
    assert!(browser.cookie(&scene.base, "signoff-sign-in").is_none(), "it is used up");

    let who = scene.who(&browser).await.json();
    assert_eq!((&who["principal"]["name"], &who["workspace"]["name"]), (&json!("ana"), &json!("acme")));
    assert!(who["expires_at"].is_string() && who["permissions"].as_array().unwrap().len() > 3, "{who}");
    // The session does what a credential does.
    let agent = scene.cluster.api(0, &scene.cluster.member("agent").await);
    let id = agent.ask(json!({})).await;
    let url = format!("{}/api/v1/approvals/{id}/approve", scene.base);
    let approved = browser.ask(Method::POST, &url, Some(&json!({}))).await;
    assert_eq!((approved.status, &approved.json()["approval"]["resolved_by"]), (200, &json!("ana")));

    // Of secrets, the database has hashes alone.
    let mut conn = scene.cluster.database.connect().await;
    let rows: Vec<Value> =
        sqlx::query_scalar("SELECT to_jsonb(s) FROM browser_sessions s").fetch_all(&mut conn).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert!(!rows[0].to_string().contains(&session));
    let records: Vec<String> = sqlx::query_scalar(
        "SELECT action || ' ' || actor_name || ' ' || via FROM audit_log WHERE via = 'sign_in' ORDER BY seq",
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    assert_eq!(records, ["principal.created ana sign_in", "session.created ana sign_in"]);

    // Signing in again is another session, and the one before is over.
    scene.sign_in(&browser, "ana").await;
    assert_ne!(browser.cookie(&scene.base, "signoff").unwrap(), session);
    let old = Browser::new();
    old.set_cookie(&scene.base, "signoff", &session);
    scene.who(&old).await.problem(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_back_is_good_once_in_one_browser() {
    let scene = Scene::new(&[]).await;
    let (browser, other) = (Browser::new(), Browser::new());
    let refused = |page: Page| {
        page.problem(403, "forbidden");
        assert!(page.set_cookies().is_empty(), "{page:#?}");
    };
    // Somebody sends us on their own way back: we would be signed in as them.
    let back = scene.there(&browser, "mallory", "/").await;
    refused(other.get(back.as_str()).await);
    // That used it up, for everybody.
    refused(browser.get(back.as_str()).await);
    // The other browser has begun something of its own; that doesn't help.
    let back = scene.there(&browser, "mallory", "/").await;
    let own = scene.there(&other, "ana", "/").await;
    refused(other.get(back.as_str()).await);
    // Twice the same.
    assert_eq!(other.get(own.as_str()).await.status, 303);
    refused(other.get(own.as_str()).await);
    // A state, a code, or an issuer of somebody else's making. Each time a new way back, for each is used up.
    for (name, value) in [
        ("state", "bm90LXRoZS1zdGF0ZS10aGF0LXdhcy1zZW50LWhlcmU"),
        ("state", ""),
        ("code", "made-up"),
        ("code", ""),
        ("iss", "https://evil.example"),
    ] {
        let mut back = scene.there(&browser, "ana", "/").await;
        let pairs: Vec<(String, String)> = back.query_pairs().into_owned().collect();
        let changed = pairs.iter().map(|(n, v)| (n.as_str(), if n == name { value } else { v.as_str() }));
        let changed: Vec<(String, String)> = changed.map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        back.query_pairs_mut().clear().extend_pairs(changed);
        refused(browser.get(back.as_str()).await);
    }
    // Without the issuer's name, which this issuer always sends.
    let mut back = scene.there(&browser, "ana", "/").await;
    let pairs: Vec<_> = back.query_pairs().into_owned().filter(|(name, _)| name != "iss").collect();
    back.query_pairs_mut().clear().extend_pairs(pairs);
    refused(browser.get(back.as_str()).await);
    // A code of another sign-in: its challenge, and its nonce, are other ones.
    let (mine, theirs) = (scene.there(&browser, "ana", "/").await, scene.there(&other, "mallory", "/").await);
    let code = |url: &Url| url.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let injected = mine.as_str().replace(&code(&mine), &code(&theirs));
    refused(browser.get(&injected).await);
    // The person said no.
    let begun = browser.get(&format!("{}/auth/login", scene.base)).await.location();
    let state = begun.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let said =
        format!("{}/auth/callback?error=access_denied&state={state}&iss={}", scene.base, scene.provider.url);
    let page = browser.get(&said).await;
    assert!(page.json()["detail"].as_str().unwrap().contains("access_denied"));
    refused(page);
    // Too late.
    let back = scene.there(&browser, "ana", "/").await;
    let mut conn = scene.cluster.database.connect().await;
    sqlx::query("UPDATE sign_ins SET expires_at = now()").execute(&mut conn).await.unwrap();
    refused(browser.get(back.as_str()).await);
    // Nowhere but here afterwards.
    for place in [
        "https://evil.example",
        "//evil.example",
        "/%5Cevil.example",
        "/%09/evil.example",
        "javascript:x",
        "/auth/login",
        "/api/v1/audit",
    ] {
        let page = browser.get(&format!("{}/auth/login?return_to={place}", scene.base)).await;
        page.problem(422, "invalid");
    }
    assert!(browser.cookie(&scene.base, "signoff").is_none());
}

/// What an issuer that was taken over, or a code that was smuggled in, would bring.
#[tokio::test(flavor = "multi_thread")]
async fn id_tokens_are_for_us_and_for_this_sign_in() {
    let forge = Forge::start().await;
    let cluster = Cluster::with(forge.setup(&[("oidc.client_id", "web")])).await;
    cluster.member("agent").await;
    let base = cluster.instances[0].url.clone();
    let hash = |text: &str| encode(&Sha512::digest(text)[..32]);
    let sign_in = async |change: &dyn Fn(&mut Value), typ: &str| {
        let browser = Browser::new();
        let there = browser.get(&format!("{base}/auth/login")).await.location();
        let sent: HashMap<String, String> = there.query_pairs().into_owned().collect();
        assert_eq!((&*sent["code_challenge_method"], &*sent["tenant"]), ("S256", "1"), "{sent:?}");
        assert_eq!(sent["redirect_uri"], format!("{base}/auth/callback"));
        let mut claims = forge.claims("ana");
        claims["aud"] = json!("web");
        claims["nonce"] = json!(sent["nonce"]);
        claims["at_hash"] = json!(hash("opaque"));
        change(&mut claims);
        let header = json!({ "alg": "EdDSA", "kid": "ed", "typ": typ });
        let id_token = forge.ed.sign(&header, &claims.to_string());
        forge.answer(json!({ "id_token": id_token, "access_token": "opaque", "token_type": "Bearer" }));
        let page = browser.get(&format!("{base}/auth/callback?code=x&state={}", sent["state"])).await;
        assert_eq!(page.status == 303, browser.cookie(&base, "signoff").is_some());
        page.status
    };
    assert_eq!(sign_in(&|_| {}, "JWT").await, 303);
    let several = json!(["web", "other"]);
    let good: [&dyn Fn(&mut Value); 3] = [
        &|claims| claims["azp"] = json!("web"),
        &|claims| (claims["aud"], claims["azp"]) = (several.clone(), json!("web")),
        &|claims| drop(claims.as_object_mut().unwrap().remove("at_hash")),
    ];
    for (n, change) in good.into_iter().enumerate() {
        assert_eq!(sign_in(change, "JWT").await, 303, "{n}");
    }
    let bad: [&dyn Fn(&mut Value); 10] = [
        &|claims| claims["nonce"] = json!("another"),
        &|claims| drop(claims.as_object_mut().unwrap().remove("nonce")),
        &|claims| claims["aud"] = json!(AUDIENCE),
        &|claims| claims["aud"] = several.clone(),
        &|claims| claims["azp"] = json!("other"),
        &|claims| claims["azp"] = json!(1),
        &|claims| claims["at_hash"] = json!(hash("another")),
        &|claims| claims["iss"] = json!("https://evil.example"),
        &|claims| claims["exp"] = json!(now() - 60),
        &|claims| claims["sub"] = json!(""),
    ];
    for (n, change) in bad.into_iter().enumerate() {
        assert_eq!(sign_in(change, "JWT").await, 401, "{n}");
    }
    assert_eq!(sign_in(&|_| {}, "at+jwt").await, 401, "an access token is no word about who signed in");
    // What is for signing in is not for calling.
    let mut claims = forge.claims("ana");
    claims["aud"] = json!("web");
    cluster.api(0, &forge.token(&claims)).get("/auth/session").await.problem(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuers_tokens_let_in_also_after_its_keys_change() {
    for algorithm in ["RS256", "ES256"] {
        let provider = Provider::start(&[("ACCESS_TOKEN_ALG", algorithm)]).await;
        let cluster = Cluster::with(provider.setup(&[])).await;
        cluster.member("agent").await;
        let look = async |token: String| cluster.api(0, &token).get("/api/v1/approvals/pending").await;
        let before = provider.robots_token().await;
        look(before.clone()).await.expect(200);
        let mut conn = cluster.database.connect().await;
        let kind: String = sqlx::query_scalar("SELECT kind FROM principals WHERE name = 'robot'")
            .fetch_one(&mut conn)
            .await
            .unwrap();
        assert_eq!(kind, "service");
        provider.tell("rotate", &json!({ "keep": true })).await;
        // The one that was asked a moment ago isn't asked again at once.
        within(Duration::from_secs(20), "the new key counts", || async {
            look(provider.robots_token().await).await.status == 200
        })
        .await;
        look(before).await.expect(200);
        provider.tell("rotate", &json!({})).await;
        within(Duration::from_secs(20), "the newest key counts", || async {
            look(provider.robots_token().await).await.status == 200
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_is_away_ends_no_session() {
    let scene = Scene::new(&[]).await;
    let browser = Browser::new();
    scene.sign_in(&browser, "ana").await;
    let token = scene.provider.robots_token().await;
    let back = scene.there(&browser, "ana", "/").await;
    let Scene { provider, cluster, base } = scene;
    drop(provider);
    cluster.api(0, &token).get("/api/v1/approvals/pending").await.expect(200);
    let page = browser.get(back.as_str()).await;
    page.problem(503, "unavailable");
    let who = browser.ask(Method::GET, &format!("{base}/auth/session"), None).await;
    assert_eq!(who.status, 200, "{who:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_are_taken_over_with_each_sign_in() {
    let scene = Scene::new(&[]).await;
    let browser = Browser::new();
    scene.provider.tell("accounts/ana", &json!({ "roles": ["auditor"], "name": "Ana A." })).await;
    scene.sign_in(&browser, "ana").await;
    let permissions = scene.who(&browser).await.json()["permissions"].clone();
    assert!(permissions.to_string().contains("audit:view"), "{permissions}");
    scene.provider.tell("accounts/ana", &json!({ "roles": [], "name": "Ana B." })).await;
    // A second later: what is older, or as old, doesn't change anything.
    let mut conn = scene.cluster.database.connect().await;
    sqlx::query("UPDATE principals SET claimed_at = claimed_at - interval '2 seconds'")
        .execute(&mut conn)
        .await
        .unwrap();
    scene.sign_in(&browser, "ana").await;
    within(Duration::from_secs(10), "the roles are gone", || async {
        scene.who(&browser).await.json()["permissions"] == json!([])
    })
    .await;
    let url = format!("{}/api/v1/approvals/pending", scene.base);
    let page = browser.ask(Method::GET, &url, None).await;
    page.problem(403, "forbidden");
    assert!(page.json()["detail"].as_str().unwrap().contains("no role here yet"), "{page:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_disabled_gets_no_session() {
    let scene = Scene::new(&[]).await;
    let browser = Browser::new();
    scene.sign_in(&browser, "ana").await;
    let mut conn = scene.cluster.database.connect().await;
    sqlx::query("UPDATE principals SET disabled_at = now() WHERE name = 'ana'")
        .execute(&mut conn)
        .await
        .unwrap();
    within(Duration::from_secs(5), "the session is over", || async {
        scene.who(&browser).await.status == 401
    })
    .await;
    let other = Browser::new();
    scene.sign_in(&other, "ana").await.problem(401, "unauthenticated");
}
