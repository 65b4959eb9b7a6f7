//! G18: every record gets one link, in one chain for each workspace, whoever links, and however late it turns up.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use signoff::{
    audit::chainer::{Chainer, Done},
    config::{Config, Sources},
    store::{self, Database},
};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::support::{Cluster, Setup, TestDatabase, eventually, process::signoff};

const ADD: &str = "INSERT INTO audit_log (workspace_id, at, action, via, detail)
    VALUES ((SELECT id FROM workspaces ORDER BY name LIMIT 1), clock_timestamp(), 'test', 'human', '{}')";

/// Pools of no instance. They open connections once they know which database it is.
async fn database(of: &TestDatabase) -> Database {
    let flags = vec![("database.url".to_owned(), of.url.clone())];
    let config = Config::from_layers(&Sources { file: None, flags }, |_| None).unwrap();
    let database = Database::new(of.url.parse().unwrap(), (&config).into());
    database.probe(|_| {}).await.unwrap();
    database
}

/// Links all there is, as an instance would.
pub async fn link(of: &TestDatabase) {
    let (database, mut chainer) = (database(of).await, Chainer::new("test"));
    // Who linked a moment ago comes first.
    while rounds(&mut chainer, &database).await.stood_back {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    database.close().await;
}

/// Rounds until there is nothing to do at once. One that finds no connection in time comes again, as an instance's does.
async fn rounds(chainer: &mut Chainer, database: &Database) -> Done {
    let mut in_vain = 0;
    loop {
        match chainer.round(&database.work, signoff::audit::chainer::PAGE).await {
            Ok(done) if !done.more => return done,
            Ok(_) => {}
            Err(store::Error::Unavailable(sqlx::Error::PoolTimedOut)) if in_vain < 10 => in_vain += 1,
            Err(error) => panic!("{error}"),
        }
    }
}

async fn number(conn: &mut PgConnection, query: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(conn).await.unwrap()
}

async fn unlinked(conn: &mut PgConnection) -> i64 {
    number(
        conn,
        "SELECT count(*) FROM audit_log l LEFT JOIN audit_chain c ON c.seq = l.seq WHERE c.seq IS NULL",
    )
    .await
}

/// Waits until each record is linked, and known to be.
pub async fn all_linked(database: &TestDatabase) {
    let conn = Arc::new(tokio::sync::Mutex::new(database.connect().await));
    eventually("every record is linked, and known to be", || async {
        let mut conn = conn.lock().await;
        unlinked(&mut conn).await == 0
            && number(&mut conn, "SELECT complete - (SELECT max(seq) FROM audit_log) FROM audit_progress")
                .await
                >= 0
    })
    .await;
}

/// One chain for each workspace, without gaps, with each record in it once; by SQL and by the verifier.
async fn whole(database: &TestDatabase) {
    let mut conn = database.connect().await;
    let uneven = "SELECT count(*) FROM (SELECT workspace_id FROM audit_chain GROUP BY workspace_id
                   HAVING max(position) <> count(*) OR min(position) <> 1) w";
    assert_eq!(number(&mut conn, uneven).await, 0);
    let (rows, links) = ("SELECT count(*) FROM audit_log", "SELECT count(DISTINCT seq) FROM audit_chain");
    assert_eq!(number(&mut conn, rows).await, number(&mut conn, links).await);
    let output = signoff(&["audit", "verify"], &[("DATABASE_URL", &database.url)]).await;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    conn.close().await.unwrap();
}

