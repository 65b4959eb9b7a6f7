//! G2: a vote that decides by itself is written in one step. It comes to the same as in two, word for word, and both ways
//! race each other on one approval without harm.

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor, PgConnection};

use crate::support::{Api, Cluster, Reply, Setup};

/// Decisions that were written in one step, on all instances.
async fn in_one_step(cluster: &Cluster) -> f64 {
    let mut sum = 0.0;
    for instance in &cluster.instances {
        sum += instance.metric("signoff_commit_batch_size_sum{kind=\"decide_in_one_step\"}").await;
    }
    sum
}

/// From now on it has to be read before it is decided.
async fn take_two_steps(conn: &mut PgConnection, id: &str) {
    let sql = format!("UPDATE approval_requests SET one_vote_by = NULL WHERE id = '{id}'");
    assert_eq!(conn.execute(AssertSqlSafe(sql)).await.unwrap().rows_affected(), 1);
}

/// Keeps what is to be told to people: the router takes it away.
const KEEPING: &str = "
    CREATE TABLE kept_causes (LIKE notification_causes);
    CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
    BEGIN
        INSERT INTO kept_causes SELECT NEW.*;
        RETURN NULL;
    END $$;
    CREATE TRIGGER keeping AFTER INSERT ON notification_causes FOR EACH ROW EXECUTE FUNCTION keep()";

/// Everything that stands in the database about an approval, but for what differs between any two of them.
async fn written(conn: &mut PgConnection, id: &str) -> Value {
    let sql = format!(
        "SELECT json_build_object(
             'approval', (SELECT to_jsonb(t) - '{{id,run_id,task_id,created_at,updated_at,expires_at,resolved_at,
                                                one_vote_by,digest}}'::text[] FROM approval_requests t WHERE t.id = '{id}'),
             'votes', (SELECT json_agg(to_jsonb(t) - '{{id,approval_id,created_at}}'::text[]) FROM approval_decisions t
                        WHERE t.approval_id = '{id}'),
             'records', (SELECT json_agg(to_jsonb(t) - '{{seq,approval_id,at,request_id,detail,before,after}}'::text[]
                                || jsonb_build_object('before', t.before::text, 'after', t.after::text,
                                                      'detail', t.detail::jsonb - 'decision_id',
                                                      'names_the_vote', t.detail ->> 'decision_id' = (
                                       SELECT d.id::text FROM approval_decisions d WHERE d.approval_id = '{id}'))
                                ORDER BY t.seq) FROM audit_log t
                          WHERE t.approval_id = '{id}' AND t.action <> 'approval.requested'),
             'events', (SELECT json_agg(json_build_object('type', t.event_type, 'run', t.run_id, 'session', t.session_id,
                                'data', t.data::jsonb - 'approval_id' - 'resolved_at') ORDER BY t.seq)
                          FROM task_events t WHERE t.data ->> 'approval_id' = '{id}'
                           AND t.event_type <> 'approval_requested'),
             'causes', (SELECT json_agg(to_jsonb(t) - '{{seq,due_at,approval_id}}'::text[] ORDER BY t.seq)
                          FROM kept_causes t WHERE t.approval_id = '{id}'))"
    );
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(conn).await.unwrap()
}

/// A reply without what differs between any two approvals.
fn told(reply: &Reply, id: &str) -> (u16, Value) {
    let mut body = reply.body.clone();
    let within = if body.get("approval").is_some() { &mut body["approval"] } else { &mut body };
    if let Some(approval) = within.as_object_mut() {
        for moment in [
            "created_at",
            "updated_at",
            "expires_at",
            "resolved_at",
            "run_id",
            "task_id",
            "age_seconds",
            "digest",
        ] {
            approval.remove(moment);
        }
    }
    (reply.status, serde_json::from_str(&body.to_string().replace(id, "ID")).unwrap())
}

async fn member(cluster: &Cluster, name: &str, roles: &[&str]) -> Api {
    let key = cluster.member(name).await;
    let mut conn = cluster.database.connect().await;
    let set = "UPDATE principals SET roles = $2 WHERE name = $1";
    sqlx::query(set).bind(name).bind(roles).execute(&mut conn).await.unwrap();
    cluster.api(1, &key)
}

