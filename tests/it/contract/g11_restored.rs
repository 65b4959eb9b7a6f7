//! G11 behind a database that was set back: a cursor of what was lost is never taken for one of what came instead.

use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, Executor};

use crate::support::{
    Api, Cluster, End, Setup, Socket, TestDatabase, eventually, process::signoff, tools::Dump,
};

/// A log of four events of which the last two will be lost; answers with the cursor of the last.
async fn lose(api: &Api, dump: impl AsyncFnOnce()) -> String {
    api.emit("t", [0, 1]).await;
    dump().await;
    api.emit("t", [2, 3]).await
}

/// The log has grown past what was lost, with other events.
async fn grow(api: &Api) -> String {
    let mut newest = String::new();
    eventually("it takes events again", || async {
        let body = json!({ "events": vec![json!({ "event_type": "output", "data": { "n": 9 } }); 5] });
        api.post("/api/v1/tasks/t/events", &body).await.status == 202
    })
    .await;
    for n in 10..12 {
        newest = api.emit("t", [n]).await;
    }
    newest
}

/// Nobody believes it, on sockets or off them; what is issued now is believed.
async fn is_refused(api: &Api, lost: &str, newest: &str) {
    let socket = Socket::resume(api, "t", lost).await;
    assert_eq!(socket.hello["data"]["recovered"], false, "{lost}");
    assert!(socket.hello["data"]["pending"].is_array());
    let replay = async |cursor: &str| {
        api.get(&format!("/api/v1/tasks/t/events?after={cursor}")).await.expect(200).body
    };
    let page = replay(lost).await;
    assert_eq!(page["recovered"], false, "{lost}");
    assert_eq!(page["items"][0]["data"]["n"], 0, "from the oldest on");
    let first = page["items"][0]["cursor"].as_str().unwrap();
    for (cursor, missing) in [(newest, 0), (first, page["items"].as_array().unwrap().len() - 1)] {
        let page = replay(cursor).await;
        assert_eq!(
            (&page["recovered"], page["items"].as_array().unwrap().len()),
            (&json!(true), missing),
            "{cursor}"
        );
        let socket = Socket::resume(api, "t", cursor).await;
        assert_eq!(socket.hello["data"]["recovered"], true, "{cursor}");
    }
}

