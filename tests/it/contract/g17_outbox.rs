//! G17: what people are to be told arrives, also across crashes: causes, lanes and outcomes, with mail as the channel.

use std::{collections::HashSet, sync::Arc};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::{
    Api, Setup,
    client::{get, http, merged},
    cluster::make_key,
    eventually,
    office::{Office, for_person, hire, ids},
    process::Process,
    proxy::{Mode, Proxy},
    relay::Does,
    unique,
};

#[tokio::test(flavor = "multi_thread")]
async fn g17_what_an_instance_committed_is_told_by_others_when_it_is_killed() {
    let mut office = Office::open(1).await;
    let mut killed = office.silent().await;
    let id = office.api(&killed).ask(for_person(0)).await;
    killed.kill();
    assert_eq!(office.count("pending").await, 0, "it was not routed");
    let _other = office.process().await;
    office.has(1, "sent").await;
    let received = office.relay.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].to, ["p0@example.com"]);
    assert!(received[0].text.contains("Drop it?"), "{}", received[0].text);
    let references = received[0].header("References").unwrap();
    assert!(references.contains(&id), "{references}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_killed_between_sending_and_writing_it_down_it_is_sent_again_with_the_same_id() {
    let mut office = Office::open(1).await;
    let mut killed = office.process().await;
    office.relay.does(|command| if command == "." { Does::Stalls } else { Does::Well });
    office.api(&killed).ask(for_person(0)).await;
    eventually("the relay has it", || async { office.relay.received().len() == 1 }).await;
    killed.kill();
    office.relay.is_well();
    office.let_holds_pass().await;
    let _other = office.process().await;
    office.has(1, "sent").await;
    let ids = ids(&office.relay);
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1], "a double can be told by its id");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_worker_frozen_past_its_lease_turns_nothing_back() {
    let mut office = Office::open(1).await;
    let frozen = office.process().await;
    let go_on = Arc::new(Notify::new());
    let waiting = go_on.clone();
    office.relay.does(move |command| match command {
        "." => Does::Waits(waiting.clone(), "451 not now"),
        _ => Does::Well,
    });
    let id = office.api(&frozen).ask(for_person(0)).await;
    eventually("the relay has it", || async { office.relay.received().len() == 1 }).await;
    frozen.signal("STOP");
    office.relay.is_well();
    office.let_holds_pass().await;
    let other = office.process().await;
    office.has(1, "sent").await;
    go_on.notify_one();
    frozen.signal("CONT");
    let api = office.api(&other);
    let list = api.get(&format!("/api/v1/notifications?channel=email&approval_id={id}")).await.expect(200);
    let path = format!("/api/v1/notifications/{}", list.body["items"][0]["id"].as_str().unwrap());
    let tries = async || api.get(&path).await.expect(200).body["attempts"].as_array().unwrap().len();
    eventually("the frozen one has told of its try", async || tries().await == 2).await;
    let it = api.get(&path).await.expect(200).body;
    assert_eq!((&it["status"], &it["attempt_count"]), (&json!("sent"), &json!(1)), "{it}");
    let held: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM notification_lanes WHERE due_at IS NOT NULL OR failures > 0",
    )
    .fetch_one(&mut office.conn)
    .await
    .unwrap();
    assert_eq!(held, 0, "the lane is as the other left it");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_three_instances_send_each_message_once() {
    const PEOPLE: usize = 200;
    const EACH: usize = 10;
    /// As many as ask at once, each by one instance and for one workspace.
    const ASKERS: usize = 9;
    let mut office = Office::open(PEOPLE).await;
    for workspace in ["two", "three"] {
        make_key(&office.database, workspace, "agent", &["workspace:admin"]).await;
        hire(&mut office.conn, workspace, PEOPLE).await;
    }
    let keys = [
        office.key.clone(),
        make_key(&office.database, "two", "agent", &["workspace:admin"]).await,
        make_key(&office.database, "three", "agent", &["workspace:admin"]).await,
    ];
    let mut processes = Vec::new();
    for _ in 0..3 {
        processes.push(office.process().await);
    }
    let asking: Vec<_> = (0..ASKERS)
        .map(|asker| {
            let api = Api::with(http(), &processes[asker % 3].url, &keys[asker / 3 % 3]);
            tokio::spawn(async move {
                for person in (asker..PEOPLE).step_by(ASKERS) {
                    for _ in 0..EACH {
                        ask_again(&api, for_person(person)).await;
                    }
                }
            })
        })
        .collect();
    for it in asking {
        it.await.unwrap();
    }
    office.has(i64::try_from(PEOPLE * EACH).unwrap(), "sent").await;
    let ids = ids(&office.relay);
    assert_eq!(ids.len(), PEOPLE * EACH, "none came twice");
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), PEOPLE * EACH, "none is missing");
}