/// Every kind of policy and of vote, once in each way.
#[tokio::test(flavor = "multi_thread")]
async fn g02_one_step_says_and_writes_what_two_do() {
    let cluster = Cluster::start().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = member(&cluster, "ana", &["lead", "ops"]).await;
    let bo = member(&cluster, "bo", &[]).await;
    let mut conn = cluster.database.connect().await;
    conn.execute(KEEPING).await.unwrap();
    let named = json!({ "allowed_approvers": ["ana", "zoe"], "allowed_roles": ["ops", "lead", "qa"] });
    let long = "x".repeat(20_000);
    // What is asked, who answers it how, and whether that takes one step.
    let cases: Vec<(&str, Value, &Api, Value, bool)> = vec![
        ("plain", json!({}), &ana, json!({ "approve": {} }), true),
        (
            "said",
            json!({}),
            &ana,
            json!({ "approve": { "comment": "\"so\"\n", "metadata": { "a": [1.50] } } }),
            true,
        ),
        ("no", json!({}), &ana, json!({ "reject": { "reason": "no", "comment": "never" } }), true),
        ("roles", json!({ "policy": named }), &ana, json!({ "approve": {} }), true),
        ("roles, no", json!({ "policy": named }), &ana, json!({ "reject": { "reason": "no" } }), true),
        ("not named", json!({ "policy": named }), &bo, json!({ "approve": {} }), false),
        ("own", json!({}), &agent, json!({ "approve": {} }), false),
        ("edits", json!({}), &ana, json!({ "approve": { "modifications": { "n": 1 } } }), false),
        ("two", json!({ "policy": { "min_approvers": 2 } }), &ana, json!({ "approve": {} }), false),
        (
            "two, no",
            json!({ "policy": { "rejections_to_reject": 2 } }),
            &ana,
            json!({ "reject": { "reason": "no" } }),
            false,
        ),
        ("large", json!({ "context": { "x": long } }), &ana, json!({ "approve": {} }), false),
        (
            "of a session",
            json!({ "session_id": "s", "job_id": "j", "metadata": { "k": "v" } }),
            &ana,
            json!({ "approve": { "comment": "ok" } }),
            true,
        ),
    ];
    for (what, asked, who, said, is_one_step) in cases {
        let before = in_one_step(&cluster).await;
        let mut results = Vec::new();
        for two in [false, true] {
            let mut asked = asked.clone();
            asked["task_id"] = json!(format!("{what}-{two}").replace([' ', ','], "-"));
            let id = agent.ask(asked).await;
            if two {
                take_two_steps(&mut conn, &id).await;
            }
            let reply = match said.as_object().unwrap().iter().next().unwrap() {
                (verb, body) if verb == "approve" => who.approve_with(&id, body.clone()).await,
                (verb, body) => who.post(&format!("/api/v1/approvals/{id}/{verb}"), body).await,
            };
            assert!([200, 403].contains(&reply.status), "{what}: {reply:#?}");
            assert!(reply.status == 200 || !is_one_step, "{what}: {reply:#?}");
            let again = who.show(&id).await;
            results.push((told(&reply, &id), told(&again, &id), written(&mut conn, &id).await));
        }
        assert_eq!(results[0], results[1], "{what}");
        let took_one = in_one_step(&cluster).await - before;
        assert!((took_one - f64::from(u8::from(is_one_step))).abs() < 0.1, "{what}: {took_one}");
    }
}

/// The versions that a caller names are compared under the lock.
#[tokio::test(flavor = "multi_thread")]
async fn g02_one_step_keeps_to_the_version() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let approve = async |id: &str, version: &str| {
        let path = format!("/api/v1/approvals/{id}/approve");
        Api::send(ana.request(reqwest::Method::POST, &path).header("If-Match", version)).await
    };
    let id = agent.ask(json!({})).await;
    approve(&id, "\"2\"").await.problem(412, "version_conflict");
    assert_eq!(agent.show(&id).await.body["status"], "pending");
    assert_eq!(approve(&id, "\"7\", \"1\"").await.expect(200).body["changed"], true);
    // Once it is decided the same again is the same, whatever version it names.
    assert_eq!(approve(&id, "\"1\"").await.expect(200).body["changed"], false);
    assert!((in_one_step(&cluster).await - 1.0).abs() < 0.1);
}

