//! G3, with levels: none is skipped, none is cut short, and nothing is decided between two of them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::support::{
    Api, Cluster, Setup, TestDatabase, cluster::make_key, eventually, process::Process, unique, within,
};

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

/// Makes the deadline pass, long ago.
async fn overdue(conn: &mut PgConnection, id: &str) {
    let sql = "UPDATE approval_requests SET expires_at = now() - interval '1 hour' WHERE id = $1::uuid";
    sqlx::query(sql).bind(id).execute(conn).await.unwrap();
}

fn levels(count: usize, seconds: u32) -> Value {
    (0..count).map(|_| json!({ "after_seconds": seconds, "policy": {} })).collect()
}

/// However late it is noticed, each level has its full time; a pass makes one hop.
#[tokio::test(flavor = "multi_thread")]
async fn g03_a_level_is_never_cut_short() {
    let cluster = Cluster::start().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let mut conn = cluster.database.connect().await;
    let asked = json!({ "timeout_action": "escalate", "escalation": levels(3, 100) });
    let id = agent.ask(asked).await;
    for level in 1..=3 {
        overdue(&mut conn, &id).await;
        let seen = agent.show(&id).await.expect(200).body;
        assert_eq!((&seen["status"], &seen["escalation_level"]), (&json!("pending"), &json!(level)));
        let hop = seen["escalations"].as_array().unwrap().last().unwrap();
        assert_eq!(hop["from_level"], level - 1);
        assert_eq!(time(&seen["expires_at"]) - time(&hop["at"]), chrono::Duration::seconds(100));
    }
    overdue(&mut conn, &id).await;
    let ended = agent.show(&id).await.expect(200).body;
    assert_eq!((&ended["status"], &ended["resolution"]), (&json!("expired"), &Value::Null));
    assert_eq!((&ended["resolved_via"], &ended["escalation_level"]), (&json!("timeout"), &json!(3)));
}

/// By themselves, on two instances that sweep: in order, each once, a second apart at least.
#[tokio::test(flavor = "multi_thread")]
async fn g03_no_level_is_skipped() {
    let cluster = Cluster::start().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let mut ids = Vec::new();
    for _ in 0..20 {
        let asked = json!({ "timeout_seconds": 1, "timeout_action": "escalate", "escalation": levels(3, 1) });
        ids.push(agent.ask(asked).await);
    }
    let mut conn = cluster.database.connect().await;
    within(Duration::from_secs(40), "all have ended", || async {
        let left = "SELECT count(*) FROM approval_requests WHERE status = 'pending'";
        let mut conn = cluster.database.connect().await;
        sqlx::query_scalar::<_, i64>(left).fetch_one(&mut conn).await.unwrap() == 0
    })
    .await;
    for id in &ids {
        let ended = agent.show(id).await.expect(200).body;
        let hops = ended["escalations"].as_array().unwrap();
        assert_eq!(hops.iter().map(|hop| hop["from_level"].as_i64().unwrap()).collect::<Vec<_>>(), [0, 1, 2]);
        let mut at: Vec<DateTime<Utc>> = hops.iter().map(|hop| time(&hop["at"])).collect();
        at.insert(0, time(&ended["created_at"]));
        at.push(time(&ended["resolved_at"]));
        assert!(at.windows(2).all(|pair| pair[1] - pair[0] >= chrono::Duration::seconds(1)), "{ended}");
        // Versions rise by one, and the log tells each hop once.
        assert_eq!(ended["version"], 5);
    }
    let hops = "SELECT count(*) FROM task_events WHERE event_type = 'approval_escalated'";
    let hops: i64 = sqlx::query_scalar(hops).fetch_one(&mut conn).await.unwrap();
    assert_eq!(hops, 60);
}

