//! G17, by mail: what a person reads, what a relay may do, and that many requests are one message.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use signoff::{
    domain::notification::News,
    store::{lanes, news},
};
use sqlx::{Connection, PgConnection};

use super::g19_row_walls::{act_as, workspace};
use crate::support::{
    Api, Cluster, Setup, eventually,
    process::signoff,
    relay::{Does, Mail, Relay, certificate},
    unique, within,
};

/// Where people would reach it.
pub const PUBLIC: &str = "https://signoff.example";

/// An instance, a relay, and people who decide and have addresses.
pub struct Post {
    pub cluster: Cluster,
    pub relay: Relay,
    pub agent: Api,
}

impl Post {
    /// Two instances.
    pub async fn open(people: &[&str]) -> Self {
        Self::with(Relay::start().await, people, Vec::new()).await
    }

    pub async fn with(relay: Relay, people: &[&str], flags: Vec<(&'static str, String)>) -> Self {
        Self::of(2, relay, people, flags).await
    }

    async fn of(instances: usize, relay: Relay, people: &[&str], flags: Vec<(&'static str, String)>) -> Self {
        let mut setup = relay.setup(Setup { instances, ..Setup::default() });
        setup.flags.extend(flags);
        let cluster = Cluster::with(setup).await.connected().await;
        let agent = cluster.api(0, &cluster.member("agent").await);
        let post = Self { cluster, relay, agent };
        for name in people {
            post.hire(name).await;
        }
        post
    }

    /// A person who may decide, by a role, and has an address.
    pub async fn hire(&self, name: &str) {
        let mut conn = self.cluster.database.connect().await;
        sqlx::query(
            "INSERT INTO principals (id, workspace_id, name, kind, email, roles)
             SELECT gen_random_uuid(), w.id, $1, 'person', $1 || '@example.com', '{approver}'
               FROM workspaces w WHERE w.name = 'acme'",
        )
        .bind(name)
        .execute(&mut conn)
        .await
        .unwrap();
        conn.close().await.unwrap();
    }

    /// Waits until so many have come.
    pub async fn mails(&self, count: usize) -> Vec<Mail> {
        eventually("mail comes", || async { self.relay.received().len() >= count }).await;
        let received = self.relay.received();
        assert_eq!(received.len(), count, "{received:#?}");
        received
    }

    pub async fn sql(&self, statement: &'static str) {
        let mut conn = self.cluster.database.connect().await;
        sqlx::query(statement).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
    }

    pub async fn count(&self, query: &'static str) -> i64 {
        let mut conn = self.cluster.database.connect().await;
        let count = sqlx::query_scalar(query).fetch_one(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        count
    }
}

/// A request for one person.
pub fn for_person(name: &str) -> Value {
    json!({ "title": "Refund 45.00", "policy": { "allowed_approvers": [name] } })
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_mail_says_what_is_asked_and_nothing_that_is_secret() {
    let post = Post::open(&["ana"]).await;
    let mut body = for_person("ana");
    body["title"] = json!("Refund <b>45</b>\r\nBcc: eve@example.com \u{202e}\" key=AKIAIOSFODNN7EXAMPLE");
    body["description"] = json!("First line\nSecond <script>alert(1)</script> line");
    body["context"] = json!({
        "order": "o-1\r\nX: y", "password": "PLANTED", "nested": { "n": 1 }, "amount": 45,
        "note": "use Bearer PLANTEDPLANTED", "long": "é".repeat(300),
    });
    body["timeout_seconds"] = json!(7_200);
    body["remind_before_seconds"] = json!([7_199]);
    let id = post.agent.ask(body).await;
    let received = post.mails(2).await;
    let (mail, reminder) = (&received[0], &received[1]);
    assert_eq!(mail.to, ["ana@example.com"]);
    assert!(!mail.text.contains("\r\nBcc:") && !mail.text.contains("\r\nX:"), "{}", mail.text);
    for (name, value) in [
        ("From", "Signoff <signoff@example.com>"),
        ("To", "ana@example.com"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("List-Id", "Signoff <approvals.example.com>"),
        ("List-Unsubscribe", "<https://signoff.example/settings/you>"),
    ] {
        assert_eq!(mail.header(name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(mail.header("List-Unsubscribe-Post"), None, "a provider's click keeps approvals from no one");
    let root = mail.header("References").unwrap();
    assert!(root.contains(&id) && root.ends_with("@example.com>"), "{root}");
    for it in [mail, reminder] {
        assert_eq!(
            (it.header("References"), it.header("In-Reply-To")),
            (Some(root.clone()), Some(root.clone()))
        );
    }
    assert_ne!(mail.header("Message-ID"), reminder.header("Message-ID"));
    let subject = mail.header("Subject").unwrap();
    assert_eq!(reminder.header("Subject").unwrap(), format!("Re: {subject}"));
    assert!(subject.starts_with("[Signoff] Refund <b>45</b>"), "{subject}");
    let (text, html) = (mail.part("text/plain"), mail.part("text/html"));
    assert!(text.contains("agent asks for your approval."), "{text}");
    assert!(text.contains(r#"Refund <b>45</b>\r\nBcc: eve@example.com \u{202e}" key=[redacted]"#), "{text}");
    assert!(text.contains(r"order: o-1\r\nX: y") && text.contains("amount: 45"), "{text}");
    assert!(text.contains("password: [redacted]") && text.contains("note: use [redacted]"), "{text}");
    assert!(!text.contains("nested"), "{text}");
    assert!(text.contains(&format!("{}…", "é".repeat(200))) && !text.contains(&"é".repeat(201)), "{text}");
    assert!(text.contains(&format!("{PUBLIC}/approvals/{id}")) && text.contains(&format!("{PUBLIC}/d/sd_")));
    assert!(html.contains("Refund &lt;b&gt;45&lt;/b&gt;") && html.contains("&lt;script&gt;"), "{html}");
    for never in ["PLANTED", "AKIAIOSFODNN7EXAMPLE"] {
        assert!(!received.iter().any(|it| it.text.contains(never) || it.part("text/html").contains(never)));
    }
    assert!(!html.contains("<img") && !html.contains("<script") && !html.contains("src="), "{html}");
    let list = post.agent.get("/api/v1/me/notifications").await.expect(200);
    assert_eq!(list.body["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_person_says_by_which_channel_and_in_which_time() {
    let post = Post::open(&[]).await;
    let (ana, bo) = (post.cluster.member("ana").await, post.cluster.member("bo").await);
    let (ana, bo) = (post.cluster.api(0, &ana), post.cluster.api(1, &bo));
    post.sql("UPDATE principals SET email = name || '@example.com' WHERE name IN ('ana', 'bo')").await;
    let put = async |api: &Api, body: Value| {
        Api::send(api.request(Method::PUT, "/api/v1/me/notification-preferences").json(&body))
            .await
            .expect(200)
    };
    put(&ana, json!({ "timezone": "Asia/Kathmandu" })).await;
    put(&bo, json!({ "channels": { "email": "off" } })).await;
    let body = json!({
        "policy": { "allowed_approvers": ["ana", "bo"] },
        "context": { "a": { "b": 1 }, "c": 2 }, "notify": { "context_fields": ["/a/b"] },
    });
    let id = post.agent.ask(body).await;
    let received = post.mails(1).await;
    assert_eq!(received[0].to, ["ana@example.com"]);
    let text = received[0].part("text/plain");
    assert!(text.contains(" +0545 ("), "{text}");
    assert!(text.contains("/a/b: 1") && !text.contains("c: 2"), "{text}");
    let ops = post.cluster.key("acme", "ops", &["notification:view"]).await;
    let ops = post.cluster.api(0, &ops);
    let list = ops.get(&format!("/api/v1/notifications?approval_id={id}&recipient=bo@example.com")).await;
    let item = &list.expect(200).body["items"][0];
    assert_eq!((&item["status"], &item["skip_reason"]), (&json!("skipped"), &json!("switched_off")));
    assert_eq!(bo.get("/api/v1/me/notifications/unread-count").await.expect(200).body["unread"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_flood_of_requests_is_one_message_with_the_most_urgent() {
    let post = Post::open(&["ana", "bo"]).await;
    let go_on = std::sync::Arc::new(tokio::sync::Notify::new());
    let held = go_on.clone();
    post.relay.does(move |command| match command {
        "connect" => Does::Waits(held.clone(), "220 relay"),
        _ => Does::Well,
    });
    post.agent.ask(for_person("ana")).await;
    eventually("the relay is asked", || async { post.relay.connections() == 1 }).await;
    for n in 0..12 {
        let mut body = for_person("ana");
        body["title"] = json!(format!("Request {n}"));
        body["timeout_seconds"] = json!(1_000 - 10 * n);
        post.agent.ask(body).await;
    }
    post.agent.ask(for_person("bo")).await;
    let waiting =
        "SELECT count(*) FROM approval_notifications WHERE channel = 'email' AND status = 'pending'";
    eventually("all are routed", || async { post.count(waiting).await == 14 }).await;
    post.relay.is_well();
    go_on.notify_one();
    let received = post.mails(3).await;
    let many = received.iter().find(|it| it.header("Subject").unwrap().contains("12 requests")).unwrap();
    assert_eq!(many.to, ["ana@example.com"]);
    let text = many.part("text/plain");
    let places: Vec<usize> = (2..12).rev().map(|n| text.find(&format!("- Request {n} (")).unwrap()).collect();
    assert!(places.is_sorted(), "the most urgent come first: {text}");
    assert!(!text.contains("- Request 1 (") && text.contains(&format!("{PUBLIC}/inbox")), "{text}");
    assert!(!text.contains("/d/"), "nothing is decided from a list");
    let done =
        "SELECT count(*) FROM approval_notifications WHERE channel = 'email' AND skip_reason = 'summarised'";
    eventually("their rows say so", || async { post.count(done).await == 12 }).await;
    let tried = "SELECT count(*) FROM notification_attempts WHERE outcome = 'sent'";
    assert_eq!(post.count(tried).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_connection_that_died_meanwhile_costs_no_try() {
    let post = Post::of(1, Relay::start().await, &["ana"], Vec::new()).await;
    post.agent.ask(for_person("ana")).await;
    post.mails(1).await;
    let first = std::sync::atomic::AtomicBool::new(true);
    post.relay.does(move |command| {
        let is_first = command.starts_with("MAIL") && first.swap(false, std::sync::atomic::Ordering::Relaxed);
        if is_first { Does::HangsUp } else { Does::Well }
    });
    post.agent.ask(for_person("ana")).await;
    post.mails(2).await;
    let done = "SELECT count(*) FROM approval_notifications WHERE channel = 'email' AND status = 'sent'";
    eventually("it is written down", || async { post.count(done).await == 2 }).await;
    assert_eq!(
        post.count("SELECT count(*) FROM notification_attempts").await,
        2,
        "the second was tried once"
    );
    assert_eq!(post.relay.connections(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_relay_that_refuses_us_is_left_alone_and_costs_no_try() {
    let post = Post::open(&["ana"]).await;
    post.relay.does(
        |command| {
            if command.starts_with("MAIL") { Does::Says("553 sender rejected") } else { Does::Well }
        },
    );
    post.agent.ask(for_person("ana")).await;
    let held = "SELECT count(*) FROM notification_lanes
                 WHERE hold_until > clock_timestamp() + interval '25 min' AND last_error LIKE '%553%'";
    eventually("its lane is held", || async { post.count(held).await == 1 }).await;
    let untried = "SELECT count(*) FROM approval_notifications
                    WHERE channel = 'email' AND status = 'pending' AND attempts = 0";
    assert_eq!(post.count(untried).await, 1);
    // A greeting that says no is a relay that is away for a while.
    post.relay.does(|command| match command.split(' ').next() {
        Some("connect") => Does::Says("421 too busy"),
        // The connection that was kept.
        Some("MAIL") => Does::HangsUp,
        _ => Does::Well,
    });
    let connections = post.relay.connections();
    post.sql("UPDATE notification_lanes SET hold_until = 'epoch'").await;
    eventually("it is asked again", || async { post.relay.connections() > connections }).await;
    let failing = "SELECT count(*) FROM notification_lanes WHERE failures > 0 AND last_error LIKE '%421%'";
    eventually("it counts as away", || async { post.count(failing).await == 1 }).await;
    post.relay.is_well();
    post.sql("UPDATE notification_lanes SET hold_until = 'epoch'").await;
    post.mails(1).await;
}

/// Each of the first connections stalls at another command. Nothing is lost, and nothing is taken for sent that was not.
#[tokio::test(flavor = "multi_thread")]
async fn g17_a_relay_that_stalls_at_any_command_delays_and_loses_nothing() {
    let people = ["p0", "p1", "p2", "p3"];
    let post = Post::open(&people).await;
    let seen = std::sync::Mutex::new(std::collections::BTreeSet::new());
    post.relay.does(move |command| {
        let verb = command.split([' ', ':']).next().unwrap_or_default().to_owned();
        let stalls = ["EHLO", "MAIL", "RCPT", "DATA"].contains(&verb.as_str());
        if stalls && seen.lock().unwrap().insert(verb) { Does::Stalls } else { Does::Well }
    });
    for name in people {
        post.agent.ask(for_person(name)).await;
    }
    let sent = "SELECT count(*) FROM approval_notifications WHERE channel = 'email' AND status = 'sent'";
    within(Duration::from_secs(100), "all arrive", || async { post.count(sent).await == 4 }).await;
    let mut to: Vec<String> = post.mails(4).await.into_iter().flat_map(|it| it.to).collect();
    to.sort_unstable();
    assert_eq!(to, people.map(|name| format!("{name}@example.com")));
    let late = "SELECT count(*) FROM notification_attempts WHERE error LIKE 'no answer within%'";
    assert_eq!(post.count(late).await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_mail_goes_protected_to_a_relay_that_can_be_trusted() {
    let folder = std::env::temp_dir().join(unique("relay"));
    std::fs::create_dir(&folder).unwrap();
    let (issuer, tls) = certificate(&folder);
    let relay = Relay::protected(tls).await;
    let flags = |ca: &str| {
        vec![
            ("smtp.security", "starttls".to_owned()),
            ("smtp.user", "signoff".to_owned()),
            ("smtp.password", "PLANTED".to_owned()),
            ("smtp.ca_file", ca.to_owned()),
        ]
    };
    let post = Post::with(relay.clone(), &["ana"], flags(issuer.to_str().unwrap())).await;
    post.agent.ask(for_person("ana")).await;
    assert!(post.mails(1).await[0].is_protected);

    let number = relay.port().to_string();
    let database = post.cluster.database.url.as_str();
    let redis = crate::support::variable("REDIS_URL");
    let mut environment = vec![
        ("SIGNOFF_DATABASE_URL", database),
        ("SIGNOFF_REDIS_URL", &redis),
        ("SIGNOFF_HTTP_PUBLIC_URL", PUBLIC),
        ("SIGNOFF_SMTP_HOST", "127.0.0.1"),
        ("SIGNOFF_SMTP_PORT", &number),
        ("SIGNOFF_SMTP_FROM", "signoff@example.com"),
        ("SIGNOFF_SMTP_USER", "signoff"),
        ("SIGNOFF_SMTP_PASSWORD", "PLANTED"),
        ("SIGNOFF_SMTP_CA_FILE", issuer.to_str().unwrap()),
    ];
    let check = async |environment: &[(&str, &str)]| {
        let output = signoff(&["check"], environment).await;
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(!said.contains("PLANTED"), "{said}");
        (output.status.success(), said)
    };
    let (is_good, said) = check(&environment).await;
    assert!(is_good && said.contains("answers"), "{said}");
    environment.pop();
    let (is_good, said) = check(&environment).await;
    assert!(!is_good && said.contains("mail") && said.contains("certificate"), "{said}");
    std::fs::remove_dir_all(&folder).unwrap();

    // An issuer that no one knows: nothing is sent, not even a name.
    let stranger = Post::with(relay.clone(), &["bo"], flags("")).await;
    stranger.agent.ask(for_person("bo")).await;
    let refused =
        "SELECT count(*) FROM notification_lanes WHERE failures > 0 AND last_error ILIKE '%certificate%'";
    eventually("the relay is not trusted", || async { stranger.count(refused).await == 1 }).await;
    assert_eq!(relay.received().len(), 1);
}

/// What the role of those who deliver may do covers all of it.
#[tokio::test(flavor = "multi_thread")]
async fn g17_who_delivers_reads_no_link() {
    let post = Post::open(&["ana"]).await;
    post.agent.ask(for_person("ana")).await;
    post.mails(1).await;
    let mut conn: PgConnection = super::g19_row_walls::act_as(&post.cluster, "signoff_notify").await;
    let error = sqlx::query("SELECT hash FROM decision_links").fetch_all(&mut conn).await.unwrap_err();
    assert!(error.to_string().contains("permission denied"), "{error}");
    lanes::wake_forgotten(&mut conn).await.unwrap();
    assert_eq!(post.count("SELECT count(*) FROM decision_links").await, 1);
}

/// An administrator who has an address hears of what fails there, too.
#[tokio::test(flavor = "multi_thread")]
async fn g17_news_for_administrators_come_by_mail_to_those_who_want_mail() {
    let post = Post::open(&["ana", "bo", "cleo"]).await;
    post.sql("UPDATE principals SET roles = '{keeper}' WHERE name IN ('ana', 'bo')").await;
    post.sql(
        "INSERT INTO notification_preferences (principal_id, workspace_id, muted)
         SELECT id, workspace_id, '{email}' FROM principals WHERE name = 'bo'",
    )
    .await;
    let workspace = workspace(&post.cluster, "acme").await;
    let relay = format!("127.0.0.1:{}", post.relay.port());
    let mut conn = act_as(&post.cluster, "signoff_notify").await;
    let bulletin = news::Bulletin {
        workspace,
        permissions: &[],
        roles: &["keeper".to_owned()],
        news: News::EndpointFailing,
        subject: "No webhook has arrived at https://example.com/<hook> for a day: 500\r\nBcc: all@example.com",
        relay: Some(&relay),
    };
    news::tell(&mut conn, &bulletin).await.unwrap();
    let mail = &post.mails(1).await[0];
    assert_eq!(mail.to, ["ana@example.com"]);
    assert_eq!(mail.header("Subject").unwrap(), "[Signoff] A webhook endpoint fails");
    assert_eq!(mail.header("Bcc"), None);
    let text = mail.part("text/plain");
    assert!(text.contains("https://example.com/<hook> for a day: 500\\r\\nBcc"), "{text}");
    assert!(text.contains(&format!("{PUBLIC}/settings/webhooks")), "{text}");
    let in_app =
        "SELECT count(*) FROM approval_notifications WHERE channel = 'in_app' AND cause = 'endpoint_failing'";
    assert_eq!(post.count(in_app).await, 2, "bo hears of it in the app");
}
