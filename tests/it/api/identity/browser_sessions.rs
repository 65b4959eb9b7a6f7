//! Sessions of browsers: what their cookies are, when they count, and how they end.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use signoff::store::purge::browser_sessions;
use sqlx::Connection;

use crate::support::{Api, Cluster, End, Setup, Socket, browser::Browser, process::signoff, within};

async fn one(flags: &[(&'static str, &str)]) -> (Cluster, String) {
    let flags = flags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await;
    let base = cluster.instances[0].url.clone();
    (cluster, base)
}

async fn status(browser: &Browser, base: &str) -> u16 {
    browser.ask(Method::GET, &format!("{base}/auth/session"), None).await.status
}

/// Opens a socket at one instance with a ticket of another.
async fn open_socket(browser: &Browser, of: &str, at: &str) -> Socket {
    let page = browser.ask(Method::POST, &format!("{of}/api/v1/ws-tickets"), None).await;
    let ticket = page.json()["ticket"].as_str().unwrap().to_owned();
    let mut request = crate::support::socket::request(&Api::new(at, ""), "t", &format!("ticket={ticket}"));
    request.headers_mut().remove("authorization");
    Socket::try_open(request).await.unwrap().unwrap()
}

async fn is_soon_out(browser: &Browser, base: &str) {
    within(Duration::from_secs(5), "the session is over", || async { status(browser, base).await == 401 })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_a_session_that_allows_what_the_key_does() {
    let (cluster, base) = one(&[]).await;
    let browser = Browser::new();
    let page =
        browser.sign_in_with_key(&base, &cluster.key("acme", "ana", &["approval:view:pending"]).await).await;
    assert_eq!(page.status, 201, "{page:#?}");
    assert_eq!(page.headers["cache-control"], "no-store");
    let who = page.json();
    assert_eq!(
        (&who["principal"]["name"], &who["permissions"]),
        (&json!("ana"), &json!(["approval:view:pending"]))
    );
    let session = browser.cookie(&base, "signoff").unwrap();
    assert!(!page.text.contains(&session));
    let list = format!("{base}/api/v1/approvals/pending");
    assert_eq!(browser.ask(Method::GET, &list, None).await.status, 200);
    let delete = format!("{base}/api/v1/runs/none");
    browser.ask(Method::DELETE, &delete, None).await.problem(403, "forbidden");
    // A header goes before the cookie, also a bad one.
    let request = browser.request(Method::GET, &list).header("authorization", "Bearer so_x_y");
    browser.send(request).await.problem(401, "unauthenticated");
    // Signing in anew makes another session, and ends this one: nobody else's is gone on with.
    browser.sign_in_with_key(&base, &cluster.member("ana").await).await;
    let (now, before) = (browser.cookie(&base, "signoff").unwrap(), Browser::new());
    assert_ne!(now, session);
    before.set_cookie(&base, "signoff", &session);
    assert_eq!(status(&before, &base).await, 401);
    // What was planted before the sign-in is not what one has afterwards.
    let (victim, planted) = (Browser::new(), "cGxhbnRlZC1ieS1zb21lYm9keS1lbHNlLTMyLWJ5dGU");
    victim.set_cookie(&base, "signoff", planted);
    victim.sign_in_with_key(&base, &cluster.member("eva").await).await;
    assert_ne!(victim.cookie(&base, "signoff").unwrap(), planted);
    before.set_cookie(&base, "signoff", planted);
    assert_eq!(status(&before, &base).await, 401);
    // No key, no session.
    for key in ["", "so_x_y", "so_abcdefghijkl_0123456789abcdef0123456789", "x"] {
        let page = Browser::new().sign_in_with_key(&base, key).await;
        page.problem(401, "unauthenticated");
        assert!(page.set_cookies().is_empty());
    }
    // There is no issuer here.
    let page = browser.get(&format!("{base}/auth/login")).await;
    page.problem(403, "forbidden");
    let options = browser.get(&format!("{base}/auth/configuration")).await.json();
    assert_eq!(options, json!({ "api_key": true, "browser": false, "device": null }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_counts_only_for_our_own_pages() {
    let (cluster, base) = one(&[]).await;
    let browser = Browser::new();
    browser.sign_in_with_key(&base, &cluster.key("acme", "ana", &["workspace:admin"]).await).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let id = agent.ask(json!({})).await;
    let approve = format!("{base}/api/v1/approvals/{id}/approve");
    for (site, origin) in [
        (Some("cross-site"), None),
        (Some("same-site"), None),
        (Some("none"), None),
        (Some("cross-site"), Some(base.as_str())),
        (None, Some("https://evil.example")),
        (None, Some("null")),
        (None, None),
    ] {
        let mut request = browser.request(Method::POST, &approve).json(&json!({}));
        let mut opening = browser
            .request(Method::POST, &format!("{base}/auth/session"))
            .json(&json!({ "api_key": "so_x_y" }));
        for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
            if let Some(value) = value {
                request = request.header(name, value);
                opening = opening.header(name, value);
            }
        }
        browser.send(request).await.problem(403, "forbidden");
        browser.send(opening).await.problem(403, "forbidden");
    }
    // What a form can send isn't JSON, whoever sends it.
    let form = browser.request(Method::POST, &approve).header("origin", &base).form(&[("comment", "x")]);
    browser.send(form).await.problem(415, "unsupported_media_type");
    let form = browser.request(Method::POST, &format!("{base}/auth/session")).header("origin", &base);
    browser.send(form.form(&[("api_key", "x")])).await.problem(415, "unsupported_media_type");
    assert_eq!(agent.show(&id).await.body["status"], "pending");
    // Nor is what another page makes it look at.
    let list = format!("{base}/api/v1/approvals/pending");
    let request = browser.request(Method::GET, &list).header("sec-fetch-site", "cross-site");
    browser.send(request).await.problem(403, "forbidden");
    // Nor does it open sockets, which any page may begin.
    let nobody = Api::new(&base, "");
    let mut request = crate::support::socket::request(&nobody, "t", "");
    let cookie = format!("signoff={}", browser.cookie(&base, "signoff").unwrap());
    request.headers_mut().remove("authorization");
    request.headers_mut().insert("cookie", cookie.parse().unwrap());
    let refused = Socket::try_open(request).await.err().expect("it is refused");
    assert_eq!(refused.status, 401);
    // An older browser says only where the page is from.
    let request = browser.request(Method::POST, &approve).header("origin", &base).json(&json!({}));
    assert_eq!(browser.send(request).await.status, 200);
    // Signing out is for our own pages, too.
    let request = browser.request(Method::DELETE, &format!("{base}/auth/session"));
    browser.send(request.header("sec-fetch-site", "cross-site")).await.problem(403, "forbidden");
    assert_eq!(status(&browser, &base).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_of_a_public_site_are_its_own() {
    let (cluster, base) = one(&[("http.public_url", "https://signoff.example.com")]).await;
    let browser = Browser::new();
    let key = cluster.member("ana").await;
    let page = browser.sign_in_with_key(&base, &key).await;
    let set = page.set_cookies();
    let [set] = set.as_slice() else { panic!("{set:?}") };
    assert!(set.starts_with("__Host-signoff=") && set.ends_with("; HttpOnly; SameSite=Lax; Secure"), "{set}");
    assert!(set.contains("; Path=/;") && set.contains("; Max-Age=43") && !set.contains("Domain"), "{set}");
    assert_eq!(status(&browser, &base).await, 200);
    // The plain one, which anybody on the way could set, is not looked at.
    let secret = browser.cookie(&base, "__Host-signoff").unwrap();
    let plain = Browser::new();
    plain.set_cookie(&base, "signoff", &secret);
    assert_eq!(status(&plain, &base).await, 401);
    // Pages of the address that it happens to listen on are another site's.
    let request = browser.request(Method::DELETE, &format!("{base}/auth/session")).header("origin", &base);
    browser.send(request).await.problem(403, "forbidden");
    // Without a public address, only loopback ones are taken for ours.
    let (cluster, base) = one(&[]).await;
    let key = cluster.member("ana").await;
    let request = browser
        .request(Method::POST, &format!("{base}/auth/session"))
        .header("sec-fetch-site", "same-origin");
    let request = request.header("host", "evil.example").json(&json!({ "api_key": key }));
    browser.send(request).await.problem(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_everywhere_by_whoever_may() {
    let cluster = Cluster::start().await;
    let (one, two) = (cluster.instances[0].url.clone(), cluster.instances[1].url.clone());
    let key = cluster.member("ana").await;
    let open = async || {
        let browser = Browser::new();
        assert_eq!(browser.sign_in_with_key(&one, &key).await.status, 201);
        browser.set_cookie(&two, "signoff", &browser.cookie(&one, "signoff").unwrap());
        assert_eq!(status(&browser, &two).await, 200);
        browser
    };
    // By signing out: here at once, there within seconds; its sockets too.
    let browser = open().await;
    let mut socket = open_socket(&browser, &one, &two).await;
    let out = browser.ask(Method::DELETE, &format!("{one}/auth/session"), None).await;
    assert_eq!(out.status, 204);
    assert!(out.set_cookies()[0].starts_with("signoff=; Path=/; Max-Age=0"), "{out:#?}");
    is_soon_out(&browser, &two).await;
    let End::Closed(code, _) = socket.end().await else { panic!("a close frame") };
    assert_eq!(code, 1008);
    // Once more changes nothing.
    assert_eq!(browser.ask(Method::DELETE, &format!("{one}/auth/session"), None).await.status, 204);

    // By their owner, from elsewhere; by an administrator; by nobody else.
    let (first, second) = (open().await, open().await);
    let (ana, eva) = (cluster.api(0, &key), cluster.api(0, &cluster.member("eva").await));
    let admin = cluster.api(1, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let stranger = cluster.api(1, &cluster.key("rival", "root", &["workspace:admin"]).await);
    let listed = ana.get("/api/v1/browser-sessions").await.expect(200).body["items"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 2, "{listed}");
    assert_eq!(listed[0]["principal"], "ana");
    assert_eq!(listed[0]["key"].as_str(), key.split('_').nth(1));
    assert_eq!(listed, admin.get("/api/v1/browser-sessions").await.body["items"]);
    let page = admin.get("/api/v1/browser-sessions?limit=1").await.expect(200);
    let cursor = page.body["next_cursor"].as_str().unwrap();
    let rest = admin.get(&format!("/api/v1/browser-sessions?cursor={cursor}")).await.expect(200);
    assert_eq!((&page.body["items"][0], &rest.body["items"][0]), (&listed[0], &listed[1]));
    admin.get("/api/v1/browser-sessions?cursor=x").await.problem(422, "invalid");
    let path = |index: usize| format!("/api/v1/browser-sessions/{}", listed[index]["id"].as_str().unwrap());
    for nobody in [&eva, &stranger] {
        assert_eq!(nobody.get("/api/v1/browser-sessions").await.expect(200).body["items"], json!([]));
        nobody.delete(&path(0)).await.problem(404, "not_found");
    }
    ana.delete(&path(0)).await.expect(204);
    admin.delete(&path(1)).await.expect(204);
    admin.delete(&path(1)).await.problem(404, "not_found");
    is_soon_out(&first, &one).await;
    is_soon_out(&second, &two).await;

    // With the key that opened it.
    let browser = open().await;
    let environment = [("DATABASE_URL", cluster.database.url.as_str())];
    let revoked = signoff(&["keys", "revoke", key.split('_').nth(1).unwrap()], &environment).await;
    assert!(revoked.status.success());
    is_soon_out(&browser, &one).await;

    // All of it is on record, by whom it was done.
    let mut conn = cluster.database.connect().await;
    let records: Vec<String> = sqlx::query_scalar(
        "SELECT action || ' ' || actor_name FROM audit_log WHERE action LIKE 'session.%' ORDER BY seq",
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    assert_eq!(
        records,
        [
            "session.created ana",
            "session.ended ana",
            "session.created ana",
            "session.created ana",
            "session.ended ana",
            "session.ended root",
            "session.created ana"
        ]
    );
}

/// A session that has run out may be deleted before its sockets are looked at: another session is welcome all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_socket_whose_session_has_run_out_and_gone_may_come_again() {
    let (cluster, base) = one(&[]).await;
    let browser = Browser::new();
    browser.sign_in_with_key(&base, &cluster.member("ana").await).await;
    let mut socket = open_socket(&browser, &base, &base).await;
    let mut conn = cluster.database.connect().await;
    let mut transaction = conn.begin().await.unwrap();
    sqlx::query("UPDATE browser_sessions SET expires_at = now() - interval '1 second'")
        .execute(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(browser_sessions(&mut transaction, 10).await.unwrap(), 1, "as the janitor does it");
    transaction.commit().await.unwrap();
    assert_eq!(socket.end().await, End::Closed(4401, "the credential has expired".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_by_time() {
    let (cluster, base) = one(&[]).await;
    let browser = Browser::new();
    let key = cluster.member("ana").await;
    let mut conn = cluster.database.connect().await;
    for change in ["last_seen_at = now() - interval '2 hours 1 second'", "expires_at = now()"] {
        browser.sign_in_with_key(&base, &key).await;
        assert_eq!(status(&browser, &base).await, 200);
        let update =
            sqlx::AssertSqlSafe(format!("UPDATE browser_sessions SET {change} WHERE revoked_at IS NULL"));
        sqlx::query(update).execute(&mut conn).await.unwrap();
        is_soon_out(&browser, &base).await;
    }
    // Using it keeps it, to the minute.
    browser.sign_in_with_key(&base, &key).await;
    sqlx::query("UPDATE browser_sessions SET last_seen_at = now() - interval '1 hour'")
        .execute(&mut conn)
        .await
        .unwrap();
    let lately = "SELECT count(*) FROM browser_sessions WHERE revoked_at IS NULL AND last_seen_at > now() - interval '1 minute'";
    within(Duration::from_secs(40), "its use is noted", || async {
        assert_eq!(status(&browser, &base).await, 200);
        let mut conn = cluster.database.connect().await;
        sqlx::query_scalar::<_, i64>(lately).fetch_one(&mut conn).await.unwrap() == 1
    })
    .await;
}
