//! G17 and G5: a link in a mail decides for the person that it was made for, once they say so, and never by being opened.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, StatusCode, header, redirect::Policy};
use serde_json::{Value, json};

use super::g17_mail::{Post, for_person};
use crate::support::{Api, relay::Mail};

/// What came back.
#[derive(Debug)]
struct Page {
    status: StatusCode,
    headers: header::HeaderMap,
    text: String,
}

impl Page {
    #[track_caller]
    fn says(&self, status: u16, words: &str) {
        assert!(self.status == status && self.text.contains(words), "{words}: {self:#?}");
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// A hidden field of the form.
    fn field(&self, name: &str) -> String {
        let begin = format!("name=\"{name}\" value=\"");
        let at = self.text.find(&begin).unwrap_or_else(|| panic!("no {name} in {}", self.text)) + begin.len();
        self.text[at..].split('"').next().unwrap().to_owned()
    }
}

/// A person's browser, with a link in it.
#[derive(Clone)]
struct Opened {
    client: Client,
    url: String,
}

async fn send(request: RequestBuilder) -> Page {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    Page { status, headers, text: response.text().await.unwrap() }
}

fn token(mail: &Mail) -> String {
    let text = mail.part("text/plain");
    let at = text.find("/d/sd_").unwrap() + 3;
    text[at..at + 46].to_owned()
}

impl Opened {
    fn new(post: &Post, instance: usize, mail: &Mail) -> Self {
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { client, url: format!("{}/d/{}", post.cluster.instances[instance].url, token(mail)) }
    }

    async fn look(&self) -> Page {
        send(self.client.get(&self.url)).await
    }

    fn posting(&self, page: &Page, fields: &[(&str, &str)]) -> RequestBuilder {
        let mut form: Vec<(String, String)> =
            ["version", "at", "mac"].map(|name| (name.to_owned(), page.field(name))).to_vec();
        form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.client.post(&self.url).form(&form).header("sec-fetch-site", "same-origin")
    }

    /// The page, old enough by the database's clock to have been read.
    async fn read(&self) -> Page {
        let page = self.look().await;
        // A person's second: that it passes is what is asked for.
        tokio::time::sleep(Duration::from_millis(1_050)).await;
        page
    }

