//! G17 in Slack: cards that show how an approval stands, wherever it was decided. Presses: g17_slack_presses.rs.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Api, Cluster, Reply, eventually,
    slack::{FakeSlack, Message, SECRET, Scripted, TOKEN},
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
    team_of(2, flags).await
}

async fn team_of(instances: usize, flags: &[(&'static str, &str)]) -> Team {
    let slack = FakeSlack::start().await;
    let cluster = Cluster::with(slack.setup(instances, flags)).await.connected().await;
    let admin = cluster.api(0, &cluster.key("acme", "admin", &["workspace:admin"]).await);
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(instances - 1, &cluster.member("ana").await);
    let bo = cluster.api(instances - 1, &cluster.member("bo").await);
    bind(&admin, "ana", Some(ANA)).await.expect(200);
    Team { slack, cluster, admin, agent, ana, bo }
}

pub async fn id_of(admin: &Api, name: &str) -> String {
    let all = admin.get("/api/v1/principals?limit=200").await.expect(200).body;
    let found = all["items"].as_array().unwrap().iter().find(|it| it["name"] == name).cloned();
    found.unwrap()["id"].as_str().unwrap().to_owned()
}

pub async fn bind(admin: &Api, name: &str, account: Option<&str>) -> Reply {
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
pub async fn rows(team: &Team, id: &str) -> Vec<Value> {
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
    // One alone: each instance remembers for itself which conversations it has opened.
    let team = team_of(1, &[("slack.channel", "")]).await;
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
