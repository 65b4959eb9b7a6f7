//! Going from one workspace to another in a browser.

use reqwest::Method;
use serde_json::{Value, json};
use signoff::auth::secret::Secret;
use uuid::Uuid;

use crate::support::{
    Cluster, Setup,
    browser::{Browser, Page},
};

const ISSUER: &str = "https://id.example.com";

/// A person whom the issuer knows by one subject, in several workspaces, and a browser that has signed in at one.
struct Scene {
    cluster: Cluster,
    base: String,
}

impl Scene {
    async fn new() -> Self {
        let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
        let base = cluster.instances[0].url.clone();
        let scene = Self { cluster, base };
        // When the issuer spoke last, and of whom.
        for (workspace, subject, spoke) in [
            ("acme", "ana-7", "now()"),
            ("beta", "ana-7", "now()"),
            ("bound", "ana-7", "NULL"),
            ("left", "ana-7", "now() - interval '2 days'"),
            ("disabled", "ana-7", "now()"),
            ("others", "bo-8", "now()"),
        ] {
            scene.cluster.key(workspace, "ana", &[]).await;
            let bind = format!(
                "UPDATE principals p SET issuer = '{ISSUER}', subject = '{subject}', claimed_at = {spoke}, roles = '{{member}}'
                   FROM workspaces w WHERE w.id = p.workspace_id AND w.name = '{workspace}' AND p.name = 'ana'"
            );
            scene.run(&bind).await;
        }
        scene
            .run("UPDATE principals SET disabled_at = now() WHERE workspace_id = (SELECT id FROM workspaces WHERE name = 'disabled')")
            .await;
        scene
    }

    async fn run(&self, statement: &str) {
        let mut conn = self.cluster.database.connect().await;
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut conn).await.unwrap();
    }

    /// Signed in at `acme`, as the issuer would have done it.
    async fn browser(&self) -> Browser {
        let (browser, secret) = (Browser::new(), Secret::generate());
        let mut conn = self.cluster.database.connect().await;
        sqlx::query(
            "INSERT INTO browser_sessions (id, workspace_id, principal_id, hash, expires_at)
             SELECT $1, p.workspace_id, p.id, $2, now() + interval '1 hour'
               FROM principals p JOIN workspaces w ON w.id = p.workspace_id
              WHERE w.name = 'acme' AND p.name = 'ana'",
        )
        .bind(Uuid::now_v7())
        .bind(secret.hash().as_slice())
        .execute(&mut conn)
        .await
        .unwrap();
        browser.set_cookie(&self.base, "signoff", secret.reveal());
        browser
    }

    async fn names(&self, browser: &Browser) -> Vec<(String, bool)> {
        let page = browser.ask(Method::GET, &format!("{}/auth/workspaces", self.base), None).await;
        assert_eq!(page.status, 200, "{page:#?}");
        let items = page.json()["items"].as_array().unwrap().clone();
        items.iter().map(|it| (it["name"].as_str().unwrap().to_owned(), it["current"] == true)).collect()
    }

    async fn switch(&self, browser: &Browser, workspace: &str) -> Page {
        let body = json!({ "workspace": workspace });
        browser.ask(Method::POST, &format!("{}/auth/session/workspace", self.base), Some(&body)).await
    }

    async fn who(&self, browser: &Browser) -> Page {
        browser.ask(Method::GET, &format!("{}/auth/session", self.base), None).await
    }
}

