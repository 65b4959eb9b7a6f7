//! `signoff webhooks`: endpoints in a shell, from the secret that is shown once to what is sent again.

use serde_json::Value;

use crate::{
    contract::g17_webhooks::{Team, verifies},
    support::{
        eventually,
        process::signoff,
        shell::told,
        sink::{Does, Sink},
    },
};

/// A member's shell.
struct Desk {
    team: Team,
    key: String,
}

impl Desk {
    async fn new() -> Self {
        let team = Team::start().await;
        let key = team.cluster.key("acme", "hooker", &["webhook:manage"]).await;
        Self { team, key }
    }

    async fn run(&self, arguments: &[&str]) -> (i32, String) {
        let arguments: Vec<&str> = ["webhooks"].iter().chain(arguments).copied().collect();
        let url = self.team.cluster.instances[0].url.as_str();
        told(signoff(&arguments, &[("SIGNOFF_URL", url), ("SIGNOFF_API_KEY", &self.key)]).await)
    }

    async fn done(&self, arguments: &[&str]) -> String {
        let (code, said) = self.run(arguments).await;
        assert_eq!(code, 0, "{arguments:?}: {said}");
        said
    }

    async fn refused(&self, arguments: &[&str], word: &str) {
        let (code, said) = self.run(arguments).await;
        assert!(code == 12 && said.contains(word), "{arguments:?}: {code} {said}");
    }

