//! G17: what people are to be told arrives, whatever crashes: causes, lanes and outcomes, with mail as the channel.

use std::{collections::HashSet, sync::Arc};

use serde_json::{Value, json};
use sqlx::PgConnection;
use tokio::sync::Notify;

use crate::support::{
    Api, Setup, TestDatabase,
    client::http,
    cluster::make_key,
    eventually,
    process::{Process, signoff},
    relay::{Does, Relay},
    unique,
};

/// A database with people who have addresses, and a relay.
struct Office {
    database: TestDatabase,
    prefix: String,
    relay: Relay,
    conn: PgConnection,
    key: String,
}

impl Office {
    async fn open(people: usize) -> Self {
        let database = TestDatabase::new().await;
        let key = make_key(&database, "acme", "agent", &["workspace:admin"]).await;
        let mut conn = database.connect().await;
        hire(&mut conn, "acme", people).await;
        Self { database, prefix: unique("it"), relay: Relay::start().await, conn, key }
    }

    async fn process(&self) -> Process {
        Process::start(&self.database, &self.prefix, &self.relay.setup(Setup::default())).await
    }

    /// An instance that commits, and leaves telling to others.
    async fn silent(&self) -> Process {
        let flags = vec![("notify.enabled", "false".to_owned())];
        let setup = self.relay.setup(Setup { flags, ..Setup::default() });
        Process::start(&self.database, &self.prefix, &setup).await
    }

    fn api(&self, process: &Process) -> Api {
        Api::with(http(), &process.url, &self.key)
    }

    async fn count(&mut self, status: &str) -> i64 {
        sqlx::query_scalar(
            "SELECT count(*) FROM approval_notifications WHERE channel = 'email' AND status = $1",
        )
        .bind(status)
        .fetch_one(&mut self.conn)
        .await
        .unwrap()
    }

    async fn has(&mut self, count: i64, status: &str) {
        let conn = tokio::sync::Mutex::new(self);
        eventually(&format!("{count} mails are {status}"), || async {
            conn.lock().await.count(status).await == count
        })
        .await;
    }

    /// How often something has woken the lanes.
    async fn wakes(&mut self) -> i64 {
        let wakes = "SELECT sum(wakes)::bigint FROM notification_lanes";
        sqlx::query_scalar(wakes).fetch_one(&mut self.conn).await.unwrap()
    }

    /// As if the time for which lanes are held had passed.
    async fn let_holds_pass(&mut self) {
        sqlx::query("UPDATE notification_lanes SET hold_until = 'epoch'")
            .execute(&mut self.conn)
            .await
            .unwrap();
    }
}

/// People `p0`, `p1`, … who may decide and have an address.
async fn hire(conn: &mut PgConnection, workspace: &str, people: usize) {
    sqlx::query(
        "INSERT INTO principals (id, workspace_id, name, kind, email, roles)
         SELECT gen_random_uuid(), w.id, 'p' || n, 'person', 'p' || n || '@example.com', '{approver}'
           FROM workspaces w, generate_series(0, $2 - 1) n WHERE w.name = $1",
    )
    .bind(workspace)
    .bind(i32::try_from(people).unwrap())
    .execute(conn)
    .await
    .unwrap();
}

fn for_person(person: usize) -> Value {
    json!({ "title": "Drop it?", "policy": { "allowed_approvers": [format!("p{person}")] } })
}

fn ids(relay: &Relay) -> Vec<String> {
    relay.received().iter().map(|mail| mail.header("Message-ID").unwrap()).collect()
}

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
    let asking: Vec<_> = (0..PEOPLE)
        .map(|person| {
            let at = person % 3;
            let api = Api::with(http(), &processes[at].url, &keys[person / 3 % 3]);
            tokio::spawn(async move {
                for _ in 0..EACH {
                    api.ask(for_person(person)).await;
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
    for change in [
        "UPDATE principals SET disabled_at = now() WHERE name = 'p0'",
        "UPDATE principals SET email = 'new@example.com' WHERE name = 'p1'",
    ] {
        sqlx::query(change).execute(&mut office.conn).await.unwrap();
    }
    office.relay.is_well();
    office.let_holds_pass().await;
    office.has(1, "sent").await;
    office.has(1, "skipped").await;
    let to: Vec<_> = office.relay.received().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, [["new@example.com"]]);
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

/// A relay that hangs keeps decisions waiting for nothing.
#[tokio::test(flavor = "multi_thread")]
async fn g17_a_relay_that_hangs_costs_a_decision_nothing() {
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
}