/// A vote that finds the deadline past counts at the next level, if that asks the voter; otherwise it is refused by
/// that level, and never by the one that is over.
#[tokio::test(flavor = "multi_thread")]
async fn g03_a_late_vote_counts_at_the_next_level() {
    let cluster = Cluster::start().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let bo = cluster.api(1, &cluster.member("bo").await);
    let mut conn = cluster.database.connect().await;
    let asked = json!({
        "policy": { "min_approvers": 2, "allowed_approvers": ["ana", "bo"] }, "timeout_action": "escalate",
        "escalation": [{ "policy": { "allowed_approvers": ["bo"] } }],
    });
    for _ in 0..20 {
        let id = agent.ask(asked.clone()).await;
        ana.approve(&id).await.expect(200);
        overdue(&mut conn, &id).await;
        let decided = bo.approve(&id).await.expect(200).body;
        let approval = &decided["approval"];
        assert_eq!((&approval["resolution"], &approval["escalation_level"]), (&json!("approved"), &json!(1)));
        let votes = agent.get(&format!("/api/v1/approvals/{id}/decisions")).await.expect(200).body;
        assert_eq!(votes["items"][1]["level"], 1);
        let id = agent.ask(asked.clone()).await;
        overdue(&mut conn, &id).await;
        ana.approve(&id).await.problem(403, "not_eligible");
        let cancelled = ana.cancel(&id, "no longer needed").await.expect(200).body;
        assert_eq!(cancelled["approval"]["escalation_level"], 1);
    }
}

/// Who escalates and who approves meet, on two instances: one comes first, and the other is told what is true then.
#[tokio::test(flavor = "multi_thread")]
async fn g03_a_hop_races_a_vote() {
    let cluster = Cluster::start().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let bo = cluster.api(1, &cluster.member("bo").await);
    let asked = json!({
        "policy": { "allowed_approvers": ["ana"] }, "escalation": [{ "policy": { "allowed_approvers": ["cy"] } }],
    });
    let (mut approved, mut handed_on) = (0, 0);
    for round in 0..120 {
        let id = agent.ask(asked.clone()).await;
        let hop = {
            let (bo, path) = (bo.clone(), format!("/api/v1/approvals/{id}/escalate"));
            tokio::task::spawn(
                async move { bo.post(&path, &json!({ "reason": "hurry", "from_level": 0 })).await },
            )
        };
        let vote = ana.approve(&id).await;
        let hop = hop.await.unwrap();
        let stands = agent.show(&id).await.expect(200).body;
        if vote.status == 200 {
            approved += 1;
            assert_eq!(stands["status"], "resolved", "round {round}");
            assert_eq!(stands["escalation_level"], 0, "round {round}");
            hop.problem(409, "already_decided");
        } else {
            handed_on += 1;
            vote.problem(403, "not_eligible");
            hop.expect(200);
            assert_eq!(
                (&stands["status"], &stands["version"]),
                (&json!("pending"), &json!(2)),
                "round {round}"
            );
        }
    }
    println!("{approved} approved, {handed_on} handed on");
}

/// Moving a deadline around the very moment of it: in time it is moved, and nothing fires at the old one; late it is
/// told so.
#[tokio::test(flavor = "multi_thread")]
async fn g03_moving_a_deadline_races_it() {
    let cluster = Cluster::start().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let mut races = Vec::new();
    for number in 0..100_u64 {
        let (agent, ana) = (agent.clone(), ana.clone());
        races.push(tokio::task::spawn(async move {
            let policy = json!({ "extension": { "max_seconds": 600 } });
            let asked = json!({ "timeout_seconds": 1, "policy": policy, "run_id": format!("r{number}") });
            let id = agent.create(asked).await.expect(201).id();
            // From 30 ms before the deadline to 30 ms after it.
            let aim = tokio::time::Instant::now() + Duration::from_millis(970 + (number * 7) % 60);
            tokio::time::sleep_until(aim).await;
            let body = json!({ "seconds": 600, "reason": "hurry" });
            (ana.post(&format!("/api/v1/approvals/{id}/extend"), &body).await, id)
        }));
    }
    let (mut moved, mut late) = (0, 0);
    for race in races {
        let (reply, id) = race.await.unwrap();
        let approval = agent.show(&id).await.expect(200).body;
        if reply.status == 200 {
            moved += 1;
            assert_eq!(
                (&approval["status"], &approval["extended_seconds"]),
                (&json!("pending"), &json!(600))
            );
        } else {
            late += 1;
            reply.problem(410, "expired");
            assert_eq!((&approval["status"], &approval["extended_seconds"]), (&json!("expired"), &json!(0)));
            assert!(time(&approval["resolved_at"]) >= time(&approval["expires_at"]));
        }
    }
    println!("{moved} moved, {late} late");
}

