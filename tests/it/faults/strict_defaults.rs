//! A database whose defaults would change what statements mean, or end sessions: ours don't take them.

use serde_json::json;

use crate::support::{Cluster, Setup, TestDatabase, process::signoff};

const DEFAULTS: [(&str, &str); 17] = [
    ("default_transaction_isolation", "serializable"),
    ("default_transaction_deferrable", "on"),
    ("row_security", "off"),
    ("search_path", "elsewhere"),
    ("DateStyle", "'SQL, DMY'"),
    ("IntervalStyle", "sql_standard"),
    ("TimeZone", "'Asia/Kathmandu'"),
    ("bytea_output", "escape"),
    ("standard_conforming_strings", "off"),
    ("array_nulls", "off"),
    ("transform_null_equals", "on"),
    ("gin_fuzzy_search_limit", "1"),
    ("exit_on_error", "on"),
    ("idle_session_timeout", "50"),
    ("statement_timeout", "1"),
    ("lock_timeout", "1"),
    ("idle_in_transaction_session_timeout", "1"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn votes_race_as_they_do_elsewhere() {
    let database = TestDatabase::new().await;
    let mut admin = database.connect().await;
    for (name, value) in DEFAULTS {
        let set = format!("ALTER DATABASE {} SET {name} = {value}", database.name);
        sqlx::query(sqlx::AssertSqlSafe(set)).execute(&mut admin).await.unwrap();
    }
    // This test's own sessions need them no more than ours do.
    let login = database.name.clone();
    let mut keys = Vec::new();
    let environment = [("DATABASE_URL", database.url.clone())];
    let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, &**value)).collect();
    for n in 0..25 {
        let name = format!("p{n}");
        let made =
            signoff(&["keys", "create", "--workspace", "acme", "--principal", &name], &environment).await;
        assert!(made.status.success(), "{login}: {made:?}");
        keys.push(String::from_utf8(made.stdout).unwrap().trim().to_owned());
    }
    let cluster = Cluster::on(database, Setup::default()).await.connected().await;
    let asker = cluster.api(0, &keys[0]);
    for round in 0..3 {
        let id = asker.ask(json!({ "policy": { "min_approvers": 24 } })).await;
        let votes: Vec<_> = keys[1..]
            .iter()
            .enumerate()
            .map(|(n, key)| {
                let (api, id) = (cluster.api(n % 2, key), id.clone());
                tokio::task::spawn(async move { api.approve(&id).await })
            })
            .collect();
        for vote in votes {
            assert_eq!(vote.await.unwrap().expect(200).body["changed"], true, "round {round}");
        }
        let approval = asker.show(&id).await.expect(200).body;
        assert_eq!((&approval["status"], &approval["resolution"]), (&json!("resolved"), &json!("approved")));
    }
    let verified = signoff(&["audit", "verify"], &environment).await;
    assert!(verified.status.success(), "{verified:?}");
    let history = asker.get("/api/v1/approvals/history?q=plan_approval").await.expect(200);
    assert_eq!(history.body["items"].as_array().unwrap().len(), 3);
}
