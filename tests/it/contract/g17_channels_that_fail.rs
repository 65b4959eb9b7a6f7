//! G17: a channel that fails keeps only what it must, and for all to see: mail that is refused, late, or served by no
//! instance.

use serde_json::json;

use crate::support::{
    Api, Setup,
    client::http,
    cluster::make_key,
    eventually,
    office::{Office, for_person},
    process::{Process, signoff},
    relay::Does,
};

#[tokio::test(flavor = "multi_thread")]
async fn g17_after_an_outage_no_one_is_asked_what_has_been_decided() {
    let mut office = Office::open(2).await;
    office.relay.does(|command| if command == "connect" { Does::HangsUp } else { Does::Well });
    let process = office.process().await;
    let api = office.api(&process);
    let policy = json!({ "title": "Decided", "policy": { "allowed_approvers": ["p0", "agent"] } });
    let decided = api.ask(policy).await;
    let open = api.ask(for_person(1)).await;
    office.has(2, "pending").await;
    let agent = make_key(&office.database, "acme", "p0", &["approval:approve"]).await;
    Api::with(http(), &process.url, &agent).approve(&decided).await.expect(200);
    office.relay.is_well();
    office.let_holds_pass().await;
    office.has(1, "sent").await;
    office.has(1, "skipped").await;
    let received = office.relay.received();
    assert_eq!(received.len(), 1);
    assert!(received[0].header("References").unwrap().contains(&open));
    let list =
        api.get(&format!("/api/v1/notifications?channel=email&approval_id={decided}")).await.expect(200);
    assert_eq!(list.body["items"][0]["skip_reason"], "superseded");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_one_who_is_refused_keeps_no_other_and_is_sent_to_again_by_hand() {
    let mut office = Office::open(3).await;
    office.relay.does(|command| match command {
        "RCPT TO:<p0@example.com>" => Does::Says("550 no such user"),
        "RCPT TO:<p1@example.com>" => Does::Says("451 greylisted"),
        _ => Does::Well,
    });
    let process = office.process().await;
    let api = office.api(&process);
    for person in 0..3 {
        api.ask(for_person(person)).await;
    }
    office.has(1, "sent").await;
    office.has(1, "failed").await;
    let list = async |query: &str| {
        let list = api.get(&format!("/api/v1/notifications?channel=email&{query}")).await.expect(200);
        list.body["items"].as_array().unwrap().clone()
    };
    let failed = list("status=failed").await;
    assert_eq!(failed[0]["recipient"], "p0@example.com");
    assert!(failed[0]["error_message"].as_str().unwrap().contains("no such user"), "{failed:?}");
    let path = format!("/api/v1/notifications/{}", failed[0]["id"].as_str().unwrap());
    let tried = api.get(&path).await.expect(200).body["attempts"].clone();
    assert_eq!((&tried[0]["outcome"], &tried[0]["status_code"]), (&json!("failed"), &json!(550)));
    let later = async || list("status=pending").await;
    eventually("the other waits for its next try", async || {
        later().await.iter().any(|it| it["attempt_count"] == json!(1) && it["error_message"].is_string())
    })
    .await;
    let id = failed[0]["id"].as_str().unwrap();
    let environment = [("SIGNOFF_URL", process.url.as_str()), ("SIGNOFF_API_KEY", office.key.as_str())];
    let run = async |arguments: &[&str]| {
        let output = signoff(&[&["notifications"], arguments].concat(), &environment).await;
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let table = run(&["list", "--status", "failed", "--channel", "email"]).await;
    assert!(table.contains(id) && table.contains("no such user"), "{table}");
    let shown = run(&["show", id]).await;
    assert!(shown.contains("550") && shown.contains("p0@example.com"), "{shown}");
    office.relay.is_well();
    assert!(run(&["redrive", "--channel", "email"]).await.starts_with("1 wait"));
    office.has(2, "sent").await;
    api.post(&format!("{path}/redrive"), &json!({})).await.problem(409, "not_redrivable");
}

/// The relay's words are kept as far as they can be, and keep nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn g17_whatever_the_relay_says_the_others_are_sent_once() {
    let mut office = Office::open(3).await;
    office.relay.does(|command| match command {
        "RCPT TO:<p0@example.com>" => Does::Says("550 no such \0user"),
        _ => Does::Well,
    });
    let process = office.process().await;
    let api = office.api(&process);
    for person in 0..3 {
        api.ask(for_person(person)).await;
    }
    office.has(2, "sent").await;
    office.has(1, "failed").await;
    assert_eq!(office.relay.received().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_mail_goes_to_todays_address_and_not_to_who_was_disabled() {
    let mut office = Office::open(2).await;
    office.relay.does(|command| if command == "connect" { Does::HangsUp } else { Does::Well });
    let process = office.process().await;
    let api = office.api(&process);
    for person in 0..2 {
        api.ask(for_person(person)).await;
    }
    office.has(2, "pending").await;
    // No turn is under way that read the people before they change.
    drop(process);
    for change in [
        "UPDATE principals SET disabled_at = now() WHERE name = 'p0'",
        "UPDATE principals SET email = 'new@example.com' WHERE name = 'p1'",
    ] {
        sqlx::query(change).execute(&mut office.conn).await.unwrap();
    }
    office.relay.is_well();
    office.let_holds_pass().await;
    let _other = office.process().await;
    office.has(1, "sent").await;
    office.has(1, "skipped").await;
    let to: Vec<_> = office.relay.received().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, [["new@example.com"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_what_no_instance_serves_is_given_up_for_all_to_see() {
    let mut office = Office::open(1).await;
    office.relay.does(|_| Does::HangsUp);
    let process = office.process().await;
    office.api(&process).ask(for_person(0)).await;
    office.has(1, "pending").await;
    drop(process);
    for past in [
        "UPDATE approval_notifications SET give_up_at = now() - interval '1 hour' WHERE status = 'pending'",
        "UPDATE notification_lanes SET due_at = now() - interval '2 hours', hold_until = 'epoch'",
    ] {
        sqlx::query(past).execute(&mut office.conn).await.unwrap();
    }
    // An instance without mail.
    let _other = Process::start(&office.database, &office.prefix, &Setup::default()).await;
    office.has(1, "failed").await;
}

/// No call waits for a relay: not while fifty mails wait for one that hangs.
#[tokio::test(flavor = "multi_thread")]
async fn g17_decisions_go_on_while_a_relay_hangs() {
    let mut office = Office::open(50).await;
    office.relay.does(|_| Does::Stalls);
    let process = office.process().await;
    let api = office.api(&process);
    for person in 0..50 {
        api.ask(for_person(person)).await;
    }
    eventually("the relay is asked", || async { office.relay.connections() > 0 }).await;
    office.has(50, "pending").await;
    let ana = make_key(&office.database, "acme", "ana", &["approval:approve"]).await;
    let ana = Api::with(http(), &process.url, &ana);
    for _ in 0..20 {
        let id = api.ask(json!({})).await;
        let waiting = api.waiting(&id, 20);
        ana.approve(&id).await.expect(200);
        assert_eq!(waiting.await.unwrap().expect(200).body["status"], "resolved");
    }
    assert_eq!((office.count("pending").await, office.count("sent").await), (50, 0), "it hung all the time");
}