/// An instance that dies right after a hop was committed tells nobody of it. Others see the new level at once, and
/// their followers hear of it.
#[tokio::test(flavor = "multi_thread")]
async fn g03_a_hop_outlives_who_made_it() {
    let database = TestDatabase::new().await;
    let prefix = unique("levels");
    let mut first = Process::start(&database, &prefix, &Setup::default()).await;
    let second = Process::start(&database, &prefix, &Setup::default()).await;
    let mut conn = database.connect().await;
    let key = make_key(&database, "acme", "ana", &[]).await;
    let (there, here) = (Api::new(&first.url, &key), Api::new(&second.url, &key));
    let asked = json!({ "policy": { "allow_self_approval": true }, "escalation": levels(1, 600) });
    let id = here.ask(asked).await;
    // The instance is killed as soon as the commit is heard of: mostly before its answer and its message.
    let stop = "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN PERFORM pg_notify('hop', ''); RETURN NULL; END $$";
    sqlx::query(stop).execute(&mut conn).await.unwrap();
    sqlx::query(
        "CREATE TRIGGER hold AFTER UPDATE OF escalation_level ON approval_requests
             FOR EACH ROW EXECUTE FUNCTION hold()",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    let mut listener = sqlx::postgres::PgListener::connect(&database.url).await.unwrap();
    listener.listen("hop").await.unwrap();
    let hop = {
        let (there, path) = (there.clone(), format!("/api/v1/approvals/{id}/escalate"));
        tokio::task::spawn(async move {
            Api::try_send(there.request(reqwest::Method::POST, &path).json(&json!({ "reason": "hurry" })))
                .await
        })
    };
    listener.recv().await.unwrap();
    first.kill();
    drop(hop.await);
    let seen = here.show(&id).await.expect(200).body;
    assert_eq!((&seen["escalation_level"], &seen["version"]), (&json!(1), &json!(2)));
    eventually("the log tells of it", || async {
        let page = here.get("/api/v1/tasks/run-1/events").await.expect(200).body;
        page["items"].as_array().unwrap().iter().any(|event| event["event_type"] == "approval_escalated")
    })
    .await;
    let listed = here.get("/api/v1/approvals/pending").await.expect(200).body;
    assert_eq!(listed["items"][0]["escalation_level"], 1);
}

/// Of two instances that sweep, one is killed as soon as it has told a reminder: the other doesn't tell it again.
#[tokio::test(flavor = "multi_thread")]
async fn g03_a_reminder_goes_out_once_whoever_dies() {
    let database = TestDatabase::new().await;
    let prefix = unique("reminders");
    let mut first = Process::start(&database, &prefix, &Setup::default()).await;
    let mut conn = database.connect().await;
    let key = make_key(&database, "acme", "ana", &[]).await;
    let there = Api::new(&first.url, &key);
    for sql in [
        "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN PERFORM pg_notify('told', ''); RETURN NULL; END $$",
        "CREATE TRIGGER tell AFTER INSERT ON task_events FOR EACH ROW WHEN (NEW.event_type = 'approval_reminder')
             EXECUTE FUNCTION tell()",
    ] {
        sqlx::query(sql).execute(&mut conn).await.unwrap();
    }
    let mut listener = sqlx::postgres::PgListener::connect(&database.url).await.unwrap();
    listener.listen("told").await.unwrap();
    let asked =
        |task: &str| json!({ "task_id": task, "timeout_seconds": 600, "remind_before_seconds": [599] });
    there.ask(asked("first")).await;
    listener.recv().await.unwrap();
    first.kill();
    // The other instance has swept once it has told one that came later.
    let second = Process::start(&database, &prefix, &Setup::default()).await;
    let here = Api::new(&second.url, &key);
    here.ask(asked("second")).await;
    let told = async |task: &str| {
        let page = here.get(&format!("/api/v1/tasks/{task}/events")).await.expect(200).body;
        let items = page["items"].as_array().unwrap().clone();
        items.iter().filter(|event| event["event_type"] == "approval_reminder").count()
    };
    eventually("the other sweeps", || async { told("second").await == 1 }).await;
    assert_eq!(told("first").await, 1);
}