/// It is told when to come again, and with which cursor.
async fn is_handed_over(mut socket: Socket, seen: &str) {
    let end = loop {
        match socket.frame().await {
            // It comes first, unless the record of the connection was seen to be gone before that.
            Ok(event) if event["event_type"] == "reconnect" => assert_eq!(event["data"]["cursor"], seen),
            Ok(_) => {}
            Err(end) => break end,
        }
    };
    assert_eq!(end, End::Closed(1012, "restarting".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn g11_a_backup_in_a_new_database() {
    let cluster = Cluster::start().await.connected().await;
    let key = cluster.member("agent").await;
    let dump = Dump::new();
    let lost = lose(&cluster.api(0, &key), async || dump.take(&cluster.database.admin_url).await).await;
    let restored = TestDatabase::empty().await;
    dump.restore(&restored.admin_url, &[]).await;
    let restored = Cluster::on(restored, Setup::default()).await.connected().await;
    let newest = grow(&restored.api(0, &key)).await;
    for instance in [0, 1] {
        is_refused(&restored.api(instance, &key), &lost, &newest).await;
    }
    // The lost future of this one, too, is not that of the next.
    let again = TestDatabase::empty().await;
    dump.restore(&again.admin_url, &[]).await;
    let again = Cluster::on(again, Setup::default()).await.connected().await;
    let newer = grow(&again.api(0, &key)).await;
    is_refused(&again.api(1, &key), &newest, &newer).await;
    is_refused(&again.api(0, &key), &lost, &newer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g11_a_backup_over_the_same_database() {
    let cluster = Cluster::start().await.connected().await;
    let api = cluster.api(0, &cluster.member("agent").await);
    let dump = Dump::new();
    let lost = lose(&api, async || dump.take(&cluster.database.admin_url).await).await;
    let socket = Socket::resume(&api, "t", &lost).await;
    dump.restore(&cluster.database.admin_url, &["--clean", "--if-exists", "--single-transaction"]).await;
    is_handed_over(socket, &lost).await;
    let newest = grow(&api).await;
    for instance in [0, 1] {
        eventually("each instance knows", || async {
            cluster.instances[instance].app.database.epoch().is_ok_and(|epoch| epoch.0 != 0)
        })
        .await;
        let api = Api::new(&cluster.instances[instance].url, &api.key);
        is_refused(&api, &lost, &newest).await;
    }
}

/// A standby that took over has another timeline, and a restore by files another identifier. Where neither tells, an
/// operator does.
#[tokio::test(flavor = "multi_thread")]
async fn g11_a_standby_that_took_over_and_an_operator_who_says_so() {
    let cluster = Cluster::start().await.connected().await;
    let key = cluster.member("agent").await;
    let (one, two) = (cluster.api(0, &key), cluster.api(1, &key));
    let mut seen = one.emit("t", [0]).await;
    let undecided = one.ask(json!({ "task_id": "another" })).await;
    let mut conn = cluster.database.connect().await;
    for how in ["another timeline", "another server", "by hand"] {
        let mut socket = Socket::resume(&one, "t", &seen).await;
        assert_eq!(socket.hello["data"]["recovered"], true, "{how}");
        // A wait that is under way holds nothing up.
        socket.send(json!({ "type": "wait_for_approval", "approval_id": undecided })).await;
        eventually("it waits", || async { cluster.waiting(0) == 1 }).await;
        let set = |part: &str| {
            AssertSqlSafe(format!(
                "UPDATE log_epoch SET identity = {part}, writer = pg_current_xact_id()::xid::text"
            ))
        };
        match how {
            "another timeline" => {
                conn.execute(set("replace(identity, '/00000001/', '/00000007/')")).await.unwrap();
            }
            "another server" => {
                conn.execute(set("'7' || identity")).await.unwrap();
            }
            _ => {
                let said = signoff(&["restored"], &[("DATABASE_URL", &cluster.database.url)]).await;
                assert!(said.status.success(), "{said:?}");
            }
        }
        is_handed_over(socket, &seen).await;
        eventually("the wait has ended with its socket", || async { cluster.waiting(0) == 0 }).await;
        let newest = one.emit("t", [10]).await;
        eventually("the other instance knows", || async {
            let page = two.get(&format!("/api/v1/tasks/t/events?after={seen}")).await;
            page.status == 200 && page.body["recovered"] == false
        })
        .await;
        for api in [&one, &two] {
            is_refused(api, &seen, &newest).await;
        }
        seen = newest;
    }
}

/// Who only serves callers can't begin another life.
#[tokio::test(flavor = "multi_thread")]
async fn g11_only_background_work_and_operators_mark_a_life() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    for role in ["signoff_app", "signoff_commit", "signoff_read", "signoff_notify", "signoff_auth"] {
        let options: sqlx::postgres::PgConnectOptions = cluster.database.url.parse().unwrap();
        let mut conn = sqlx::PgConnection::connect_with(&options.options([("role", role)])).await.unwrap();
        assert!(conn.execute("UPDATE log_epoch SET epoch = 7").await.is_err(), "{role}");
        assert!(conn.execute("DELETE FROM log_epoch").await.is_err(), "{role}");
    }
}

/// Nothing that an ordinary life brings begins another: neither restarts of ours, nor upkeep of Postgres.
#[tokio::test(flavor = "multi_thread")]
async fn g11_an_ordinary_life_is_one_life() {
    let database = TestDatabase::new().await;
    let cluster = Cluster::on(database, Setup::default()).await.connected().await;
    let key = cluster.member("agent").await;
    let cursor = cluster.api(0, &key).emit("t", [0]).await;
    let mut conn = cluster.database.connect().await;
    for upkeep in ["VACUUM (FREEZE) log_epoch", "VACUUM (FULL) log_epoch", "CHECKPOINT"] {
        conn.execute(upkeep).await.unwrap();
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await
        .unwrap();
        eventually("it goes on, and believes the cursor", || async {
            let page = cluster.api(0, &key).get(&format!("/api/v1/tasks/t/events?after={cursor}")).await;
            assert!(page.status != 200 || page.body["recovered"] == true, "{upkeep}: {page:?}");
            page.status == 200
        })
        .await;
    }
    assert_eq!(cluster.instances[0].app.database.epoch().unwrap().0, 0);
    // A cursor as instances of older versions issue and read them.
    assert!(cursor.bytes().all(|byte| byte.is_ascii_digit()), "{cursor}");
}