/// Three instances write and link; a transaction of somebody else's, with a number of its own, stays open all along.
#[tokio::test(flavor = "multi_thread")]
async fn g18_linking_waits_for_nobody() {
    let cluster = Cluster::with(Setup { instances: 3, ..Setup::default() }).await;
    let key = cluster.key("acme", "agent", &["workspace:admin"]).await;
    let mut conn = cluster.database.connect().await;
    let mut foreign = cluster.database.connect().await;
    foreign.execute("BEGIN").await.unwrap();
    let early: i64 = sqlx::query_scalar(AssertSqlSafe(format!("{ADD} RETURNING seq")))
        .fetch_one(&mut foreign)
        .await
        .unwrap();

    let writing = (0..3).map(|instance| {
        let api = cluster.api(instance, &key);
        async move {
            for _ in 0..30 {
                let id = api.ask(json!({})).await;
                api.cancel(&id, "no").await.expect(200);
            }
        }
    });
    futures_util::future::join_all(writing).await;
    let number_of = Arc::new(tokio::sync::Mutex::new(cluster.database.connect().await));
    eventually("everything that can be seen is linked", || async {
        unlinked(&mut *number_of.lock().await).await == 0
    })
    .await;
    let linked = number(&mut conn, "SELECT count(*) FROM audit_chain").await;
    assert!(linked >= 180, "{linked}");
    let complete = "SELECT complete FROM audit_progress";
    assert!(number(&mut conn, complete).await < early, "its number was passed over");

    foreign.execute("COMMIT").await.unwrap();
    all_linked(&cluster.database).await;
    let place = format!("SELECT position FROM audit_chain WHERE seq = {early}");
    let last =
        "SELECT max(c.position) FROM audit_chain c JOIN audit_log l USING (seq) WHERE l.action = 'test'";
    assert_eq!(number(&mut conn, &place).await, number(&mut conn, last).await);
    assert!(number(&mut conn, complete).await >= early);
    whole(&cluster.database).await;
    let mut total = 0.0;
    for instance in &cluster.instances {
        total += instance.metric("signoff_audit_links_total").await;
    }
    assert!(total >= 181.0, "{total}");
}

/// Every order in which two transactions can begin, take numbers and commit around the looks of a chainer.
#[tokio::test(flavor = "multi_thread")]
async fn g18_what_commits_late_is_linked_once() {
    let of = TestDatabase::new().await;
    let mut conn = of.connect().await;
    crate::support::cluster::make_key(&of, "acme", "agent", &[]).await;
    let database = database(&of).await;
    // The sequence begins anew: the very first number is taken late.
    conn.execute("TRUNCATE audit_log RESTART IDENTITY").await.unwrap();
    let mut chainer = Chainer::new("one");
    let nothing = rounds(&mut chainer, &database).await;
    assert_eq!((nothing.links, nothing.unlinked), (0, 0));

    let mut late = of.connect().await;
    late.execute("BEGIN").await.unwrap();
    late.execute(ADD).await.unwrap();
    for _ in 0..3 {
        assert_eq!(rounds(&mut chainer, &database).await.links, 0);
    }
    // Transactions that begin and end meanwhile move everything but the one that is open.
    for _ in 0..5 {
        conn.execute(ADD).await.unwrap();
        assert_eq!(rounds(&mut chainer, &database).await.links, 1);
        conn.execute("SELECT pg_current_xact_id()").await.unwrap();
    }
    // Another that knows nothing, and one that ended without a trace.
    let mut undone = of.connect().await;
    undone.execute("BEGIN").await.unwrap();
    undone.execute(ADD).await.unwrap();
    conn.execute(ADD).await.unwrap();
    let mut other = Chainer::new("one");
    assert_eq!(rounds(&mut other, &database).await.links, 1);
    undone.execute("ROLLBACK").await.unwrap();
    assert_eq!(rounds(&mut chainer, &database).await.links, 0);
    late.execute("COMMIT").await.unwrap();
    assert_eq!(rounds(&mut chainer, &database).await.links, 1, "what came late");
    assert_eq!(rounds(&mut other, &database).await.links, 0, "and once");
    let last = "SELECT seq FROM audit_chain ORDER BY position DESC LIMIT 1";
    assert_eq!(number(&mut conn, last).await, 1);
    // When all is over, nothing is looked at any more. Transactions of other databases of the server count too.
    let behind = "SELECT last_value - complete FROM audit_progress, audit_log_seq_seq";
    while number(&mut conn, behind).await > 0 {
        rounds(&mut chainer, &database).await;
    }
    whole(&of).await;
    database.close().await;
}

