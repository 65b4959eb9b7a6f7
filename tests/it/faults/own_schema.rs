//! A database with a schema of its own in the search path.

use serde_json::json;
use sqlx::{AssertSqlSafe, Executor};

use crate::support::{Cluster, Setup, TestDatabase, process::signoff};

async fn migrate(database: &TestDatabase) -> (i32, String) {
    let environment = [("SIGNOFF_DATABASE_OWNER_URL", database.admin_url.as_str())];
    let output = signoff(&["migrate", "up", "--login", "signoff_it"], &environment).await;
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_path_moves_no_table() {
    // It makes the login.
    drop(TestDatabase::new().await);
    let database = TestDatabase::empty().await;
    let mut admin = database.connect().await;
    admin.execute("CREATE SCHEMA app").await.unwrap();
    let set = format!("ALTER DATABASE {} SET search_path = app, public", database.name);
    admin.execute(AssertSqlSafe(set)).await.unwrap();
    let (code, said) = migrate(&database).await;
    assert_eq!(code, 0, "{said}");
    let environment = [("DATABASE_URL", database.url.as_str())];
    let made = signoff(&["keys", "create", "--workspace", "acme", "--principal", "ana"], &environment).await;
    assert!(made.status.success(), "{made:?}");
    let key = String::from_utf8(made.stdout).unwrap();
    let cluster = Cluster::on(database, Setup { instances: 1, ..Setup::default() }).await;
    let api = cluster.api(0, key.trim());
    let id = api.ask(json!({ "title": "may I?" })).await;
    api.cancel(&id, "no").await.expect(200);
    let found = api.get("/api/v1/approvals/history?q=may").await.expect(200);
    assert_eq!(found.body["items"].as_array().unwrap().len(), 1);
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM pg_class WHERE relnamespace = 'app'::regnamespace")
            .fetch_one(&mut admin)
            .await
            .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_in_another_schema_are_refused_in_words() {
    let database = TestDatabase::new().await;
    let mut admin = database.connect().await;
    // As earlier versions made them.
    admin.execute("ALTER SCHEMA public RENAME TO app").await.unwrap();
    admin.execute("CREATE SCHEMA public").await.unwrap();
    let (code, said) = migrate(&database).await;
    assert!(code == 14 && said.contains("are in the schema app") && said.contains("public"), "{said}");
    admin.execute("DROP SCHEMA public").await.unwrap();
    admin.execute("DROP SCHEMA app CASCADE").await.unwrap();
    let (code, said) = migrate(&database).await;
    assert!(code == 14 && said.contains("CREATE SCHEMA IF NOT EXISTS public"), "{said}");
}