    /// Makes an endpoint; answers its id and its secret.
    async fn create(&self, arguments: &[&str]) -> (String, String) {
        let said = self.done(&[&["create", "--json"], arguments].concat()).await;
        let made: Value = serde_json::from_str(&said).unwrap();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("id"), text("secret"))
    }

    /// Waits until a list says so of deliveries, and answers its rows.
    async fn deliveries(&self, arguments: &[&str], count: usize) -> Vec<Value> {
        let list = [&["deliveries", "--json"], arguments].concat();
        let rows = async || -> Vec<Value> {
            self.done(&list).await.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        };
        eventually(&format!("{count} of {arguments:?}"), || async { rows().await.len() == count }).await;
        rows().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_made_tried_and_shown_and_its_secret_is_said_once() {
    let (desk, sink) = (Desk::new().await, Sink::start().await);
    let secret =
        desk.done(&["create", &sink.url, "--event", "approval:resolved", "--description", "CI"]).await;
    let secret = secret.trim();
    assert!(
        secret.starts_with("whsec_") && !secret.contains(char::is_whitespace),
        "only the secret: {secret}"
    );

    let listed = desk.done(&["list"]).await;
    assert!(listed.lines().next().unwrap().contains("URL"), "{listed}");
    let row = listed.lines().find(|line| line.contains(&sink.url)).expect("it is listed");
    assert!(row.contains("approval:resolved") && row.contains("good"), "{row}");
    let id = row.split_whitespace().next().unwrap();
    for shown in [&["list", "--json"][..], &["show", id], &["show", id, "--json"]] {
        let shown = desk.done(shown).await;
        assert!(shown.contains(id) && !shown.contains("whsec_"), "{shown}");
    }
    let whole: Value = serde_json::from_str(&desk.done(&["show", id, "--json"]).await).unwrap();
    assert_eq!((&whole["description"], &whole["format"]), (&"CI".into(), &"standard".into()));

    let said = desk.done(&["test", id]).await;
    assert!(said.contains(&format!("signoff webhooks deliveries {id}")), "{said}");
    let request = sink.has(1).await.remove(0);
    assert!(request.kind() == "webhook:test" && verifies(secret, &request), "{request:?}");
    let sent = desk.deliveries(&[id, "--status", "sent"], 1).await.remove(0);
    assert_eq!((&sent["event"], &sent["attempt_count"]), (&"webhook:test".into(), &1.into()));
    let table = desk.done(&["deliveries", id]).await;
    assert!(table.contains("webhook:test") && table.contains("sent"), "{table}");

    assert_eq!(desk.done(&["delete", id]).await.trim(), "deleted");
    assert!(!desk.done(&["list"]).await.contains(&sink.url));
    desk.refused(&["show", id], "not_found").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_rotated_with_the_old_one_good_for_a_while_or_at_once_for_nothing() {
    let (desk, sink) = (Desk::new().await, Sink::start().await);
    let (id, old) = desk.create(&[&sink.url]).await;
    let new = desk.done(&["rotate", &id]).await.trim().to_owned();
    desk.done(&["test", &id]).await;
    let request = sink.has(1).await.remove(0);
    assert!(new != old && verifies(&old, &request) && verifies(&new, &request), "{request:?}");
    let newest = desk.done(&["rotate", &id, "--overlap-seconds", "0"]).await.trim().to_owned();
    desk.done(&["test", &id]).await;
    let request = sink.has(2).await.remove(1);
    assert!(verifies(&newest, &request), "{request:?}");
    assert!(!verifies(&new, &request) && !verifies(&old, &request), "lost to others: {request:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_is_sent_again_and_what_waits_goes_when_it_is_enabled() {
    let (desk, sink) = (Desk::new().await, Sink::start().await);
    let (id, secret) = desk.create(&[&sink.url, "--event", "approval:requested", "--include-context"]).await;
    let about = desk.team.agent.ask(serde_json::json!({ "context": { "amount": 45 } })).await;
    let first = sink.has(1).await.remove(0);
    assert_eq!(first.json()["data"]["context"], serde_json::json!({ "amount": 45 }));
    let sent = desk.deliveries(&[&id, "--status", "sent"], 1).await.remove(0);
    assert_eq!(sent["approval_id"], Value::String(about));

    assert!(desk.done(&["replay", &id, "--status", "sent"]).await.contains("1 are sent again"));
    let second = sink.has(2).await.remove(1);
    assert_eq!(
        (second.header("webhook-id"), &second.body),
        (first.header("webhook-id"), &first.body),
        "the same event"
    );
    assert!(verifies(&secret, &second));
    desk.deliveries(&[&id, "--status", "sent"], 1).await;
    let none = desk.done(&["replay", &id, "--to", "2001-01-01T00:00:00Z"]).await;
    assert!(none.contains("0 are sent again"), "{none}");
    let none = desk.done(&["replay", &id, "--status", "failed"]).await;
    assert!(none.contains("0 are sent again"), "{none}");

    desk.done(&["disable", &id]).await;
    assert!(desk.done(&["show", &id]).await.contains("disabled: "));
    desk.team.agent.ask(serde_json::json!({})).await;
    desk.deliveries(&[&id, "--status", "pending", "--limit", "1"], 1).await;
    assert_eq!(sink.received().len(), 2, "it is kept");
    desk.done(&["enable", &id]).await;
    sink.has(3).await;
    desk.deliveries(&[&id, "--status", "sent"], 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_is_refused_and_failures_are_shown() {
    let (desk, sink) = (Desk::new().await, Sink::start().await);
    desk.refused(&["create", "http://user:secret@127.0.0.1/"], "url must").await;
    desk.refused(&["create", &sink.url, "--event", "approval:gone"], "events/0").await;
    desk.refused(&["create", "https://169.254.169.254/"], "url").await;
    assert_eq!(desk.run(&["create", &sink.url, "--format", "xml"]).await.0, 10);
    assert_eq!(desk.run(&["deliveries", "x", "--status", "lost"]).await.0, 10);
    for action in ["show", "test", "rotate", "enable", "disable", "delete", "replay", "deliveries"] {
        desk.refused(&[action, "01a22514-7948-7000-8000-000000000000"], "not_found").await;
    }
    let (id, _) = desk.create(&[&sink.url, "--format", "cloudevents"]).await;
    sink.always(Does::Answers(404, ""));
    desk.team.agent.ask(serde_json::json!({})).await;
    let request = sink.has(1).await.remove(0);
    assert_eq!(request.header("content-type"), "application/cloudevents+json");
    eventually("the list of endpoints says that it fails", || async {
        let row = desk.done(&["show", &id]).await;
        row.contains("failing") && row.contains("404")
    })
    .await;
    let table = desk.done(&["deliveries", &id, "--status", "pending"]).await;
    assert!(table.contains("404") && table.contains("approval:requested"), "{table}");
}