/// An owner of a number that began after the last transaction that ended: the newest that was seen to end says
/// nothing of it.
#[tokio::test(flavor = "multi_thread")]
async fn g18_a_number_is_not_passed_over() {
    let of = TestDatabase::new().await;
    crate::support::cluster::make_key(&of, "acme", "agent", &[]).await;
    let database = database(&of).await;
    let mut chainer = Chainer::new("one");
    let mut conn = of.connect().await;
    let mut owner = of.connect().await;
    for _ in 0..20 {
        owner.execute("BEGIN").await.unwrap();
        owner.execute(ADD).await.unwrap();
        conn.execute(ADD).await.unwrap();
        for _ in 0..4 {
            rounds(&mut chainer, &database).await;
        }
        owner.execute("COMMIT").await.unwrap();
        rounds(&mut chainer, &database).await;
        assert_eq!(unlinked(&mut conn).await, 0);
    }
    whole(&of).await;
    database.close().await;
}

/// Chainers that don't stand back for each other, writers that commit and roll back in any order.
#[tokio::test(flavor = "multi_thread")]
async fn g18_chainers_at_once_make_one_chain() {
    let of = Arc::new(TestDatabase::new().await);
    crate::support::cluster::make_key(&of, "acme", "agent", &[]).await;
    crate::support::cluster::make_key(&of, "beta", "agent", &[]).await;
    let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let mut chainers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (of, done, database) = (of.clone(), done.clone(), database(&of).await);
        chainers.spawn(async move {
            let mut chainer = Chainer::new("one of many");
            let mut links = 0;
            let mut conn = of.connect().await;
            loop {
                let over = done.load(std::sync::atomic::Ordering::Acquire);
                links += rounds(&mut chainer, &database).await.links;
                if over && unlinked(&mut conn).await == 0 {
                    break;
                }
            }
            database.close().await;
            links
        });
    }
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..6 {
        let of = of.clone();
        writers.spawn(async move {
            let mut conn = of.connect().await;
            for round in 0..40 {
                let mut transaction = conn.begin().await.unwrap();
                for _ in 0..=(round + writer) % 4 {
                    let add = ADD.replace("ORDER BY name", "ORDER BY random()");
                    transaction.execute(AssertSqlSafe(add)).await.unwrap();
                }
                if (round + writer) % 5 == 0 {
                    transaction.rollback().await.unwrap();
                } else {
                    transaction.commit().await.unwrap();
                }
            }
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer.unwrap();
    }
    done.store(true, std::sync::atomic::Ordering::Release);
    let links: Vec<usize> = chainers.join_all().await;
    assert!(links.iter().filter(|links| **links > 0).count() > 1, "only one of them linked: {links:?}");
    whole(&of).await;
}

/// Connections of whoever links are cut in the middle of it, again and again.
#[tokio::test(flavor = "multi_thread")]
async fn g18_linking_survives_its_connections() {
    let cluster = Cluster::start().await;
    cluster.key("acme", "agent", &[]).await;
    let mut conn = cluster.database.connect().await;
    for _ in 0..6 {
        for _ in 0..5 {
            conn.execute(ADD).await.unwrap();
        }
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE datname = current_database() AND application_name = 'signoff' AND query ILIKE '%audit_%'",
        )
        .await
        .unwrap();
        let before = number(&mut conn, "SELECT count(*) FROM audit_chain").await;
        let looking = Arc::new(tokio::sync::Mutex::new(cluster.database.connect().await));
        eventually("linking goes on", || async {
            number(&mut *looking.lock().await, "SELECT count(*) FROM audit_chain").await > before
        })
        .await;
    }
    all_linked(&cluster.database).await;
    whole(&cluster.database).await;
}

