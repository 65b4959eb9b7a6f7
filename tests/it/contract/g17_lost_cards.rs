//! G17 in Slack where it is not written down where a card is: an answer of Slack's was lost, or the instance crashed. The
//! card is there, and people press it.

use serde_json::json;

use super::{
    g17_own_slack::{ACME, App, Town, ZETA},
    g17_slack::{ANA, Team, asked, settled, standing, team},
};
use crate::support::{
    Cluster, eventually,
    slack::{FakeSlack, Message, SECRET},
};

/// As if the only card had been posted, and nothing been written down.
async fn lose(cluster: &Cluster, status: &'static str) {
    let mut conn = cluster.database.connect().await;
    let lost = sqlx::query(
        "UPDATE approval_notifications SET external = NULL, status = $1, sent_at = NULL, due_at = now() + interval '1 day',
                skip_reason = CASE WHEN $1 = 'skipped' THEN 'superseded' END
          WHERE channel = 'slack' AND status = 'sent'",
    )
    .bind(status)
    .execute(&mut conn)
    .await
    .unwrap();
    assert_eq!(lost.rows_affected(), 1);
}

async fn card(team: &Team) -> (String, Message) {
    let id = team.agent.ask(asked(1)).await;
    let card = team.slack.shows(1).await.remove(0);
    settled(team, &id, 1).await;
    (id, card)
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_lost_card_decides_and_shows_the_outcome() {
    let team = team(&[]).await;
    let (id, card) = card(&team).await;
    lose(&team.cluster, "pending").await;
    team.slack.take(&team.cluster, 0, &team.slack.press(&card, "signoff_approve", ANA)).await;
    assert_eq!(standing(&team, &id).await["resolved_by"], "ana");
    team.slack.becomes("the card shows it", |it| !it.has_buttons()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_lost_card_is_answered_with_the_outcome_and_mended() {
    let team = team(&[]).await;
    let (id, card) = card(&team).await;
    lose(&team.cluster, "skipped").await;
    team.bo.approve(&id).await.expect(200);
    team.slack.take(&team.cluster, 0, &team.slack.press(&card, "signoff_reject", ANA)).await;
    let told = team.slack.whispered(1).await;
    assert!(told.contains("*Approved* by bo"), "{told}");
    team.slack.becomes("the card is mended", |it| !it.has_buttons()).await;
}

/// A card in a person's own conversation: which that is stands nowhere.
#[tokio::test(flavor = "multi_thread")]
async fn g17_a_lost_card_to_a_person_decides_too() {
    let team = team(&[("slack.channel", "")]).await;
    let policy = json!({ "allowed_approvers": ["ana"] });
    let id = team.agent.ask(json!({ "title": "Ship it?", "policy": policy })).await;
    let card = team.slack.shows(1).await.remove(0);
    settled(&team, &id, 1).await;
    lose(&team.cluster, "pending").await;
    team.slack.take(&team.cluster, 1, &team.slack.press(&card, "signoff_approve", ANA)).await;
    eventually("it is decided", || async { standing(&team, &id).await["resolved_by"] == "ana" }).await;
}

/// In another conversation than the one that the message was for, it is no card of ours.
#[tokio::test(flavor = "multi_thread")]
async fn g17_what_was_for_another_conversation_is_no_lost_card() {
    let team = team(&[]).await;
    let (id, card) = card(&team).await;
    lose(&team.cluster, "pending").await;
    let value = card.button("signoff_approve").unwrap();
    let press = team.slack.press_of(("C9", &card.ts), ("signoff_approve", &value), ANA);
    team.slack.take(&team.cluster, 0, &press).await;
    assert!(team.slack.whispered(1).await.contains("none of mine"));
    assert_eq!(standing(&team, &id).await["status"], "pending");
}

/// It is the card of the app that its workspace had when it was to be posted.
#[tokio::test(flavor = "multi_thread")]
async fn g17_a_lost_card_of_a_workspaces_own_app_is_that_apps() {
    let town = Town::with_apps().await;
    let id = town.acme.ask("Acme's").await;
    let card = town.card("CACME").await;
    eventually("it is sent", || async { town.acme.rows(&id).await[0]["status"] == "sent" }).await;
    lose(&town.cluster, "skipped").await;
    let press = town.pressed(&card, "TACME");
    for other in [ZETA, App { secret: SECRET, ..ACME }] {
        town.press(0, &press, other).await;
        assert_eq!(town.acme.status(&id).await, "pending");
    }
    assert_eq!(town.press(0, &press, ACME).await, 200);
    assert_eq!(town.acme.status(&id).await, "resolved");
}

/// Its secrets were changed, the app is the same.
#[tokio::test(flavor = "multi_thread")]
async fn g17_a_lost_card_is_its_apps_after_the_app_was_set_again() {
    let town = Town::with_apps().await;
    let id = town.acme.ask("Acme's").await;
    let card = town.card("CACME").await;
    eventually("it is sent", || async { town.acme.rows(&id).await[0]["status"] == "sent" }).await;
    lose(&town.cluster, "skipped").await;
    town.acme.put(&ACME.body("CACME")).await.expect(200);
    assert_eq!(town.press(0, &town.pressed(&card, "TACME"), ACME).await, 200);
    assert_eq!(town.acme.status(&id).await, "resolved");
}

/// An instance may have to send before it has found the workspace of `slack.workspace`: Postgres was away when it
/// started, say. What waits is no reason to give up.
#[tokio::test(flavor = "multi_thread")]
async fn g17_a_card_that_waits_is_sent_by_an_instance_that_has_not_looked_for_its_workspace_yet() {
    let slack = FakeSlack::start().await;
    let cluster = Cluster::with(slack.setup(1, &[("slack.workspace", "acme")])).await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let mut conn = cluster.database.connect().await;
    // The instance routes nothing: it would look for the workspace then.
    let no_causes = "CREATE FUNCTION drop_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
                     CREATE TRIGGER drop_it BEFORE INSERT ON notification_causes FOR EACH ROW EXECUTE FUNCTION drop_it()";
    sqlx::raw_sql(no_causes).execute(&mut conn).await.unwrap();
    let id: uuid::Uuid = agent.ask(json!({})).await.parse().unwrap();
    let waits = "WITH lane AS (
                     INSERT INTO notification_lanes (workspace_id, channel, destination, due_at)
                     SELECT workspace_id, 'slack', 'C1', clock_timestamp() FROM approval_requests WHERE id = $1
                     RETURNING id, workspace_id)
                 INSERT INTO approval_notifications (id, workspace_id, approval_id, cause, version, channel, recipient, asks,
                        lane_id, due_at, give_up_at)
                 SELECT gen_random_uuid(), workspace_id, $1, 'requested', 1, 'slack', 'C1', true, id, clock_timestamp(),
                        clock_timestamp() + interval '1 day' FROM lane";
    sqlx::query(waits).bind(id).execute(&mut conn).await.unwrap();
    assert!(slack.shows(1).await[0].has_buttons());
}