    async fn answer(&self, verdict: &str) -> Page {
        let page = self.read().await;
        send(self.posting(&page, &[("verdict", verdict), ("reason", "why not"), ("confirm", "yes")])).await
    }
}

async fn asked(post: &Post, body: Value) -> (String, Mail) {
    let before = post.relay.received().len();
    let id = post.agent.ask(body).await;
    (id, post.mails(before + 1).await.pop().unwrap())
}

async fn status(post: &Post, id: &str) -> Value {
    post.agent.show(id).await.expect(200).body["status"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_person_reads_answers_and_sees_what_became_of_it() {
    let post = Post::open(&["ana"]).await;
    let mut body = for_person("ana");
    body["description"] = json!("Because <b>of</b> this");
    body["context"] = json!({ "z": "last<script>", "a": { "password": "PLANTED", "n": 1 } });
    let (id, mail) = asked(&post, body).await;
    let opened = Opened::new(&post, 1, &mail);
    let page = send(opened.client.get(format!("{}?v=approve", opened.url))).await;
    page.says(200, "agent asks for your approval.");
    for words in [
        "Refund 45.00",
        "Because &lt;b&gt;of&lt;/b&gt; this",
        "last&lt;script&gt;",
        "1 more of ana",
        "<dd>ana</dd>",
    ] {
        page.says(200, words);
    }
    page.says(200, &format!("href=\"/approvals/{id}\""));
    page.says(200, "value=\"approve\" required checked");
    assert!(!page.text.contains("PLANTED") && !page.text.contains("<script") && !page.text.contains("src="));
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-robots-tag", "noindex"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("set-cookie", ""),
    ] {
        assert_eq!(page.header(name), value, "{name}");
    }
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(policy.ends_with("; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"), "{policy}");
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    let fields = [("verdict", "approve"), ("comment", "fine\r\nby me"), ("confirm", "yes")];
    let done = send(opened.posting(&page, &fields)).await;
    assert_eq!(
        (done.status.as_u16(), done.header("location")),
        (303, &opened.url[opened.url.find("/d/").unwrap()..])
    );
    opened.look().await.says(200, "You have approved this.");
    let shown = post.agent.show(&id).await.expect(200).body;
    assert_eq!(
        (&shown["resolution"], &shown["result"]["feedback"]),
        (&json!("approved"), &json!("fine\nby me"))
    );
    let record: String = sqlx::query_scalar(
        "SELECT credential FROM audit_log WHERE action = 'approval.resolved' AND actor_name = 'ana'",
    )
    .fetch_one(&mut post.cluster.database.connect().await)
    .await
    .unwrap();
    let link: String = sqlx::query_scalar("SELECT 'link:' || id FROM decision_links")
        .fetch_one(&mut post.cluster.database.connect().await)
        .await
        .unwrap();
    assert_eq!(record, link);
    // The same again, and another answer.
    opened.answer_again("approve").await.says(200, "You have approved this.");
    opened.answer_again("reject").await.says(409, "You have approved this.");
    let metrics = post.cluster.instances[1].metrics().await;
    assert!(metrics.contains("signoff_links_total{result=\"decided\"} 1"), "{metrics}");
    assert!(!metrics.contains(&token(&mail)));
}

impl Opened {
    /// By a form that was there before it was decided.
    async fn answer_again(&self, verdict: &str) -> Page {
        let page = self.look().await;
        assert!(!page.text.contains("<form"), "there is nothing to answer any more");
        let at = (chrono::DateTime::UNIX_EPOCH.timestamp_micros() + 1_700_000_000_000_000).to_string();
        let key =
            ring::hmac::Key::new(ring::hmac::HMAC_SHA256, self.url.rsplit('/').next().unwrap().as_bytes());
        let mac = signoff::store::hex(ring::hmac::sign(&key, at.as_bytes()).as_ref());
        let form = [("verdict", verdict), ("reason", "x"), ("confirm", "yes"), ("at", &at), ("mac", &mac)];
        send(self.client.post(&self.url).form(&form)).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_scanners_and_previews_change_nothing() {
    let post = Post::open(&["ana"]).await;
    let (id, mail) = asked(&post, for_person("ana")).await;
    let opened = Opened::new(&post, 0, &mail);
    let rows = "SELECT (SELECT count(*) FROM approval_decisions) + (SELECT count(*) FROM audit_log)
                     + (SELECT count(*) FROM notification_causes)";
    let before = post.count(rows).await;
    for n in 0..100 {
        let agent =
            ["Slackbot-LinkExpanding 1.0", "Mozilla/5.0 (compatible; MSOffice 16)", "Barracuda Sentinel"];
        let method = if n % 2 == 0 { Method::GET } else { Method::HEAD };
        let request = opened.client.request(method.clone(), &opened.url).header("user-agent", agent[n % 3]);
        let page = send(request).await;
        // Sixty looks a minute, and the few that come back meanwhile.
        assert!(page.status == 200 || n >= 60 && page.status == 429, "{n}: {page:?}");
        assert!(method == Method::GET || page.text.is_empty());
        if page.status == 429 {
            assert!(page.header("retry-after").parse::<u64>().unwrap() >= 1);
        }
    }
    // One that follows each form it finds, and sends it at once, or without having seen it.
    let unseen = [("verdict", "approve"), ("confirm", "yes"), ("version", "1")];
    for _ in 0..3 {
        send(opened.client.post(&opened.url).form(&unseen)).await.says(422, "Nothing was decided yet.");
    }
    assert_eq!(status(&post, &id).await, "pending");
    assert_eq!(post.count(rows).await, before, "a look writes nothing");
    // Ten a minute, and the few that come back meanwhile.
    let mut tries = 0;
    while send(opened.client.post(&opened.url).form(&unseen)).await.status != 429 {
        tries += 1;
        assert!(tries < 30, "a link takes any number of tries");
    }
    assert!(tries >= 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_only_a_whole_form_that_was_read_decides() {
    let post = Post::open(&["ana"]).await;
    let (id, mail) = asked(&post, for_person("ana")).await;
    let opened = Opened::new(&post, 0, &mail);
    let page = opened.look().await;
    let yes = [("verdict", "approve"), ("confirm", "yes")];
    send(opened.posting(&page, &yes)).await.says(422, "Nothing was decided yet. Read it, then answer.");
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    send(opened.posting(&page, &[("verdict", "approve")])).await.says(422, "Tick the box");
    send(opened.posting(&page, &[("confirm", "yes")])).await.says(422, "Choose whether");
    send(opened.posting(&page, &[("verdict", "reject"), ("confirm", "yes")])).await.says(422, "Say why");
    let mac = format!("{:0>64}", "1");
    let forged = [("version", "1"), ("at", &*page.field("at")), ("mac", &*mac), yes[0], yes[1]];
    send(opened.client.post(&opened.url).form(&forged)).await.says(422, "Nothing was decided yet.");
    let elsewhere = opened.posting(&page, &yes).header("sec-fetch-site", "cross-site").build().unwrap();
    // The later of two headers of a name is added: this one alone counts.
    let mut elsewhere = elsewhere;
    elsewhere.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(opened.client.execute(elsewhere).await.unwrap().status(), 403);
    let json = opened.posting(&page, &[("verdict", "approve")]).header("accept", "application/json");
    let problem = Api::send(json).await.problem(422, "invalid");
    problem.violation("/confirm", "required");
    let text = opened.client.post(&opened.url).header("content-type", "text/plain").body("verdict=approve");
    send(text).await.says(415, "as application/x-www-form-urlencoded");
    assert_eq!(status(&post, &id).await, "pending");
    let url = opened.url.replace("/d/sd_", "/d/sd_A");
    send(opened.client.get(&url)).await.says(404, "There is no such link");
    let garbled = opened.url.replace("/d/sd_", "/d/%ff");
    send(opened.client.get(&garbled)).await.says(404, "There is no such link");
    let mut other = opened.url.clone();
    other.replace_range(other.len() - 5..other.len() - 1, "AAAA");
    send(opened.client.get(&other)).await.says(404, "There is no such link");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_link_the_api_and_the_link_again_at_once_are_one_decision() {
    let post = Post::open(&[]).await;
    let key = post.cluster.member("ana").await;
    post.sql("UPDATE principals SET email = 'ana@example.com' WHERE name = 'ana'").await;
    let ana = post.cluster.api(0, &key);
    for _ in 0..3 {
        let (id, mail) = asked(&post, for_person("ana")).await;
        let (one, two) = (Opened::new(&post, 0, &mail), Opened::new(&post, 1, &mail));
        let page = one.read().await;
        let approve = [("verdict", "approve"), ("confirm", "yes")];
        let reject = [("verdict", "reject"), ("reason", "no"), ("confirm", "yes")];
        let (first, second, third) = tokio::join!(
            send(one.posting(&page, &approve)),
            send(two.posting(&page, &reject)),
            ana.approve(&id)
        );
        let won = post.agent.show(&id).await.expect(200).body["resolution"].clone();
        let (links, api) = if won == "approved" {
            (([200, 303].as_slice(), [409].as_slice()), 200)
        } else {
            (([409].as_slice(), [303].as_slice()), 409)
        };
        assert!(links.0.contains(&first.status.as_u16()), "{won} {first:?}");
        assert!(links.1.contains(&second.status.as_u16()), "{won} {second:?}");
        assert_eq!(third.status, api, "{won} {third:?}");
    }
    assert_eq!(post.count("SELECT count(*) FROM approval_decisions").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_link_dies_with_what_it_was_for() {
    let post = Post::open(&["ana", "bo"]).await;
    let bo = post.cluster.api(0, &post.cluster.member("bo").await);
    // Decided by another; cancelled; past its deadline.
    let id = post.agent.ask(json!({ "policy": { "allowed_approvers": ["ana", "bo"] } })).await;
    post.mails(2).await;
    let to_ana = post.relay.received().into_iter().find(|it| it.to == ["ana@example.com"]).unwrap();
    bo.post(&format!("/api/v1/approvals/{id}/reject"), &json!({ "reason": "too much" })).await.expect(200);
    let opened = Opened::new(&post, 0, &to_ana);
    let page = opened.look().await;
    page.says(409, "It has been decided already.");
    page.says(409, "Rejected by bo");
    page.says(409, "too much");
    assert!(!page.text.contains("<form"));
    let json = opened.client.get(&opened.url).header("accept", "application/json");
    Api::send(json).await.problem(409, "already_decided");
    let (id, mail) = asked(&post, for_person("ana")).await;
    post.agent
        .post(&format!("/api/v1/approvals/{id}/cancel"), &json!({ "reason": "gone" }))
        .await
        .expect(200);
    Opened::new(&post, 0, &mail).look().await.says(409, "It was cancelled.");
    let mut soon = for_person("ana");
    soon["timeout_seconds"] = json!(5);
    let (id, mail) = asked(&post, soon).await;
    let opened = Opened::new(&post, 0, &mail);
    let page = opened.read().await;
    post.agent.waiting(&id, 20).await.unwrap().expect(200);
    send(opened.posting(&page, &[("verdict", "approve"), ("confirm", "yes")]))
        .await
        .says(410, "Its deadline has passed.");
    opened.look().await.says(410, "Its deadline has passed.");
    // Handed on: the link is not for the next level, though ana decides there, too.
    let mut levels = for_person("ana");
    levels["escalation"] = json!([{ "after_seconds": 600, "policy": { "allowed_approvers": ["ana"] } }]);
    let (id, mail) = asked(&post, levels).await;
    let opened = Opened::new(&post, 1, &mail);
    let page = opened.read().await;
    bo.post(&format!("/api/v1/approvals/{id}/escalate"), &json!({ "reason": "away" })).await.expect(200);
    send(opened.posting(&page, &[("verdict", "approve"), ("confirm", "yes")])).await.says(410, "handed on");
    assert_eq!(status(&post, &id).await, "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_forwarded_link_is_of_no_use_once_the_person_may_not_decide() {
    let post = Post::open(&["ana", "bo"]).await;
    let (id, mail) = asked(&post, for_person("ana")).await;
    let opened = Opened::new(&post, 0, &mail);
    let page = opened.read().await;
    let approve = [("verdict", "approve"), ("confirm", "yes")];
    post.sql("UPDATE principals SET roles = '{auditor}' WHERE name = 'ana'").await;
    send(opened.posting(&page, &approve)).await.says(403, "may not decide any more");
    let forbidden = opened.look().await;
    forbidden.says(403, "may not decide any more");
    assert!(!forbidden.text.contains("Refund"), "who may not decide is told nothing of it");
    post.sql("UPDATE principals SET roles = '{approver}', disabled_at = now() WHERE name = 'ana'").await;
    send(opened.posting(&page, &approve)).await.says(403, "may not decide any more");
    post.sql("UPDATE principals SET disabled_at = NULL WHERE name = 'ana'").await;
    assert_eq!(status(&post, &id).await, "pending");
    // One that may only reject is offered no more.
    post.sql("INSERT INTO roles (workspace_id, name, permissions) SELECT id, 'brake', '{approval:reject}' FROM workspaces").await;
    post.sql("UPDATE principals SET roles = '{brake}' WHERE name = 'ana'").await;
    let page = opened.read().await;
    assert!(
        !page.text.contains("value=\"approve\"") && page.text.contains("value=\"reject\""),
        "{}",
        page.text
    );
    send(opened.posting(&page, &approve)).await.says(403, "You may not give this answer.");
    opened.answer("reject").await.says(303, "");
    assert_eq!(status(&post, &id).await, "resolved");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_vote_that_leaves_it_open_is_shown_as_given() {
    let post = Post::open(&["ana", "bo"]).await;
    let body = json!({ "title": "Two of you", "policy": { "min_approvers": 2, "allowed_approvers": ["ana", "bo"] } });
    let (id, _) = asked_many(&post, body, 2).await;
    let mails = post.relay.received();
    let of = |name: &str| mails.iter().find(|it| it.to == [format!("{name}@example.com")]).unwrap();
    let (ana, bo) = (Opened::new(&post, 0, of("ana")), Opened::new(&post, 1, of("bo")));
    // Bo's page is older than ana's vote: it is shown anew, with what is missing now.
    let old = bo.read().await;
    ana.answer("approve").await.says(303, "");
    let given = ana.look().await;
    given.says(200, "You have approved this.");
    given.says(200, "1 more of bo");
    let approve = [("verdict", "approve"), ("confirm", "yes")];
    let again = send(bo.posting(&old, &approve)).await;
    again.says(412, "It has changed while you read.");
    assert_eq!(again.field("version"), "2");
    bo.answer("approve").await.says(303, "");
    assert_eq!(status(&post, &id).await, "resolved");
}

async fn asked_many(post: &Post, body: Value, mails: usize) -> (String, Vec<Mail>) {
    let id = post.agent.ask(body).await;
    (id, post.mails(mails).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_links_go_with_their_approvals() {
    let post = Post::open(&["ana"]).await;
    let (_, mail) = asked(&post, for_person("ana")).await;
    assert_eq!(post.count("SELECT count(*) FROM decision_links").await, 1);
    let mut conn = super::g19_row_walls::act_as(&post.cluster, "signoff_work").await;
    let age = Duration::ZERO;
    assert_eq!(signoff::store::purge::links(&mut conn, age, 10).await.unwrap(), 0, "it is pending");
    post.sql("UPDATE workflow_runs SET deleted_at = now() - interval '1 day'").await;
    assert_eq!(signoff::store::purge::approvals_of_deleted_runs(&mut conn, age, 10).await.unwrap(), 1);
    assert_eq!(post.count("SELECT count(*) FROM decision_links").await, 0);
    Opened::new(&post, 0, &mail).look().await.says(404, "There is no such link");
}