/// Both ways at once on one approval, from several instances.
#[tokio::test(flavor = "multi_thread")]
async fn g02_one_step_and_two_race() {
    let cluster = Cluster::with(Setup { instances: 3, ..Setup::default() }).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let mut deciders = Vec::new();
    for number in 0..6 {
        deciders.push(cluster.api(number % 3, &cluster.member(&format!("person-{number}")).await));
    }
    let mut conn = cluster.database.connect().await;
    let mut ways = [0, 0];
    for round in 0..60 {
        let id = agent.ask(json!({ "task_id": format!("t-{round}") })).await;
        let races: Vec<_> = deciders
            .iter()
            .enumerate()
            .map(|(number, api)| {
                let (api, id) = (api.clone(), id.clone());
                tokio::task::spawn(async move {
                    match number % 2 {
                        0 => api.approve(&id).await,
                        // Edits are looked at first.
                        _ => api.approve_with(&id, json!({ "modifications": { "n": number } })).await,
                    }
                })
            })
            .collect();
        let mut winners = 0;
        for race in races {
            let reply = race.await.unwrap();
            if reply.status == 200 {
                winners += 1;
                let is_modified = reply.body["approval"]["resolution"] == "modified";
                ways[usize::from(is_modified)] += 1;
            } else {
                reply.problem(409, "already_decided");
            }
        }
        assert_eq!(winners, 1, "round {round}");
        let told: (i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM approval_decisions WHERE approval_id = $1::uuid),
                    (SELECT count(*) FROM audit_log WHERE approval_id = $1::uuid AND action = 'approval.resolved'),
                    (SELECT count(*) FROM task_events WHERE task_id = $2 AND event_type = 'approval_resolved')",
        )
        .bind(&id)
        .bind(format!("t-{round}"))
        .fetch_one(&mut conn)
        .await
        .unwrap();
        assert_eq!(told, (1, 1, 1), "round {round}");
    }
    assert!(ways[0] > 0 && ways[1] > 0, "each way won at times: {ways:?}");
}

/// The deadline passes while the row is locked: the vote comes too late, although it was sent in time.
#[tokio::test(flavor = "multi_thread")]
async fn g02_one_step_waits_for_no_lock() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let id = agent.ask(json!({ "timeout_seconds": 1 })).await;
    let mut conn = cluster.database.connect().await;
    let mut holding = sqlx::Connection::begin(&mut conn).await.unwrap();
    sqlx::query("SELECT FROM approval_requests WHERE id = $1::uuid FOR UPDATE")
        .bind(&id)
        .execute(&mut *holding)
        .await
        .unwrap();
    let late = {
        let (ana, id) = (ana.clone(), id.clone());
        tokio::task::spawn(async move { ana.approve(&id).await })
    };
    // The database's own clock says when it is over.
    sqlx::query("SELECT pg_sleep(extract(epoch FROM expires_at - clock_timestamp()) + 0.05) FROM approval_requests WHERE id = $1::uuid")
        .bind(&id)
        .execute(&mut *holding)
        .await
        .unwrap();
    assert!(!late.is_finished(), "it is waiting for the row");
    holding.rollback().await.unwrap();
    late.await.unwrap().problem(410, "expired");
    assert!(in_one_step(&cluster).await < 0.1);
}

/// What this version can't read it does not decide: an outcome that it can't tell would be none for the caller.
#[tokio::test(flavor = "multi_thread")]
async fn g02_one_step_leaves_what_it_cannot_read() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let mut conn = cluster.database.connect().await;
    conn.execute("ALTER TABLE approval_requests DROP CONSTRAINT approval_is_sound").await.unwrap();
    for of_a_later_version in ["timeout_action = 'approve_by_lot'", "requested_by_name = ''"] {
        let id = agent.ask(json!({})).await;
        let sql = format!("UPDATE approval_requests SET {of_a_later_version} WHERE id = '{id}'");
        conn.execute(AssertSqlSafe(sql)).await.unwrap();
        let body = json!({ "ids": [id], "action": "approve" });
        let told = ana.post("/api/v1/approvals/bulk", &body).await.expect(200).body;
        assert_eq!(told["results"][0]["status"], 500, "{of_a_later_version}: {told}");
        let sql = format!("SELECT status FROM approval_requests WHERE id = '{id}'");
        let status: String = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut conn).await.unwrap();
        assert_eq!(status, "pending", "{of_a_later_version}");
    }
}

/// Of another workspace, or of a policy that this voter is no part of: the row is not even locked, so nothing is written.
#[tokio::test(flavor = "multi_thread")]
async fn g02_one_step_locks_only_what_it_may_decide() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let stranger = cluster.api(0, &cluster.key("other", "ana", &[]).await);
    let mut conn = cluster.database.connect().await;
    let plain = agent.ask(json!({})).await;
    let named = agent.ask(json!({ "policy": { "allowed_approvers": ["zoe"] } })).await;
    // Of the row's lock its `xmax` tells, also when that is over.
    let mut locker = async |id: &str| -> String {
        let sql = format!("SELECT xmax::text FROM approval_requests WHERE id = '{id}'");
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut conn).await.unwrap()
    };
    let before = (locker(&plain).await, locker(&named).await);
    stranger.approve(&plain).await.problem(404, "not_found");
    ana.approve(&named).await.problem(403, "not_eligible");
    assert_eq!((locker(&plain).await, locker(&named).await), before);
}
