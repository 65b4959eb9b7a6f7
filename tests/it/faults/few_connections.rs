//! Postgres gives fewer connections than the pools want: each kind of call goes on with what there is, and the cause is
//! named.

use futures_util::future::join_all;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::support::{
    Cluster, Setup, TestDatabase, command::Running, database::admin, eventually, process::signoff, unique,
    variable,
};

/// A login that may have so many connections. Dropped with it, and with what is connected as it.
struct Login {
    name: String,
    url: String,
}

impl Login {
    async fn new(database: &TestDatabase, limit: u32) -> Self {
        let name = unique("it_few");
        let mut admin = admin().await;
        let create = format!("CREATE ROLE {name} LOGIN PASSWORD 'few' CONNECTION LIMIT {limit}");
        admin.execute(AssertSqlSafe(create)).await.unwrap();
        admin.execute(AssertSqlSafe(format!("GRANT signoff_app TO {name}"))).await.unwrap();
        let place = database.url.rsplit_once('@').unwrap().1;
        let url = format!("postgres://{name}:few@{place}");
        Self { name, url }
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        let drop_role = format!("DROP ROLE {}", self.name);
        // The test's runtime may be going away; this one needs nothing of it.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { admin().await.execute(AssertSqlSafe(drop_role)).await.map(drop) })
        });
        if let Ok(Err(error)) = dropping.join() {
            eprintln!("a test's login stays behind: {error}");
        }
    }
}

async fn readiness(cluster: &Cluster) -> serde_json::Value {
    let url = format!("{}/readyz", cluster.instances[0].url);
    crate::support::client::get(url).await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_kind_of_call_goes_on_with_what_there_is() {
    let database = TestDatabase::new().await;
    let login = Login::new(&database, 9).await;
    let setup = Setup { instances: 1, database_url: Some(login.url.clone()), ..Setup::default() };
    let cluster = Cluster::on(database, setup).await.connected().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let id = asker.ask(json!({})).await;
    let pools = &cluster.instances[0].app.database;
    // More at once than there are connections.
    let rush = || async {
        let lists = join_all((0..8).map(|_| ana.get("/api/v1/approvals/pending")));
        let shown = join_all((0..8).map(|_| ana.show(&id)));
        let created = join_all((0..8).map(|_| asker.create(json!({}))));
        let (lists, shown, created) = tokio::join!(lists, shown, created);
        lists.into_iter().chain(shown).chain(created).map(|reply| reply.status).collect::<Vec<_>>()
    };
    eventually("it is noticed", || async {
        rush().await;
        pools.is_short()
    })
    .await;
    let ready = readiness(&cluster).await;
    assert_eq!((&ready["status"], &ready["parts"]["connections"]), (&json!("degraded"), &json!("down")));
    for round in 0..5 {
        let statuses = rush().await;
        assert!(statuses.iter().all(|status| [200, 201].contains(status)), "round {round}: {statuses:?}");
    }
    // One pool loses its only connection, and another takes the room: it gets one of the others'.
    let mut held = Vec::new();
    while let Ok(conn) = PgConnection::connect(&login.url).await {
        held.push(conn);
    }
    drop(pools.auth.checkout().await.unwrap());
    eventually("its room is taken", || async {
        rush().await;
        PgConnection::connect(&login.url).await.is_err()
    })
    .await;
    drop(held);
    eventually("each kind of call succeeds", || async {
        let unseen = cluster.api(0, &cluster.member(&unique("p")).await);
        unseen.show(&id).await.status == 200 && asker.create(json!({})).await.status == 201
    })
    .await;
    // More are to be had: they are taken again.
    let mut admin = admin().await;
    admin.execute(AssertSqlSafe(format!("ALTER ROLE {} CONNECTION LIMIT 60", login.name))).await.unwrap();
    crate::support::within(std::time::Duration::from_mins(2), "it is over", || async {
        readiness(&cluster).await["parts"]["connections"] == "up"
    })
    .await;
    let Cluster { database, instances, .. } = cluster;
    for instance in &instances {
        instance.app.drain().await;
    }
    drop((database, login));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cause_is_named() {
    let database = TestDatabase::new().await;
    let login = Login::new(&database, 3).await;
    let redis = variable("REDIS_URL");
    let environment = [("SIGNOFF_DATABASE_URL", login.url.as_str()), ("SIGNOFF_REDIS_URL", redis.as_str())];
    let checked = signoff(&["check"], &environment).await;
    let said = String::from_utf8(checked.stdout).unwrap();
    assert_eq!(checked.status.code(), Some(14), "{said}");
    assert!(said.contains("Postgres gives this login 3 in all"), "{said}");
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--set", "operator.listen="];
    let mut serving = Running::start(&arguments, &environment);
    let line = serving.stderr.until("too many connections for role").await;
    assert!(
        line.contains("WARN") && line.contains("no further connection to Postgres can be opened"),
        "{line}"
    );
    serving.signal("TERM");
    serving.end().await;
    drop(login);
}