fn named(names: &[(&str, bool)]) -> Vec<(String, bool)> {
    names.iter().map(|(name, current)| ((*name).to_owned(), *current)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_goes_to_another_of_their_workspaces() {
    let scene = Scene::new().await;
    let browser = scene.browser().await;
    assert_eq!(scene.names(&browser).await, named(&[("acme", true), ("beta", false), ("bound", false)]));
    let before = browser.cookie(&scene.base, "signoff").unwrap();
    let ends = scene.who(&browser).await.json()["expires_at"].clone();
    let page = scene.switch(&browser, "beta").await;
    assert_eq!((page.status, &page.json()["workspace"]["name"]), (200, &json!("beta")), "{page:#?}");
    assert!(page.set_cookies()[0].contains("HttpOnly; SameSite=Lax"));
    assert_eq!(page.headers["cache-control"], "no-store");
    assert_eq!(page.json()["expires_at"], ends, "a switch makes no session longer");
    let after = browser.cookie(&scene.base, "signoff").unwrap();
    assert!(before != after && !page.text.contains(&after));
    assert_eq!(scene.who(&browser).await.json()["workspace"]["name"], "beta");
    assert_eq!(scene.names(&browser).await, named(&[("acme", false), ("beta", true), ("bound", false)]));
    // What was seen there is not seen here, and the old session is over.
    let old = Browser::new();
    old.set_cookie(&scene.base, "signoff", &before);
    scene.who(&old).await.problem(401, "unauthenticated");
    scene.switch(&old, "acme").await.problem(401, "unauthenticated");
    // Back and forth, and it still ends when it would have.
    for workspace in ["bound", "acme", "beta", "acme"] {
        let page = scene.switch(&browser, workspace).await;
        assert_eq!((page.status, &page.json()["expires_at"]), (200, &ends), "{page:#?}");
    }
    // Going to where one is changes nothing.
    let cookie = browser.cookie(&scene.base, "signoff");
    assert_eq!(scene.switch(&browser, "acme").await.status, 200);
    assert_eq!(browser.cookie(&scene.base, "signoff"), cookie);
    // Both workspaces have it on record.
    let mut conn = scene.cluster.database.connect().await;
    let records: Vec<(String, String, Value)> = sqlx::query_as(
        "SELECT w.name, l.action, l.detail::jsonb FROM audit_log l JOIN workspaces w ON w.id = l.workspace_id
          WHERE l.action LIKE 'session.%' ORDER BY l.seq LIMIT 2",
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    let told: Vec<(&str, &str)> = records.iter().map(|it| (it.0.as_str(), it.1.as_str())).collect();
    assert_eq!(told, [("acme", "session.ended"), ("beta", "session.created")]);
    assert_eq!(records[1].2["with"], "switch");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_they_are_nobody_there_is_nothing() {
    let scene = Scene::new().await;
    let browser = scene.browser().await;
    let mut answers = Vec::new();
    // Not theirs, disabled there, no longer vouched for there, not there at all.
    for workspace in ["others", "disabled", "left", "nowhere", ""] {
        let page = scene.switch(&browser, workspace).await;
        page.problem(404, "not_found");
        let mut body = page.json();
        body.as_object_mut().unwrap().remove("instance");
        body.as_object_mut().unwrap().remove("request_id");
        answers.push(body);
    }
    assert!(answers.iter().all(|it| *it == answers[0]), "{answers:#?}");
    assert_eq!(scene.who(&browser).await.json()["workspace"]["name"], "acme");
    // Not by another site's page, whose answer would also be a new cookie.
    let url = format!("{}/auth/session/workspace", scene.base);
    for (name, value) in
        [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("x-nothing", "")]
    {
        let request = browser.request(Method::POST, &url).header(name, value);
        browser.send(request.json(&json!({ "workspace": "beta" }))).await.problem(403, "forbidden");
    }
    // Nor by what is no session.
    let key = scene.cluster.key("acme", "ana", &[]).await;
    let request = Browser::new().request(Method::POST, &url).header("sec-fetch-site", "same-origin");
    let request = request.header("authorization", format!("Bearer {key}"));
    Browser::new().send(request.json(&json!({ "workspace": "beta" }))).await.problem(401, "unauthenticated");
    assert_eq!(scene.who(&browser).await.json()["workspace"]["name"], "acme");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_leads_to_its_own_workspace_alone() {
    let scene = Scene::new().await;
    let key = scene.cluster.key("acme", "ana", &[]).await;
    let browser = Browser::new();
    assert_eq!(browser.sign_in_with_key(&scene.base, &key).await.status, 201);
    assert_eq!(scene.names(&browser).await, named(&[("acme", true)]));
    let listed = scene.cluster.api(0, &key).get("/auth/workspaces").await.expect(200).body;
    assert_eq!(
        (listed["items"].as_array().unwrap().len(), &listed["items"][0]["principal"]["name"]),
        (1, &json!("ana"))
    );
    scene.switch(&browser, "beta").await.problem(404, "not_found");
    assert_eq!(scene.switch(&browser, "acme").await.status, 200);
    assert_eq!(scene.who(&browser).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_switches_at_once_one_opens_a_session() {
    let scene = Scene::new().await;
    for _ in 0..10 {
        let browser = scene.browser().await;
        let cookie = browser.cookie(&scene.base, "signoff").unwrap();
        let tries = ["beta", "bound", "beta", "bound"].map(|workspace| {
            let (browser, base) = (Browser::new(), scene.base.clone());
            browser.set_cookie(&base, "signoff", &cookie);
            tokio::task::spawn(async move {
                let body = json!({ "workspace": workspace });
                browser.ask(Method::POST, &format!("{base}/auth/session/workspace"), Some(&body)).await.status
            })
        });
        let mut statuses = Vec::new();
        for one in tries {
            statuses.push(one.await.unwrap());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401, 401, 401]);
    }
}
