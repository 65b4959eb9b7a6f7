//! G17 in workspaces with apps in Slack of their own: each posts by its own, a press counts for the workspace whose app has
//! signed it, and what goes wrong with one concerns that workspace alone.

use chrono::Utc;
use reqwest::Method;
use serde_json::{Value, json};

use super::g17_webhooks::SECRETS_KEY;
use crate::support::{
    Api, Cluster, Reply,
    client::http,
    cluster::{Instance, config},
    eventually,
    process::signoff,
    slack::{FakeSlack, Message, SECRET, SIGNATURE, Scripted, TIME, TOKEN, form, signature},
    unique,
};

/// Another than `SECRETS_KEY`.
const NEW_KEY: &str = "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=";
pub const ACME: App =
    App { token: "xoxb-acme-token", secret: "acme-signing-secret", team: "TACME", bot: "UACME" };
pub const ZETA: App =
    App { token: "xoxb-zeta-token", secret: "zeta-signing-secret", team: "TZETA", bot: "UZETA" };
const PATH: &str = "/api/v1/channels/slack";

#[derive(Clone, Copy)]
pub struct App {
    pub token: &'static str,
    pub secret: &'static str,
    pub team: &'static str,
    pub bot: &'static str,
}

impl App {
    pub fn body(&self, channel: &str) -> Value {
        json!({ "bot_token": self.token, "signing_secret": self.secret, "channel": channel })
    }

    /// What its bot's token is answered.
    fn known_to(&self, slack: &FakeSlack) {
        slack.app(self.token, self.team, self.bot);
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }
}

/// A workspace: who administers it, who asks, and ana, who decides.
pub struct Office {
    admin: Api,
    agent: Api,
}

impl Office {
    async fn open(cluster: &Cluster, workspace: &str, instance: usize, account: &str) -> Self {
        let admin = cluster.api(instance, &cluster.key(workspace, "admin", &["workspace:admin"]).await);
        let agent = cluster.api(instance, &cluster.key(workspace, "agent", &[]).await);
        cluster.key(workspace, "ana", &[]).await;
        let all = admin.get("/api/v1/principals?limit=200").await.expect(200).body;
        let ana =
            all["items"].as_array().unwrap().iter().find(|it| it["name"] == "ana").unwrap()["id"].clone();
        let path = format!("/api/v1/principals/{}", ana.as_str().unwrap());
        Api::send(admin.request(Method::PATCH, &path).json(&json!({ "slack": account }))).await.expect(200);
        Self { admin, agent }
    }

    pub async fn put(&self, body: &Value) -> Reply {
        Api::send(self.admin.request(Method::PUT, PATH).json(body)).await
    }

    async fn remove(&self) -> Reply {
        Api::send(self.admin.request(Method::DELETE, PATH)).await
    }

    async fn show(&self) -> Value {
        self.admin.get(PATH).await.expect(200).body
    }

    pub async fn ask(&self, title: &str) -> String {
        let policy = json!({ "min_approvers": 1, "allowed_approvers": ["ana"] });
        self.agent.ask(json!({ "title": title, "policy": policy })).await
    }

    pub async fn status(&self, id: &str) -> Value {
        self.agent.show(id).await.expect(200).body["status"].clone()
    }

    /// What Slack was sent about an approval.
    pub async fn rows(&self, id: &str) -> Vec<Value> {
        let page = self.admin.get(&format!("/api/v1/notifications?channel=slack&approval_id={id}")).await;
        page.expect(200).body["items"].as_array().unwrap().iter().rev().cloned().collect()
    }

    /// What administrators were told of Slack.
    async fn news(&self) -> Vec<Value> {
        let told = self.admin.get("/api/v1/me/notifications").await.expect(200).body;
        let told = told["items"].as_array().unwrap().iter().filter(|it| it["cause"] == "slack_refused");
        told.map(|it| it["subject"].clone()).collect()
    }
}