/// Asks as a client does: again, with the same key, where an instance is too busy to answer.
async fn ask_again(api: &Api, body: Value) {
    let key = unique("ask");
    loop {
        let request = api.request(Method::POST, "/api/v1/approvals").json(&merged(body.clone()));
        let reply = Api::send(request.header("idempotency-key", &key)).await;
        if reply.status != 503 {
            assert!([200, 201].contains(&reply.status), "{reply:?}");
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_what_has_waited_for_long_is_sent_to_the_last() {
    const WAITING: usize = 120;
    let mut office = Office::open(WAITING).await;
    office.relay.does(|_| Does::HangsUp);
    let process = office.process().await;
    let api = office.api(&process);
    for person in 0..WAITING {
        api.ask(for_person(person)).await;
    }
    let conn = tokio::sync::Mutex::new(&mut office.conn);
    eventually("the relay is left alone", || async {
        let held = "SELECT EXISTS (SELECT FROM notification_lanes WHERE failures >= 5)";
        sqlx::query_scalar(held).fetch_one(&mut **conn.lock().await).await.unwrap()
    })
    .await;
    office.has(i64::try_from(WAITING).unwrap(), "pending").await;
    sqlx::query(
        "UPDATE approval_notifications SET due_at = due_at - interval '1 hour' WHERE status = 'pending'",
    )
    .execute(&mut office.conn)
    .await
    .unwrap();
    sqlx::query("UPDATE notification_lanes SET due_at = clock_timestamp(), floor_at = 'epoch'")
        .execute(&mut office.conn)
        .await
        .unwrap();
    let before = office.wakes().await;
    office.relay.is_well();
    office.let_holds_pass().await;
    office.has(i64::try_from(WAITING).unwrap(), "sent").await;
    assert_eq!(office.relay.received().len(), WAITING);
    assert_eq!(office.wakes().await, before, "none was forgotten, to be found later");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_an_instance_that_stops_leaves_what_is_under_way_to_others() {
    let mut office = Office::open(1).await;
    office.relay.does(|command| if command == "." { Does::Stalls } else { Does::Well });
    let stopped = office.process().await;
    office.api(&stopped).ask(for_person(0)).await;
    eventually("the relay has it", || async { office.relay.received().len() == 1 }).await;
    stopped.signal("TERM");
    assert_eq!(stopped.exit_code().await, Some(0), "it ends in good order");
    office.relay.is_well();
    let _other = office.process().await;
    office.has(1, "sent").await;
    let ids = ids(&office.relay);
    assert_eq!(ids[0], ids[1]);
}

/// What the relay has taken is written down once Postgres is back, and not sent again.
#[tokio::test(flavor = "multi_thread")]
async fn g17_what_was_sent_while_postgres_was_away_is_not_sent_again() {
    for fault in [Mode::Cut, Mode::Hang] {
        let mut office = Office::open(1).await;
        let (line, url) = Proxy::before(&office.database.url).await;
        let go_on = Arc::new(Notify::new());
        let until = go_on.clone();
        office.relay.does(move |command| match command {
            "." => Does::Waits(until.clone(), "250 taken"),
            _ => Does::Well,
        });
        let setup = office.relay.setup(Setup { database_url: Some(url), ..Setup::default() });
        let process = Process::start(&office.database, &office.prefix, &setup).await;
        office.api(&process).ask(for_person(0)).await;
        eventually("the relay has it", || async { office.relay.received().len() == 1 }).await;
        line.set(fault);
        go_on.notify_one();
        let ready = format!("{}/readyz", process.url);
        eventually("the instance knows that Postgres is away", || async {
            get(&ready).await.unwrap().text().await.unwrap().contains("\"postgres\":\"down\"")
        })
        .await;
        assert_eq!(office.count("pending").await, 1, "it is not written down yet");
        line.set(Mode::Pass);
        office.has(1, "sent").await;
        assert_eq!(office.relay.received().len(), 1, "{fault:?}");
    }
}
