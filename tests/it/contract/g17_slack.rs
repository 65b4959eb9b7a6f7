//! G17 in Slack: cards that show how an approval stands, wherever it was decided, and presses that decide as the person
//! who is bound to the account, once, or do nothing.

use chrono::Utc;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Api, Cluster, Reply,
    client::merged,
    eventually,
    slack::{FakeSlack, Message, SECRET, SIGNATURE, Scripted, TIME, TOKEN, form, signature},
};

pub const ANA: &str = "T1/U1";

pub struct Team {
    pub slack: FakeSlack,
    pub cluster: Cluster,
    pub admin: Api,
    pub agent: Api,
    pub ana: Api,
    pub bo: Api,
}

/// An agent that asks, and ana and bo, who may decide; ana's account is T1/U1.
pub async fn team(flags: &[(&'static str, &str)]) -> Team {
    let slack = FakeSlack::start().await;
    let cluster = Cluster::with(slack.setup(2, flags)).await.connected().await;
    let admin = cluster.api(0, &cluster.key("acme", "admin", &["workspace:admin"]).await);
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let bo = cluster.api(1, &cluster.member("bo").await);
    bind(&admin, "ana", Some(ANA)).await.expect(200);
    Team { slack, cluster, admin, agent, ana, bo }
}

async fn id_of(admin: &Api, name: &str) -> String {
    let all = admin.get("/api/v1/principals?limit=200").await.expect(200).body;
    let found = all["items"].as_array().unwrap().iter().find(|it| it["name"] == name).cloned();
    found.unwrap()["id"].as_str().unwrap().to_owned()
}

async fn bind(admin: &Api, name: &str, account: Option<&str>) -> Reply {
    let path = format!("/api/v1/principals/{}", id_of(admin, name).await);
    Api::send(admin.request(Method::PATCH, &path).json(&json!({ "slack": account }))).await
}

pub fn asked(approvers: u32) -> Value {
    json!({
        "title": "Refund 45.00", "description": "The parcel was late.", "context": { "amount": 45 },
        "policy": { "min_approvers": approvers, "allowed_approvers": ["ana", "bo"] },
    })
}

pub async fn standing(team: &Team, id: &str) -> Value {
    team.agent.show(id).await.expect(200).body
}

/// Notifications to Slack about an approval, the oldest first.
async fn rows(team: &Team, id: &str) -> Vec<Value> {
    let path = format!("/api/v1/notifications?channel=slack&approval_id={id}");
    let page = team.admin.get(&path).await.expect(200).body;
    page["items"].as_array().unwrap().iter().rev().cloned().collect()
}

/// Waits until none of them waits.
pub async fn settled(team: &Team, id: &str, count: usize) -> Vec<Value> {
    eventually("all that goes to Slack is settled", || async {
        let rows = rows(team, id).await;
        rows.len() >= count && rows.iter().all(|it| it["status"] != "pending")
    })
    .await;
    let rows = rows(team, id).await;
    assert_eq!(rows.len(), count, "{rows:#?}");
    rows
}

fn needs(message: &Message) -> String {
    message.block("f").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_card_shows_each_vote_and_the_outcome_wherever_they_came_from() {
    let team = team(&[]).await;
    let id = team.agent.ask(asked(2)).await;
    let open = team.slack.shows(1).await.remove(0);
    assert_eq!(open.channel, "C1");
    assert!(open.has_buttons() && needs(&open).contains("2 more of ana or bo"), "{open:#?}");
    let post = team.slack.calls("chat.postMessage").remove(0);
    assert_eq!(post.authorization, format!("Bearer {TOKEN}"));
    assert_eq!((&post.body["unfurl_links"], &post.body["parse"]), (&json!(false), &json!("none")));
    assert_eq!(post.body["metadata"]["event_payload"]["approval_id"], json!(id));
    team.ana.approve(&id).await.expect(200);
    let voted = team.slack.becomes("the vote shows", |it| needs(it).contains("1 more of bo")).await;
    assert!(voted.has_buttons());
    team.bo.reject(&id, "too much").await.expect(200);
    let closed = team.slack.becomes("the outcome shows", |it| !it.has_buttons()).await;
    assert!(
        closed.block("o")["text"]["text"].as_str().unwrap().starts_with("*Rejected* by bo"),
        "{closed:#?}"
    );
    assert_eq!(closed.block("r")["text"]["text"], "too much");
    for kept in ["t", "d", "c"] {
        assert_eq!(closed.block(kept), open.block(kept), "the text stays");
    }
    let rows = settled(&team, &id, 3).await;
    let told: Vec<_> =
        rows.iter().map(|it| (it["action"].as_str().unwrap(), it["status"].as_str().unwrap())).collect();
    assert_eq!(told, [("send", "sent"), ("update", "sent"), ("update", "sent")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_press_decides_as_the_person_who_is_bound_to_the_account() {
    let team = team(&[]).await;
    let id = team.agent.ask(asked(1)).await;
    let waiter = team.agent.waiting(&id, 30);
    let card = team.slack.shows(1).await.remove(0);
    let press = team.slack.press(&card, "signoff_approve", ANA);
    assert_eq!(team.slack.take(&team.cluster, 1, &press).await, Value::Null);
    let outcome = waiter.await.unwrap().expect(200).body;
    assert_eq!((&outcome["resolution"], &outcome["resolved_by"]), (&json!("approved"), &json!("ana")));
    team.slack.becomes("the card is closed", |it| !it.has_buttons()).await;
    assert!(team.slack.whispers().is_empty(), "who decided sees it on the card");
    let records = team.admin.get(&format!("/api/v1/approvals/{id}/audit")).await.expect(200).body;
    let records = records["items"].as_array().unwrap();
    let resolved = records.iter().find(|it| it["action"] == "approval.resolved").unwrap();
    assert_eq!(
        (&resolved["credential"], &resolved["actor"]),
        (&json!("slack:T1/U1"), &json!("ana")),
        "{resolved:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_who_is_not_bound_not_admitted_or_not_of_the_team_decides_nothing() {
    let team = team(&[]).await;
    team.cluster.member("dora").await;
    team.cluster.member("carl").await;
    bind(&team.admin, "dora", Some("T1/U2")).await.expect(200);
    bind(&team.admin, "carl", Some("T1/U3")).await.expect(200);
    bind(&team.admin, "agent", Some("T1/U4")).await.expect(200);
    let mut asked = asked(1);
    asked["policy"] = json!({ "min_approvers": 1, "allowed_approvers": ["ana", "carl", "agent"] });
    let id = team.agent.ask(asked).await;
    let card = team.slack.shows(1).await.remove(0);
    let path = format!("/api/v1/principals/{}", id_of(&team.admin, "carl").await);
    Api::send(team.admin.request(Method::PATCH, &path).json(&json!({ "disabled": true }))).await.expect(200);
    for (count, (account, why)) in [
        ("T1/U9", "bound to no person"),
        ("T2/U1", "bound to no person"),
        ("T1/U2", "does not name you"),
        ("T1/U3", "disabled"),
        ("T1/U4", "own request"),
    ]
    .into_iter()
    .enumerate()
    {
        let press = team.slack.press(&card, "signoff_approve", account);
        assert_eq!(team.slack.take(&team.cluster, 0, &press).await, Value::Null);
        let told = team.slack.whispered(count + 1).await;
        assert!(told.contains(why), "{account}: {told}");
        let whisper = team.slack.calls("response_url").pop().unwrap().body;
        assert_eq!(
            (&whisper["response_type"], &whisper["replace_original"]),
            (&json!("ephemeral"), &json!(false))
        );
    }
    // A conversation in which there is no card of ours.
    let value = card.button("signoff_approve").unwrap();
    let foreign = team.slack.press_of(("C9", "1600000000.000001"), ("signoff_approve", &value), ANA);
    team.slack.take(&team.cluster, 0, &foreign).await;
    assert!(team.slack.whispered(6).await.contains("none of mine"));
    assert_eq!(standing(&team, &id).await["status"], "pending");
    assert_eq!(standing(&team, &id).await["version"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_two_presses_and_the_api_at_once_decide_once() {
    let team = team(&[]).await;
    for round in 0..5 {
        let id = team.agent.ask(asked(1)).await;
        let card = team.slack.shows(round + 1).await.pop().unwrap();
        let press = team.slack.press(&card, "signoff_approve", ANA);
        let now = Utc::now().timestamp();
        let (one, two, api) = tokio::join!(
            team.slack.signed(&team.cluster, 0, &press, (SECRET, now)),
            team.slack.signed(&team.cluster, 1, &press, (SECRET, now - 1)),
            team.bo.reject(&id, "no"),
        );
        assert_eq!((one.0, two.0), (200, 200));
        let whole = standing(&team, &id).await;
        assert_eq!((&whole["status"], &whole["version"]), (&json!("resolved"), &json!(2)), "{whole:#?}");
        let by_api = whole["resolution"] == "rejected";
        assert_eq!(api.status == 200, by_api, "{api:?}");
        let records = team.admin.get(&format!("/api/v1/approvals/{id}/audit")).await.expect(200).body;
        let ends =
            records["items"].as_array().unwrap().iter().filter(|it| it["action"] == "approval.resolved");
        assert_eq!(ends.count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_what_slack_has_not_signed_now_and_once_is_refused() {
    let team = team(&[]).await;
    let id = team.agent.ask(asked(2)).await;
    let card = team.slack.shows(1).await.remove(0);
    let press = team.slack.press(&card, "signoff_approve", ANA);
    let now = Utc::now().timestamp();
    let (slack, cluster) = (&team.slack, &team.cluster);
    for (secret, at) in [("other", now), (SECRET, now - 310), (SECRET, now + 310), (SECRET, 0)] {
        assert_eq!(slack.signed(cluster, 0, &press, (secret, at)).await, (401, Value::Null), "{secret} {at}");
    }
    let body = form(&press);
    let (time, signed) = (now.to_string(), signature(SECRET, now, &body));
    let other = body.replace("U1", "U2");
    for headers in [vec![], vec![(TIME, time.as_str())], vec![(SIGNATURE, signed.as_str())]] {
        assert_eq!(slack.posted(cluster, 0, body.clone(), &headers).await, (401, Value::Null));
    }
    let headers = [(TIME, time.as_str()), (SIGNATURE, signed.as_str())];
    assert_eq!(slack.posted(cluster, 0, other, &headers).await, (401, Value::Null), "another body");
    assert_eq!(standing(&team, &id).await["version"], 1, "nothing has happened so far");
    // Near enough, on either side.
    for at in [now - 290, now + 290] {
        assert_eq!(slack.signed(cluster, 0, &press, (SECRET, at)).await.0, 200);
    }
    assert_eq!(standing(&team, &id).await["version"], 2);
    // The same request once more, wherever it comes.
    assert_eq!(slack.posted(cluster, 0, body.clone(), &headers).await.0, 200);
    for instance in [0, 1] {
        assert_eq!(
            slack.posted(cluster, instance, body.clone(), &headers).await,
            (401, Value::Null),
            "a replay"
        );
    }
    assert_eq!(standing(&team, &id).await["version"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_who_sends_what_slack_once_signed_pays_as_a_stranger() {
    let team = team(&[
        ("rate_limits.address_requests_per_second", "0.001"),
        ("rate_limits.address_burst", "60"),
        ("rate_limits.redis_timeout_ms", "5000"),
    ])
    .await;
    let (slack, cluster, now) = (&team.slack, &team.cluster, Utc::now().timestamp());
    let first = &cluster.instances[0];
    eventually("Redis counts", || async { first.metric("signoff_rate_limits_shared").await > 0.5 }).await;
    let numbered =
        |nonce: u32| json!({ "type": "other", "user": { "id": "U1", "team_id": "T1" }, "nonce": nonce });
    for nonce in 0..70 {
        assert_eq!(
            slack.signed(cluster, 0, &numbered(nonce), (SECRET, now)).await.0,
            200,
            "Slack pays nothing"
        );
    }
    // One is too old, the other was taken before.
    for (count, (nonce, at)) in [(70, now - 600), (0, now)].into_iter().cycle().enumerate() {
        let (status, body) = slack.signed(cluster, 0, &numbered(nonce), (SECRET, at)).await;
        if status != 401 {
            assert_eq!((status, &body["code"]), (429, &json!("rate_limited")));
            return;
        }
        assert!(count < 60, "it costs nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_what_slack_sends_and_we_do_not_know_changes_nothing() {
    let team = team(&[]).await;
    let id = team.agent.ask(asked(1)).await;
    let card = team.slack.shows(1).await.remove(0);
    let mut odd = team.slack.press(&card, "signoff_approve", ANA);
    for (pointer, value) in [
        ("/actions/0/action_id", json!("signoff_details")),
        ("/actions/0/action_id", json!("other")),
        ("/actions/0/value", json!("1.2.3")),
        ("/actions", json!([])),
        ("/type", json!("message_action")),
        ("/user/id", json!("'; DROP TABLE principals; --")),
    ] {
        let mut payload = odd.clone();
        *payload.pointer_mut(pointer).unwrap() = value;
        assert_eq!(team.slack.take(&team.cluster, 0, &payload).await, Value::Null, "{pointer}");
    }
    odd["response_url"] = json!("http://127.0.0.1:1/elsewhere");
    odd["user"]["id"] = json!("U9");
    team.slack.take(&team.cluster, 0, &odd).await;
    assert!(team.slack.whispers().is_empty(), "an address that is none of Slack's gets nothing");
    assert_eq!(standing(&team, &id).await["version"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_limit_of_slacks_holds_the_conversation_and_costs_no_try() {
    let team = team(&[]).await;
    team.slack.script("chat.postMessage", Scripted::limited(Some("1")));
    let id = team.agent.ask(asked(1)).await;
    let row = settled(&team, &id, 1).await.remove(0);
    assert_eq!(
        (&row["status"], &row["attempt_count"]),
        (&json!("sent"), &json!(1)),
        "only the second was a try"
    );
    let posts = team.slack.calls("chat.postMessage");
    assert_eq!(posts.len(), 2);
    assert!(posts[1].at - posts[0].at >= std::time::Duration::from_secs(1), "it waited as Slack said");
    // Without a word for how long, half a minute.
    team.slack.script("chat.postMessage", Scripted::limited(None));
    let id = team.agent.ask(asked(1)).await;
    assert_eq!(held(&team, 1, (20, 37)).await, ["C1"]);
    let row = rows(&team, &id).await.remove(0);
    assert_eq!((&row["status"], &row["attempt_count"]), (&json!("pending"), &json!(0)));
}

/// Which conversations are held for about so many seconds, once they are as many.
async fn held(team: &Team, count: usize, (least, most): (i32, i32)) -> Vec<String> {
    let look = async || -> Vec<String> {
        let mut conn = team.cluster.database.connect().await;
        sqlx::query_scalar(
            "SELECT destination FROM notification_lanes
              WHERE channel = 'slack' AND last_error IS NOT NULL
                AND hold_until - clock_timestamp() BETWEEN make_interval(secs => $1) AND make_interval(secs => $2)
              ORDER BY destination",
        )
        .bind(least)
        .bind(most)
        .fetch_all(&mut conn)
        .await
        .unwrap()
    };
    eventually("conversations are held", || async { look().await.len() == count }).await;
    look().await
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_revoked_token_holds_the_whole_installation() {
    let slack = FakeSlack::start().await;
    let cluster = Cluster::with(slack.setup(1, &[])).await.connected().await;
    let admin = cluster.api(0, &cluster.key("acme", "admin", &["workspace:admin"]).await);
    let agent = cluster.api(0, &cluster.member("agent").await);
    let (ana, bo) =
        (cluster.api(0, &cluster.member("ana").await), cluster.api(0, &cluster.member("bo").await));
    let team = Team { slack, cluster, admin, agent, ana, bo };
    team.slack.script("chat.postMessage", Scripted::error("token_revoked"));
    let first = team.agent.ask(asked(1)).await;
    assert_eq!(held(&team, 1, (1_600, 2_161)).await, ["C1"]);
    let mut elsewhere = asked(1);
    elsewhere["notify"] = json!({ "slack_channel": "C2" });
    let second = team.agent.ask(elsewhere).await;
    assert_eq!(held(&team, 2, (1_600, 2_161)).await, ["C1", "C2"]);
    assert_eq!(team.slack.calls("chat.postMessage").len(), 1, "Slack is not asked again");
    for id in [&first, &second] {
        let row = rows(&team, id).await.remove(0);
        assert_eq!((&row["status"], &row["attempt_count"]), (&json!("pending"), &json!(0)));
        let shown = team.admin.get(&format!("/api/v1/notifications/{}", row["id"].as_str().unwrap())).await;
        let shown = shown.expect(200).body.to_string();
        assert!(shown.contains("token_revoked") && !shown.contains(TOKEN), "{shown}");
    }
    let metrics = team.cluster.instances[0].metrics().await;
    assert!(!metrics.contains(TOKEN) && !metrics.contains(SECRET));
    eventually("administrators are told", || async {
        let told = team.admin.get("/api/v1/me/notifications").await.expect(200).body;
        let told = told["items"].as_array().unwrap().iter().filter(|it| it["cause"] == "slack_refused");
        let subjects: Vec<_> = told.map(|it| it["subject"].clone()).collect();
        subjects == ["Slack refuses the bot's token: token_revoked"]
    })
    .await;
    // Deciding goes on.
    team.ana.approve(&first).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_card_whose_form_is_refused_comes_as_text() {
    let team = team(&[]).await;
    team.slack.script("chat.postMessage", Scripted::error("invalid_blocks"));
    let id = team.agent.ask(asked(1)).await;
    let card = team.slack.shows(1).await.remove(0);
    assert_eq!(card.blocks, Value::Null);
    assert!(card.text.starts_with("Approval needed: Refund 45.00, asked by agent, until "), "{}", card.text);
    assert!(card.text.ends_with(&format!(" https://signoff.example.com/approvals/{id}")), "{}", card.text);
    // A channel that is not there fails by itself, for all to see.
    team.slack.script("chat.postMessage", Scripted::error("channel_not_found"));
    let mut lost = asked(1);
    lost["notify"] = json!({ "slack_channel": "C404" });
    let lost = team.agent.ask(lost).await;
    let row = settled(&team, &lost, 1).await.remove(0);
    assert_eq!((&row["status"], &row["error_message"]), (&json!("failed"), &json!("channel_not_found")));
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_rejection_asks_why_before_anything_happens() {
    let team = team(&[]).await;
    let id = team.agent.ask(asked(1)).await;
    let card = team.slack.shows(1).await.remove(0);
    let press = team.slack.press(&card, "signoff_reject", ANA);
    assert_eq!(team.slack.take(&team.cluster, 0, &press).await, Value::Null);
    assert_eq!(team.slack.calls("views.open").len(), 1, "before the answer");
    assert_eq!(standing(&team, &id).await["version"], 1);
    let empty = team.slack.submit(&[("reason", "  ")], ANA);
    let fault = team.slack.take(&team.cluster, 1, &empty).await;
    assert_eq!(
        (&fault["response_action"], &fault["errors"]["reason"]),
        (&json!("errors"), &json!("Say why."))
    );
    let sent = team.slack.submit(&[("reason", "Not on a Friday")], ANA);
    assert_eq!(team.slack.take(&team.cluster, 1, &sent).await, json!({ "response_action": "clear" }));
    let whole = standing(&team, &id).await;
    assert_eq!(
        (&whole["resolution"], &whole["result"]["feedback"]),
        (&json!("rejected"), &json!("Not on a Friday")),
        "{whole:#?}"
    );
    // Who sends the form too late sees how it ended.
    let again = team.slack.submit(&[("reason", "I say so too")], "T1/U9");
    let refused = team.slack.take(&team.cluster, 0, &again).await;
    assert_eq!(refused["response_action"], "update");
    assert!(refused["view"].to_string().contains("bound to no person"));
    bind(&team.admin, "bo", Some("T1/U5")).await.expect(200);
    let late = team.slack.submit(&[("reason", "late")], "T1/U5");
    let refused = team.slack.take(&team.cluster, 0, &late).await;
    assert!(refused["view"].to_string().contains("*Rejected* by ana"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_edits_are_approved_as_they_were_sent() {
    let team = team(&[]).await;
    let mut tool = asked(1);
    tool["approval_type"] = json!("tool_call");
    tool["context"] = json!({ "tool": "refund", "arguments": { "amount": 45 } });
    let id = team.agent.ask(tool).await;
    let card = team.slack.shows(1).await.remove(0);
    team.slack.take(&team.cluster, 0, &team.slack.press(&card, "signoff_modify", ANA)).await;
    let view = team.slack.calls("views.open").remove(0).body["view"].clone();
    let initial = view["blocks"][1]["element"]["initial_value"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(initial).unwrap(), json!({ "arguments": { "amount": 45 } }));
    for bad in ["{", "[]", "{}", "{\"amount\": 1}", "{\"arguments\": {\"a\": 1, \"a\": 2}}"] {
        let fault = team.slack.take(&team.cluster, 0, &team.slack.submit(&[("changes", bad)], ANA)).await;
        assert_eq!(fault["response_action"], "errors", "{bad}: {fault}");
        assert!(fault["errors"]["changes"].is_string(), "{bad}: {fault}");
    }
    assert_eq!(standing(&team, &id).await["version"], 1);
    let sent =
        team.slack.submit(&[("changes", "{\"arguments\": {\"amount\": 40}}"), ("comment", "less")], ANA);
    assert_eq!(team.slack.take(&team.cluster, 0, &sent).await, json!({ "response_action": "clear" }));
    let whole = standing(&team, &id).await;
    assert_eq!(
        (&whole["resolution"], &whole["result"]["feedback"]),
        (&json!("modified"), &json!("less")),
        "{whole:#?}"
    );
    assert_eq!(whole["result"]["modifications"], json!({ "arguments": { "amount": 40 } }));
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_number_that_nobody_edits_comes_back_as_it_was_written() {
    let team = team(&[]).await;
    let context = r#"{"total": 1234567890123456789012.25, "note": "a", "limit": 1.50}"#;
    let body = merged(asked(1)).to_string().replace(r#"{"amount":45}"#, context);
    let ask =
        team.agent.request(Method::POST, "/api/v1/approvals").header("content-type", "application/json");
    let id = Api::send(ask.body(body)).await.expect(201).id();
    let card = team.slack.shows(1).await.remove(0);
    team.slack.take(&team.cluster, 0, &team.slack.press(&card, "signoff_modify", ANA)).await;
    let view = team.slack.calls("views.open").remove(0).body["view"].clone();
    let initial = view["blocks"][1]["element"]["initial_value"].as_str().unwrap();
    assert_eq!(
        initial,
        "{\n  \"total\": 1234567890123456789012.25,\n  \"note\": \"a\",\n  \"limit\": 1.50\n}"
    );
    let edited = initial.replace("\"a\"", "\"b\"");
    let sent = team.slack.submit(&[("changes", &edited)], ANA);
    assert_eq!(team.slack.take(&team.cluster, 0, &sent).await, json!({ "response_action": "clear" }));
    let shown = team.agent.request(Method::GET, &format!("/api/v1/approvals/{id}")).send().await.unwrap();
    let shown = shown.text().await.unwrap();
    assert!(shown.contains(&format!("\"modifications\":{edited}")), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_press_on_an_old_card_is_answered_with_the_outcome_and_mends_it() {
    let team = team(&[]).await;
    let id = team.agent.ask(asked(1)).await;
    let card = team.slack.shows(1).await.remove(0);
    // The edit is lost, as by a crash.
    team.slack.script("chat.update", Scripted::error("cant_update_message"));
    team.bo.approve(&id).await.expect(200);
    let rows = settled(&team, &id, 2).await;
    assert_eq!((&rows[1]["status"], &rows[1]["skip_reason"]), (&json!("skipped"), &json!("message_gone")));
    assert!(team.slack.messages()[0].has_buttons());
    for (count, action) in ["signoff_approve", "signoff_reject"].into_iter().enumerate() {
        team.slack.take(&team.cluster, 0, &team.slack.press(&card, action, ANA)).await;
        let told = team.slack.whispered(count + 1).await;
        assert!(told.contains("*Approved* by bo"), "{told}");
    }
    assert!(team.slack.calls("views.open").is_empty(), "no form for what is over");
    team.slack.becomes("the card is mended", |it| !it.has_buttons()).await;
    assert_eq!(standing(&team, &id).await["version"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_the_card_of_a_level_that_has_passed_is_closed_and_decides_nothing() {
    let team = team(&[]).await;
    let mut asked = asked(1);
    asked["policy"] = json!({ "min_approvers": 1, "allowed_approvers": ["ana"] });
    asked["escalation"] = json!([{ "after_seconds": 3600, "policy": { "min_approvers": 1, "allowed_approvers": ["ana", "bo"] } }]);
    let id = team.agent.ask(asked).await;
    let old = team.slack.shows(1).await.remove(0);
    let push = json!({ "reason": "ana is away" });
    team.admin.post(&format!("/api/v1/approvals/{id}/escalate"), &push).await.expect(200);
    let messages = team.slack.shows(2).await;
    assert!(messages[1].has_buttons());
    let closed = team.slack.becomes("the first card is closed", |it| !it.has_buttons()).await;
    assert!(closed.block("o").to_string().contains("Handed to the next level"));
    team.slack.take(&team.cluster, 0, &team.slack.press(&old, "signoff_approve", ANA)).await;
    assert!(team.slack.whispered(1).await.contains("next level"));
    assert_eq!(standing(&team, &id).await["status"], "pending");
    team.slack.take(&team.cluster, 0, &team.slack.press(&messages[1], "signoff_approve", ANA)).await;
    assert_eq!(standing(&team, &id).await["resolution"], "approved");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_channel_is_reminded_in_the_thread_of_its_card() {
    let team = team(&[]).await;
    let mut reminded = asked(1);
    reminded["timeout_seconds"] = json!(600);
    reminded["remind_before_seconds"] = json!([599]);
    team.agent.ask(reminded).await;
    let messages = team.slack.shows(2).await;
    assert_eq!(messages[1].thread.as_ref(), Some(&messages[0].ts));
    assert!(messages[1].text.starts_with("Still waiting, until <!date^"), "{}", messages[1].text);
    assert!(messages[1].text.ends_with("It needs 1 more of ana or bo."), "{}", messages[1].text);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_without_a_channel_each_person_has_a_card_of_their_own() {
    let team = team(&[("slack.channel", "")]).await;
    team.slack.user("U7", "bo@example.com", json!({}));
    let path = format!("/api/v1/principals/{}", id_of(&team.admin, "bo").await);
    Api::send(team.admin.request(Method::PATCH, &path).json(&json!({ "email": "bo@example.com" })))
        .await
        .expect(200);
    let id = team.agent.ask(asked(1)).await;
    let mut cards = team.slack.shows(2).await;
    cards.sort_by(|one, other| one.channel.cmp(&other.channel));
    assert_eq!([cards[0].channel.as_str(), cards[1].channel.as_str()], ["DU1", "DU7"]);
    // An address finds a person; it does not say who they are.
    team.slack.take(&team.cluster, 0, &team.slack.press(&cards[1], "signoff_approve", "T1/U7")).await;
    assert!(team.slack.whispered(1).await.contains("bound to no person"));
    assert_eq!(standing(&team, &id).await["status"], "pending");
    team.slack.take(&team.cluster, 0, &team.slack.press(&cards[0], "signoff_approve", ANA)).await;
    eventually("both cards are closed", || async {
        team.slack.messages().iter().all(|it| !it.has_buttons())
    })
    .await;
    team.agent.ask(asked(1)).await;
    team.slack.shows(4).await;
    assert_eq!(team.slack.calls("conversations.open").len(), 2, "opened once, and remembered");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_an_address_says_who_somebody_is_only_where_the_operator_says_so() {
    let team = team(&[("slack.bind_by_email", "true")]).await;
    for (name, email) in
        [("bo", "bo@example.com"), ("agent", "two@example.com"), ("admin", "two@example.com")]
    {
        let path = format!("/api/v1/principals/{}", id_of(&team.admin, name).await);
        Api::send(team.admin.request(Method::PATCH, &path).json(&json!({ "email": email })))
            .await
            .expect(200);
    }
    team.slack.user("U7", "BO@example.com", json!({}));
    team.slack.user("U8", "bo@example.com", json!({ "is_restricted": true }));
    team.slack.user("U9", "two@example.com", json!({}));
    let id = team.agent.ask(asked(1)).await;
    let card = team.slack.shows(1).await.remove(0);
    for (count, account) in ["T1/U8", "T2/U7", "T1/U9", "T1/U6"].into_iter().enumerate() {
        team.slack.take(&team.cluster, 0, &team.slack.press(&card, "signoff_approve", account)).await;
        team.slack.whispered(count + 1).await;
        assert_eq!(standing(&team, &id).await["version"], 1, "{account}");
    }
    team.slack.take(&team.cluster, 0, &team.slack.press(&card, "signoff_approve", "T1/U7")).await;
    let whole = standing(&team, &id).await;
    assert_eq!(
        (&whole["resolution"], &whole["resolved_by"]),
        (&json!("approved"), &json!("bo")),
        "{whole:#?}"
    );
    let bo =
        team.admin.get(&format!("/api/v1/principals/{}", id_of(&team.admin, "bo").await)).await.expect(200);
    assert_eq!(bo.body["slack"], "T1/U7");
    eventually("it is on record", || async {
        let records = team.admin.get("/api/v1/audit?action=principal.slack_bound").await.expect(200).body;
        records["items"].as_array().unwrap().len() == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_an_account_is_one_persons_and_administrators_say_whose() {
    let team = team(&[]).await;
    let path = format!("/api/v1/principals/{}", id_of(&team.admin, "bo").await);
    let manager = team.cluster.api(0, &team.cluster.key("acme", "mana", &["principal:manage"]).await);
    let rebind = |api: &Api, account: Value| {
        Api::send(api.request(Method::PATCH, &path).json(&json!({ "slack": account })))
    };
    team.cluster.key("acme", "plain", &["principal:manage"]).await;
    let plain = format!("/api/v1/principals/{}", id_of(&team.admin, "plain").await);
    let theirs = manager.request(Method::PATCH, &plain).json(&json!({ "slack": "T1/U5" }));
    Api::send(theirs).await.problem(403, "forbidden");
    rebind(&team.admin, json!(ANA)).await.violation("/slack", "value");
    for bad in ["", "U1", "T1/U1/U2", "t1/u1", "T1/<U1>"] {
        rebind(&team.admin, json!(bad)).await.violation("/slack", "value");
    }
    assert_eq!(rebind(&team.admin, json!("T1/U2")).await.expect(200).body["slack"], "T1/U2");
    assert_eq!(rebind(&team.admin, Value::Null).await.expect(200).body["slack"], Value::Null);
    bind(&team.admin, "ana", None).await.expect(200);
    assert_eq!(rebind(&team.admin, json!(ANA)).await.expect(200).body["slack"], ANA);
    // It is bo's now.
    let id = team.agent.ask(asked(1)).await;
    let card = team.slack.shows(1).await.remove(0);
    team.slack.take(&team.cluster, 0, &team.slack.press(&card, "signoff_approve", ANA)).await;
    assert_eq!(standing(&team, &id).await["resolved_by"], "bo");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_what_callers_write_is_shown_as_text_in_slack() {
    let team = team(&[]).await;
    let hostile = "<!channel> <https://evil.example|Approve> `x` & \u{202E}gnp";
    let id = team
        .agent
        .ask(json!({
            "title": hostile, "description": "<@U1> ".repeat(1_000), "context": { hostile: hostile, "big": "x".repeat(100_000) },
            "policy": { "min_approvers": 1, "allowed_approvers": ["ana"] },
        }))
        .await;
    let card = team.slack.shows(1).await.remove(0);
    assert!(card.text.contains("&lt;!channel&gt; &lt;https://evil.example|Approve&gt;"), "{}", card.text);
    let mut shown = card.blocks.clone();
    // Read by Slack as it is: no markup means anything there.
    let literal = shown.as_array_mut().unwrap().iter_mut().find(|it| it["type"] == "rich_text").unwrap();
    assert!(literal["elements"][0]["elements"][0]["text"].as_str().unwrap().contains("<!channel>"));
    *literal = Value::Null;
    let shown = shown.to_string().replace("<!date^", "");
    for bad in ["<!", "<@", "<http", "\u{202E}"] {
        assert!(!shown.contains(bad), "{bad}: {shown}");
    }
    assert!(card.blocks.to_string().encode_utf16().count() < 9_000);
    team.ana.approve_with(&id, json!({ "comment": "<!here> fine" })).await.expect(200);
    let closed = team.slack.becomes("it is closed", |it| !it.has_buttons()).await;
    assert_eq!(closed.block("r")["text"]["text"], "&lt;!here&gt; fine");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_what_the_workspace_shows_to_no_one_is_not_shown_in_slack() {
    let team = team(&[]).await;
    let mut asked = asked(1);
    asked["title"] = json!("Use xoxb-0000-planted-in-a-title");
    asked["context"] = json!({ "password": "planted-in-the-context", "amount": 45 });
    let id = team.agent.ask(asked).await;
    let card = team.slack.shows(1).await.remove(0);
    assert!(
        card.text.contains("Use [redacted]") && card.block("c").to_string().contains("amount: 45"),
        "{card:#?}"
    );
    assert_eq!(card.button("signoff_modify"), None, "what is taken out would come back as an edit");
    team.slack.take(&team.cluster, 0, &team.slack.press(&card, "signoff_reject", ANA)).await;
    let sent = team.slack.submit(&[("reason", "no")], ANA);
    team.slack.take(&team.cluster, 0, &sent).await;
    team.slack.becomes("it is closed", |it| !it.has_buttons()).await;
    team.slack.take(&team.cluster, 0, &team.slack.press(&card, "signoff_approve", ANA)).await;
    team.slack.whispered(1).await;
    eventually("the card was mended", || async { team.slack.calls("chat.update").len() == 2 }).await;
    for call in team.slack.all_calls() {
        assert!(!call.body.to_string().contains("planted"), "{call:#?}");
    }
    for row in rows(&team, &id).await {
        assert!(!row.to_string().contains("planted"), "{row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_flood_for_one_conversation_becomes_one_message() {
    let team = team(&[]).await;
    team.slack.script("chat.postMessage", Scripted::limited(Some("3")));
    let mut ids = Vec::new();
    for number in 0..12 {
        let mut asked = asked(1);
        asked["title"] = json!(format!("Refund {number}"));
        ids.push(team.agent.ask(asked).await);
    }
    let list = team.slack.shows(1).await.remove(0);
    assert_eq!(list.text, "12 requests wait for approval");
    assert!(!list.has_buttons() && list.blocks.to_string().contains("|Refund 0>"), "{list:#?}");
    for id in &ids {
        let row = settled(&team, id, 1).await.remove(0);
        assert_eq!((&row["status"], &row["skip_reason"]), (&json!("skipped"), &json!("summarised")));
    }
    // No card of theirs has to be edited, and the next one is a card again.
    team.ana.approve(&ids[0]).await.expect(200);
    team.agent.ask(asked(1)).await;
    assert!(team.slack.shows(2).await[1].has_buttons());
    assert!(team.slack.calls("chat.update").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_another_workspace_has_no_part_in_the_installation() {
    let slack = FakeSlack::start().await;
    let cluster = Cluster::with(slack.setup(1, &[("slack.workspace", "acme")])).await.connected().await;
    let evil = cluster.api(0, &cluster.key("evil", "eve", &[]).await);
    let refused = json!({ "notify": { "channels": ["slack"] } });
    evil.create(refused.clone()).await.violation("/notify/channels/0", "configured");
    evil.ask(json!({})).await;
    let acme = cluster.api(0, &cluster.member("agent").await);
    eventually("the workspace is found", || async { acme.create(refused.clone()).await.status == 201 }).await;
    let card = slack.shows(1).await.remove(0);
    assert_eq!(card.channel, "C1");
}