/// Two instances with an app of the service's own, and workspaces acme and zeta, which speak to one instance each. The
/// accounts are TACME/U1 and TZETA/U1.
pub struct Town {
    pub slack: FakeSlack,
    pub cluster: Cluster,
    pub acme: Office,
    pub zeta: Office,
}

impl Town {
    async fn found() -> Self {
        Self::found_with(&[]).await
    }

    async fn found_with(flags: &[(&'static str, &str)]) -> Self {
        let slack = FakeSlack::start().await;
        for app in [ACME, ZETA] {
            app.known_to(&slack);
        }
        let mut flags = flags.to_vec();
        flags.push(("secrets.key", SECRETS_KEY));
        let cluster = Cluster::with(slack.setup(2, &flags)).await.connected().await;
        let acme = Office::open(&cluster, "acme", 0, "TACME/U1").await;
        let zeta = Office::open(&cluster, "zeta", 1, "TZETA/U1").await;
        Self { slack, cluster, acme, zeta }
    }

    /// Both with an app of their own, known everywhere.
    pub async fn with_apps() -> Self {
        Self::found().await.equipped().await
    }

    async fn equipped(self) -> Self {
        let town = self;
        town.acme.put(&ACME.body("CACME")).await.expect(200);
        town.zeta.put(&ZETA.body("CZETA")).await.expect(200);
        for instance in 0..2 {
            for app in [ACME, ZETA] {
                town.knows(instance, app).await;
            }
        }
        town
    }

    /// Waits until an instance believes what an app has signed.
    async fn knows(&self, instance: usize, app: App) {
        let odd = unknown_to_us(app);
        eventually("the instance knows the app", || async { self.press(instance, &odd, app).await == 200 })
            .await;
    }

    /// Sends a payload as an app does.
    pub async fn press(&self, instance: usize, payload: &Value, app: App) -> u16 {
        // No two are the same.
        let mut payload = payload.clone();
        payload["nonce"] = json!(uuid::Uuid::now_v7());
        self.slack.signed(&self.cluster, instance, &payload, (app.secret, Utc::now().timestamp())).await.0
    }

    /// The card in a channel, once it is there.
    pub async fn card(&self, channel: &str) -> Message {
        let those = || self.slack.messages().into_iter().find(|it| it.channel == channel);
        eventually("the card is there", || async { those().is_some() }).await;
        those().unwrap()
    }

    /// A press of a button on a card, as it comes from this team.
    pub fn pressed(&self, card: &Message, team: &str) -> Value {
        let mut press = self.slack.press(card, "signoff_approve", &format!("{team}/U1"));
        press["team"]["id"] = json!(team);
        press
    }
}

/// What nothing is done for.
fn unknown_to_us(app: App) -> Value {
    json!({ "type": "other", "user": { "id": "U1" }, "team": { "id": app.team } })
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_each_workspace_posts_by_its_own_app_and_decides_by_it() {
    let town = Town::with_apps().await;
    let (one, two) = (town.acme.ask("Acme's").await, town.zeta.ask("Zeta's").await);
    let (acme, zeta) = (town.card("CACME").await, town.card("CZETA").await);
    assert!(acme.text.contains("Acme's") && zeta.text.contains("Zeta's"));
    for (channel, app) in [("CACME", ACME), ("CZETA", ZETA)] {
        let posts = town.slack.calls("chat.postMessage");
        let by: Vec<_> =
            posts.iter().filter(|it| it.body["channel"] == channel).map(|it| &it.authorization).collect();
        assert_eq!(by, [&app.bearer()], "{channel}");
    }
    assert_eq!(town.press(1, &town.pressed(&acme, "TACME"), ACME).await, 200);
    assert_eq!(town.press(0, &town.pressed(&zeta, "TZETA"), ZETA).await, 200);
    for (office, id) in [(&town.acme, &one), (&town.zeta, &two)] {
        eventually("it is decided", || async { office.status(id).await == "resolved" }).await;
    }
    eventually("both cards are closed", || async {
        town.slack.messages().iter().all(|it| !it.has_buttons())
    })
    .await;
    for call in town.slack.calls("chat.update") {
        let app = if call.body["channel"] == "CACME" { ACME } else { ZETA };
        assert_eq!(call.authorization, app.bearer());
    }
    let record =
        town.acme.admin.get(&format!("/api/v1/approvals/{one}/audit")).await.expect(200).body.to_string();
    assert!(record.contains("slack:TACME/U1"), "{record}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_press_that_another_app_has_signed_does_nothing() {
    let town = Town::with_apps().await;
    let id = town.acme.ask("Acme's").await;
    let card = town.card("CACME").await;
    let press = town.pressed(&card, "TACME");
    // Zeta's app did not sign for acme's team, nor does a team that is unknown, or none, sign at all.
    assert_eq!(town.press(0, &press, ZETA).await, 401);
    let mut unknown = press.clone();
    unknown["user"]["team_id"] = json!("TNONE");
    unknown["team"]["id"] = json!("TNONE");
    let mut none = press.clone();
    none["user"].as_object_mut().unwrap().remove("team_id");
    none["team"] = Value::Null;
    for payload in [&unknown, &none] {
        assert_eq!(town.press(0, payload, ACME).await, 401, "{payload}");
    }
    // Signed by zeta's app with its own team named beside: it is believed to be zeta's, whose card this is not.
    for (user, team, enterprise) in [
        ("TACME", "TZETA", Value::Null),
        ("TZETA", "TACME", Value::Null),
        ("TACME", "TACME", json!({ "id": "TZETA" })),
    ] {
        let mut mixed = press.clone();
        mixed["user"]["team_id"] = json!(user);
        mixed["team"]["id"] = json!(team);
        mixed["enterprise"] = enterprise;
        let before = town.slack.whispers().len();
        assert_eq!(town.press(1, &mixed, ZETA).await, 200);
        assert!(town.slack.whispered(before + 1).await.contains("none of mine"));
    }
    // Nor has the service's own app any say over it.
    let service = App { secret: SECRET, ..ACME };
    let before = town.slack.whispers().len();
    assert_eq!(town.press(0, &press, service).await, 200);
    assert!(town.slack.whispered(before + 1).await.contains("none of mine"));
    assert_eq!(town.acme.status(&id).await, "pending");
    assert_eq!(town.press(0, &press, ACME).await, 200);
    assert_eq!(town.acme.status(&id).await, "resolved");
}

/// Who sets an app knows its secret, and can sign as much as they like.
#[tokio::test(flavor = "multi_thread")]
async fn g17_what_a_workspaces_own_app_has_signed_counts_as_the_workspaces_requests() {
    let limits = [
        ("rate_limits.workspace_requests_per_second", "0.001"),
        ("rate_limits.workspace_burst", "100"),
        ("rate_limits.redis_timeout_ms", "5000"),
    ];
    let town = Town::found_with(&limits).await.equipped().await;
    for instance in &town.cluster.instances {
        eventually("Redis counts", || async { instance.metric("signoff_rate_limits_shared").await > 0.5 })
            .await;
    }
    let (mut taken, url) = (0, format!("{}/slack/interactions", town.cluster.instances[0].url));
    let refused = loop {
        let mut payload = unknown_to_us(ACME);
        payload["nonce"] = json!(taken);
        let (at, body) = (Utc::now().timestamp(), form(&payload));
        let request = http().post(&url).header("content-type", "application/x-www-form-urlencoded");
        let request = request.header(TIME, at).header(SIGNATURE, signature(ACME.secret, at, &body));
        let reply = Api::send(request.body(body)).await;
        if reply.status != 200 {
            break reply;
        }
        taken += 1;
        assert!(taken <= 100, "nobody pays");
    };
    let refused = refused.problem(429, "rate_limited");
    assert!(refused.header("ratelimit").starts_with("\"workspace\";r=0;"), "{refused:?}");
    assert!(!refused.header("retry-after").is_empty(), "{refused:?}");
    town.acme.admin.get(PATH).await.problem(429, "rate_limited");
    assert_eq!(town.press(0, &unknown_to_us(ZETA), ZETA).await, 200, "it is no matter of another workspace");
}

/// Neither instance has sent anything, nor asked Slack who it is.
#[tokio::test(flavor = "multi_thread")]
async fn g17_the_services_app_is_shown_by_an_instance_that_has_not_used_it_yet() {
    let town = Town::found().await;
    for office in [&town.acme, &town.zeta] {
        let shown = office.show().await;
        assert_eq!((&shown["team"]["id"], &shown["bot"]), (&json!("T1"), &json!("UBOT")));
    }
    // Slack that can't say is no reason not to say the rest.
    let away = Town::found().await;
    away.slack.script("auth.test", Scripted::error("internal_error"));
    let shown = away.acme.show().await;
    assert_eq!((&shown["team"], &shown["channel"]), (&Value::Null, &json!("C1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_an_app_is_tried_before_it_is_kept_and_its_secrets_are_shown_to_no_one() {
    let town = Town::found().await;
    let served = town.acme.show().await;
    assert_eq!((&served["managed_by"], &served["channel"]), (&json!("configuration"), &json!("C1")));
    let asked = town.slack.calls("auth.test").len();
    for (body, pointer, rule) in [
        (json!({ "signing_secret": ACME.secret }), "/bot_token", "required"),
        (json!({ "bot_token": ACME.token }), "/signing_secret", "required"),
        (json!({ "bot_token": "xoxp-person", "signing_secret": ACME.secret }), "/bot_token", "token"),
        (json!({ "bot_token": "xoxb-a b", "signing_secret": ACME.secret }), "/bot_token", "characters"),
        (json!({ "bot_token": ACME.token, "signing_secret": "short" }), "/signing_secret", "min_length"),
        (ACME.body(&"C".repeat(81)), "/channel", "max_length"),
    ] {
        let error = town.acme.put(&body).await.problem(422, "invalid").body["errors"][0].clone();
        assert_eq!((&error["pointer"], &error["rule"]), (&json!(pointer), &json!(rule)), "{body}");
    }
    assert_eq!(town.slack.calls("auth.test").len(), asked, "Slack was not asked");
    for word in ["invalid_auth", "token_revoked", "missing_scope", "team_access_not_granted"] {
        town.slack.script("auth.test", Scripted::error(word));
        let refused =
            town.acme.put(&ACME.body("CACME")).await.problem(422, "invalid").body["errors"][0].clone();
        assert_eq!((&refused["pointer"], &refused["rule"]), (&json!("/bot_token"), &json!("accepted")));
        assert!(refused["message"].as_str().unwrap().ends_with(word), "{refused}");
    }
    town.slack.script("auth.test", Scripted::limited(Some("7")));
    town.acme.put(&ACME.body("CACME")).await.problem(503, "unavailable");
    assert_eq!(town.acme.show().await["managed_by"], "configuration", "nothing was kept");
    let set = town.acme.put(&ACME.body("CACME")).await.expect(200).body;
    let team = json!({ "id": "TACME", "name": "Acme" });
    assert_eq!((&set["managed_by"], &set["team"], &set["bot"]), (&json!("api"), &team, &json!("UACME")));
    assert_eq!((&set["channel"], &set["state"]), (&json!("CACME"), &json!("good")));
    assert_eq!(town.acme.show().await, set);
    town.acme.put(&ACME.body("COTHER")).await.expect(200);
    // The same app can't be told from another workspace's, and the service's serves many.
    let taken = town.zeta.put(&ACME.body("CZETA")).await.problem(409, "limit_reached").body;
    assert!(taken["detail"].as_str().unwrap().contains("serves another workspace"), "{taken}");
    let ours = json!({ "bot_token": TOKEN, "signing_secret": SECRET });
    let ours = town.zeta.put(&ours).await.problem(409, "limit_reached").body;
    assert!(ours["detail"].as_str().unwrap().contains("the service's own"), "{ours}");
    assert_eq!(town.zeta.show().await["managed_by"], "configuration");
    town.acme.remove().await.expect(204);
    town.acme.remove().await.problem(404, "not_found");
    // On record, and nowhere a secret.
    let records = async || -> Vec<Value> {
        let page = town.acme.admin.get("/api/v1/audit?limit=200").await.expect(200).body;
        let all = page["items"].as_array().unwrap().iter().rev();
        all.filter(|it| it["subject"] == "slack").cloned().collect()
    };
    eventually("all is on record", || async { records().await.len() == 3 }).await;
    let records = records().await;
    let what: Vec<_> =
        records.iter().map(|it| (it["action"].as_str().unwrap(), it["actor"].clone())).collect();
    assert_eq!(what, ["slack.set", "slack.set", "slack.removed"].map(|action| (action, json!("admin"))));
    assert_eq!(records[1]["before"]["channel"], "CACME");
    assert_eq!(records[1]["after"]["channel"], "COTHER");
    assert_eq!((&records[2]["before"]["team"], &records[2]["after"]), (&json!("TACME"), &Value::Null));
    let mut told = records.iter().map(Value::to_string).collect::<String>();
    told += &town.cluster.instances[0].metrics().await;
    told += &set.to_string();
    assert!(!told.contains(ACME.token) && !told.contains(ACME.secret), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_secrets_of_an_app_are_sealed_where_they_are_kept() {
    let town = Town::with_apps().await;
    let mut conn = town.cluster.database.connect().await;
    let kept: Vec<String> =
        sqlx::query_scalar("SELECT encode(secrets, 'escape') || i::text FROM slack_installations i")
            .fetch_all(&mut conn)
            .await
            .unwrap();
    assert_eq!(kept.len(), 2);
    for app in [ACME, ZETA] {
        assert!(!kept.concat().contains(app.token) && !kept.concat().contains(app.secret));
    }
    // A copy of another workspace's does not open.
    let copy = "UPDATE slack_installations SET secrets = (SELECT secrets FROM slack_installations WHERE team = 'TZETA'),
                       revision = gen_random_uuid() WHERE team = 'TACME'";
    sqlx::query(copy).execute(&mut conn).await.unwrap();
    assert_eq!(town.acme.show().await["state"], "unusable");
    let odd = json!({ "type": "other", "user": { "id": "U1" }, "team": { "id": "TACME" } });
    for instance in 0..2 {
        eventually("the instance knows it", || async { town.press(instance, &odd, ACME).await == 401 }).await;
    }
    let id = town.acme.ask("Acme's").await;
    eventually("its conversation is held", || async {
        let held = "SELECT last_error FROM notification_lanes WHERE channel = 'slack' AND hold_until > now()";
        let errors: Vec<Option<String>> =
            sqlx::query_scalar(held).fetch_all(&mut town.cluster.database.connect().await).await.unwrap();
        errors.iter().flatten().any(|it| it.contains("it was copied from another row"))
    })
    .await;
    assert_eq!(town.acme.rows(&id).await[0]["status"], "pending");
    assert!(town.slack.messages().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_token_that_is_revoked_holds_its_workspace_alone_and_tells_its_administrators() {
    let town = Town::with_apps().await;
    town.slack.revoke(ACME.token);
    let held = town.acme.ask("Acme's").await;
    eventually("acme's administrators are told", || async {
        town.acme.news().await == ["Slack refuses the bot's token: token_revoked"]
    })
    .await;
    eventually("it shows", || async { town.acme.show().await["state"] == "refused" }).await;
    let shown = town.acme.show().await;
    assert!(shown["refused_at"].is_string() && shown["detail"].as_str().unwrap().ends_with("token_revoked"));
    let row = town.acme.rows(&held).await.remove(0);
    assert_eq!((&row["status"], &row["attempt_count"]), (&json!("pending"), &json!(0)), "it was no try");
    // The neighbour goes on, and hears nothing of it.
    town.zeta.ask("Zeta's").await;
    town.card("CZETA").await;
    assert!(town.zeta.news().await.is_empty());
    assert_eq!(town.zeta.show().await["state"], "good");
    // Another token of the same app: what waited goes at once.
    let other = App { token: "xoxb-acme-other", ..ACME };
    other.known_to(&town.slack);
    let set = town.acme.put(&other.body("CACME")).await.expect(200).body;
    assert_eq!((&set["state"], &set["refused_at"]), (&json!("good"), &Value::Null));
    let card = town.card("CACME").await;
    assert_eq!(town.press(0, &town.pressed(&card, "TACME"), ACME).await, 200);
    assert_eq!(town.acme.status(&held).await, "resolved");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_an_app_that_was_taken_away_has_no_say_from_that_moment_on() {
    let town = Town::with_apps().await;
    let (id, second) = (town.acme.ask("First").await, town.acme.ask("Second").await);
    eventually("both cards are there", || async { town.slack.messages().len() == 2 }).await;
    let cards = town.slack.messages();
    town.acme.remove().await.expect(204);
    // The other instance may not have heard of it yet, and goes by what the database says.
    let answered = town.press(1, &town.pressed(&cards[0], "TACME"), ACME).await;
    assert!([200, 401].contains(&answered), "{answered}");
    assert_eq!(town.acme.status(&id).await, "pending");
    assert_eq!(town.press(0, &town.pressed(&cards[0], "TACME"), ACME).await, 401);
    eventually("the other has heard of it", || async {
        town.press(1, &town.pressed(&cards[1], "TACME"), ACME).await == 401
    })
    .await;
    assert_eq!(
        (town.acme.status(&id).await, town.acme.status(&second).await),
        (json!("pending"), json!("pending"))
    );
    // Its cards can't be edited any more; what comes goes by the service's app.
    let cancel = json!({ "reason": "over" });
    town.acme.agent.post(&format!("/api/v1/approvals/{id}/cancel"), &cancel).await.expect(200);
    eventually("the card is given up", || async {
        town.acme.rows(&id).await.iter().any(|it| it["action"] == "update" && it["status"] == "skipped")
    })
    .await;
    let rows = town.acme.rows(&id).await;
    assert_eq!(rows.last().unwrap()["skip_reason"], "message_gone", "{rows:#?}");
    town.acme.ask("Third").await;
    town.card("C1").await;
    let posts = town.slack.calls("chat.postMessage");
    assert_eq!(posts.last().unwrap().authorization, format!("Bearer {TOKEN}"));
    assert_eq!(town.acme.show().await["managed_by"], "configuration");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_cards_of_the_services_app_stay_its_own_when_a_workspace_gets_one() {
    let town = Town::found().await;
    let id = town.acme.ask("Before").await;
    let card = town.card("C1").await;
    town.acme.put(&ACME.body("CACME")).await.expect(200);
    let press = town.pressed(&card, "TACME");
    let before = town.slack.whispers().len();
    assert_eq!(town.press(0, &press, ACME).await, 200);
    assert!(town.slack.whispered(before + 1).await.contains("none of mine"));
    assert_eq!(town.press(0, &press, App { secret: SECRET, ..ACME }).await, 200);
    assert_eq!(town.acme.status(&id).await, "resolved");
    eventually("the card is closed", || async { !town.slack.messages()[0].has_buttons() }).await;
    let edit = town.slack.calls("chat.update").remove(0);
    assert_eq!(edit.authorization, format!("Bearer {TOKEN}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_workspace_has_slack_by_its_own_app_where_the_service_has_none() {
    let slack = FakeSlack::start().await;
    ACME.known_to(&slack);
    let flags = [("slack.bot_token", ""), ("slack.signing_secret", ""), ("secrets.key", SECRETS_KEY)];
    let cluster = Cluster::with(slack.setup(1, &flags)).await.connected().await;
    let acme = Office::open(&cluster, "acme", 0, "TACME/U1").await;
    let zeta = Office::open(&cluster, "zeta", 0, "TZETA/U1").await;
    let wanted = json!({ "notify": { "channels": ["slack"] }, "policy": { "allowed_approvers": ["ana"] } });
    for office in [&acme, &zeta] {
        office.admin.get(PATH).await.problem(404, "not_found");
        office.agent.create(wanted.clone()).await.problem(422, "invalid");
    }
    acme.put(&ACME.body("CACME")).await.expect(200);
    acme.agent.create(wanted.clone()).await.expect(201);
    zeta.agent.create(wanted).await.problem(422, "invalid");
    let cards = slack.shows(1).await;
    assert_eq!(cards[0].channel, "CACME");
    // Who presses decides nothing by their address, whatever the operator says of the service's own app.
    let mut press = slack.press(&cards[0], "signoff_approve", "TACME/U9");
    press["team"]["id"] = json!("TACME");
    assert_eq!(slack.signed(&cluster, 0, &press, (ACME.secret, Utc::now().timestamp())).await.0, 200);
    assert!(slack.whispered(1).await.contains("bound to no person"));
    // An app with the address of Slack's, but of no one here.
    assert_eq!(slack.signed(&cluster, 0, &press, (ZETA.secret, Utc::now().timestamp())).await.0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_without_a_key_for_secrets_no_app_can_be_set() {
    let slack = FakeSlack::start().await;
    let cluster = Cluster::with(slack.setup(1, &[])).await.connected().await;
    let acme = Office::open(&cluster, "acme", 0, "TACME/U1").await;
    let refused = acme.put(&ACME.body("CACME")).await.problem(422, "not_supported").body;
    assert!(refused["detail"].as_str().unwrap().contains("secrets.key"), "{refused}");
    let flags = [("slack.enabled", "false"), ("secrets.key", SECRETS_KEY)];
    let off = Cluster::with(slack.setup(1, &flags)).await.connected().await;
    let acme = Office::open(&off, "acme", 0, "TACME/U1").await;
    let refused = acme.put(&ACME.body("CACME")).await.problem(422, "not_supported").body;
    assert!(refused["detail"].as_str().unwrap().contains("slack.enabled"), "{refused}");
    assert!(slack.all_calls().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_an_app_works_on_while_its_key_is_replaced_and_waits_where_the_key_is_gone() {
    let slack = FakeSlack::start().await;
    ACME.known_to(&slack);
    let setup = slack.setup(1, &[("secrets.key", SECRETS_KEY)]);
    let mut cluster = Cluster::with(setup).await.connected().await;
    let acme = Office::open(&cluster, "acme", 0, "TACME/U1").await;
    acme.put(&ACME.body("CACME")).await.expect(200);
    let both = format!("{NEW_KEY},{SECRETS_KEY}");
    let restart = async |cluster: &mut Cluster, key: &str| {
        assert!(cluster.instances.remove(0).app.drain().await);
        let setup = slack.setup(1, &[("secrets.key", key)]);
        let config = config(&cluster.database, &cluster.prefix, &setup);
        cluster.instances.push(Instance::start(config).await);
    };
    // The new key is the first, and the old one opens still.
    restart(&mut cluster, &both).await;
    let acme = Office::open(&cluster, "acme", 0, "TACME/U1").await;
    assert_eq!(acme.show().await["state"], "good");
    acme.ask("First").await;
    let card = slack.shows(1).await.remove(0);
    assert_eq!(card.channel, "CACME");
    // The old one is gone before the app was set again: nothing goes by the service's app in its place.
    restart(&mut cluster, NEW_KEY).await;
    let acme = Office::open(&cluster, "acme", 0, "TACME/U1").await;
    let shown = acme.show().await;
    assert_eq!((&shown["state"], &shown["channel"]), (&json!("unusable"), &json!("CACME")));
    assert!(shown["detail"].as_str().unwrap().contains("secrets.key does not have"), "{shown}");
    let id = acme.ask("Second").await;
    eventually("administrators are told", || async {
        acme.news().await.iter().any(|it| it.as_str().unwrap().contains("secrets.key does not have"))
    })
    .await;
    let row = acme.rows(&id).await.remove(0);
    assert_eq!((&row["status"], &row["recipient"]), (&json!("pending"), &json!("CACME")));
    let mut press = slack.press(&card, "signoff_approve", "TACME/U1");
    press["team"]["id"] = json!("TACME");
    assert_eq!(slack.signed(&cluster, 0, &press, (ACME.secret, Utc::now().timestamp())).await.0, 401);
    // Set again, it is sealed under the new key, and what waited goes.
    acme.put(&ACME.body("CACME")).await.expect(200);
    let cards = slack.shows(2).await;
    assert_eq!(cards[1].channel, "CACME");
    assert!(slack.calls("chat.postMessage").iter().all(|it| it.authorization == ACME.bearer()));
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_an_app_is_set_by_those_who_may_say_whose_account_is_whose() {
    let town = Town::found().await;
    let key = town.cluster.key("acme", "clerk", &["notification:manage"]).await;
    let clerk = Office { admin: town.cluster.api(0, &key), agent: town.cluster.api(0, &key) };
    clerk.show().await;
    clerk.put(&ACME.body("CACME")).await.problem(403, "forbidden");
    clerk.remove().await.problem(403, "forbidden");
    let tried = town.slack.calls("auth.test").iter().any(|it| it.authorization == ACME.bearer());
    assert!(!tried, "a token of someone who may not is not tried");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_an_app_is_set_shown_and_removed_by_command_with_secrets_from_files() {
    let town = Town::found().await;
    let dir = std::env::temp_dir().join(unique("slack"));
    std::fs::create_dir(&dir).unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.join(name);
        std::fs::write(&path, format!("{text}\n")).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (token, secret) = (file("token", ACME.token), file("secret", ACME.secret));
    let environment = [("SIGNOFF_URL", &*town.acme.admin.base), ("SIGNOFF_API_KEY", &*town.acme.admin.key)];
    let run = async |arguments: &[&str]| {
        let output = signoff(&[&["channels", "slack"], arguments].concat(), &environment).await;
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        let text = format!("{output:?}");
        assert!(!text.contains(ACME.token) && !text.contains(ACME.secret), "{text}");
        String::from_utf8(output.stdout).unwrap()
    };
    let set =
        ["set", "--bot-token-file", &token, "--signing-secret-file", &secret, "--channel", "CACME", "--json"];
    let set: Value = serde_json::from_str(&run(&set).await).unwrap();
    assert_eq!(set, town.acme.show().await);
    let shown = run(&["show"]).await;
    for part in ["TACME", "UACME", "CACME", "api", "good"] {
        assert!(shown.contains(part), "{shown}");
    }
    assert_eq!(run(&["remove"]).await.trim(), "removed");
    assert_eq!(town.acme.show().await["managed_by"], "configuration");
    std::fs::remove_dir_all(&dir).unwrap();
    let both = ["channels", "slack", "set", "--bot-token-file", "-", "--signing-secret-file", "-"];
    assert!(!signoff(&both, &environment).await.status.success());
}