/// An instance that is stopped in its tracks holds nobody up: what it held ends with its transaction.
#[tokio::test(flavor = "multi_thread")]
async fn g18_who_holds_the_lock_may_die() {
    let cluster = Cluster::start().await;
    cluster.key("acme", "agent", &[]).await;
    all_linked(&cluster.database).await;
    let mut dying = cluster.database.connect().await;
    let mut conn = cluster.database.connect().await;
    dying.execute("BEGIN").await.unwrap();
    dying.execute("SELECT pg_advisory_xact_lock(7303)").await.unwrap();
    let pid = number(&mut dying, "SELECT pg_backend_pid()::bigint").await;
    conn.execute(ADD).await.unwrap();
    let waiting = Arc::new(tokio::sync::Mutex::new(cluster.database.connect().await));
    // Both have looked, and left it alone.
    let rounds = async || {
        let of = |instance: &crate::support::cluster::Instance| {
            let (url, name) =
                (instance.operator_url.clone(), "signoff_sweeps_total{sweep=\"audit\",result=\"ok\"}");
            async move {
                let text = crate::support::client::get(format!("{url}/metrics"))
                    .await
                    .unwrap()
                    .text()
                    .await
                    .unwrap();
                let line = text.lines().find_map(|line| line.strip_prefix(name));
                line.map_or(0.0, |value| value.trim().parse::<f64>().unwrap())
            }
        };
        of(&cluster.instances[0]).await.min(of(&cluster.instances[1]).await)
    };
    let before = rounds().await;
    eventually("rounds go by", || async { rounds().await > before + 2.0 }).await;
    assert_eq!(unlinked(&mut *waiting.lock().await).await, 1);
    conn.execute(AssertSqlSafe(format!("SELECT pg_terminate_backend({pid})"))).await.unwrap();
    all_linked(&cluster.database).await;
    whole(&cluster.database).await;
}

/// A dump of one server counts transactions that another has not got to.
#[tokio::test(flavor = "multi_thread")]
async fn g18_a_restored_dump_goes_on() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    cluster.key("acme", "agent", &[]).await;
    all_linked(&cluster.database).await;
    let mut conn = cluster.database.connect().await;
    conn.execute(AssertSqlSafe(format!(
        "BEGIN; {ADD}; UPDATE audit_progress SET candidate = complete + 1, horizon = 4000000000000; COMMIT"
    )))
    .await
    .unwrap();
    all_linked(&cluster.database).await;
    whole(&cluster.database).await;
}

/// Whoever an instance is, or becomes, for the database: it can't change what is on record.
#[tokio::test(flavor = "multi_thread")]
async fn g18_instances_may_only_append() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    cluster.key("acme", "agent", &[]).await;
    all_linked(&cluster.database).await;
    let mut conn = PgConnection::connect(&cluster.database.url).await.unwrap();
    for role in signoff::store::login::ROLES {
        conn.execute(AssertSqlSafe(format!("SET ROLE {role}"))).await.unwrap();
        for table in ["audit_log", "audit_chain", "audit_checkpoints"] {
            for sql in [
                format!("UPDATE {table} SET workspace_id = workspace_id"),
                format!("DELETE FROM {table}"),
                format!("TRUNCATE {table}"),
                format!("ALTER TABLE {table} DISABLE TRIGGER ALL"),
                format!("DROP TABLE {table}"),
            ] {
                let error = conn.execute(AssertSqlSafe(sql.clone())).await.expect_err(&sql);
                let code = error
                    .as_database_error()
                    .and_then(sqlx::error::DatabaseError::code)
                    .map(|it| it.to_string());
                assert_eq!(code.as_deref(), Some("42501"), "{role}: {sql}: {error}");
            }
        }
    }
}
