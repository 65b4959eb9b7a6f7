//! Backups with Postgres' own tools, as the login that is made for it: whole, or refused.

use serde_json::json;
use sqlx::{AssertSqlSafe, Executor};

use crate::support::{Cluster, Setup, TestDatabase, database::admin, process::signoff, tools::Dump, unique};

/// Made by the file that operators run, under a name of its own. Dropped with it.
struct BackupLogin(String);

impl BackupLogin {
    async fn new() -> Self {
        let name = unique("it_backup");
        let make = include_str!("../../../deploy/postgres/backup.sql").replace("signoff_backup", &name);
        let mut admin = admin().await;
        admin.execute(AssertSqlSafe(make)).await.unwrap();
        admin.execute(AssertSqlSafe(format!("ALTER ROLE {name} PASSWORD 'backup'"))).await.unwrap();
        Self(name)
    }

    fn url(&self, database: &TestDatabase) -> String {
        let place = database.url.rsplit_once('@').unwrap().1;
        format!("postgres://{}:backup@{place}", self.0)
    }
}

impl Drop for BackupLogin {
    fn drop(&mut self) {
        let drop_role = format!("DROP ROLE {}", self.0);
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

async fn rows(url: &str) -> (i32, String) {
    let output = signoff(&["check", "--rows"], &[("SIGNOFF_DATABASE_BACKUP_URL", url)]).await;
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_of_the_backup_login_is_whole() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let (agent, key) = (cluster.member("agent").await, cluster.member("ana").await);
    let (asker, ana) = (cluster.api(0, &agent), cluster.api(0, &key));
    let pending = asker.ask(json!({})).await;
    for n in 0..3 {
        let id = asker.ask(json!({ "title": format!("number {n}") })).await;
        ana.approve(&id).await.expect(200);
        asker.emit("t", [n]).await;
    }
    // Nothing is written any more: the counts belong to the dump.
    let Cluster { database, instances, .. } = cluster;
    for instance in &instances {
        instance.app.drain().await;
    }
    let login = BackupLogin::new().await;
    let (code, original) = rows(&login.url(&database)).await;
    assert_eq!(code, 0, "{original}");
    let line = |table: &str| original.lines().find(|line| line.ends_with(&format!("  {table}"))).unwrap();
    assert!(line("approval_requests").trim().starts_with("4 "), "{original}");
    let dump = Dump::new();
    dump.try_take(&login.url(&database), &[]).await.unwrap();

    let restored = TestDatabase::empty().await;
    dump.restore(&restored.admin_url, &[]).await;
    assert_eq!(rows(&login.url(&restored)).await, (0, original));
    let verified = signoff(&["audit", "verify"], &[("DATABASE_URL", &restored.url)]).await;
    assert!(verified.status.success(), "{verified:?}");
    // It goes on from there.
    let again = Cluster::on(restored, Setup { instances: 1, ..Setup::default() }).await;
    assert_eq!(again.api(0, &key).approve(&pending).await.expect(200).body["changed"], true);
    drop((database, again));
    drop(login);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_sees_only_some_rows_takes_no_backup() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    cluster.member("agent").await;
    let (code, said) = rows(&cluster.database.url).await;
    assert!(code == 14 && said.contains("BYPASSRLS"), "{said}");
    let failed = Dump::new().try_take(&cluster.database.url, &[]).await.unwrap_err();
    assert!(failed.contains("permission denied") || failed.contains("row-level security"), "{failed}");
}
