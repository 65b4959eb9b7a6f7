//! A chain to be broken, for what G18 promises.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor, PgConnection};

use crate::support::{Cluster, Setup, process::signoff};

/// A chain of some length in `acme`, and another beside it, to be broken.
pub struct Ledger {
    pub cluster: Cluster,
    pub admin: PgConnection,
    /// Where acme's chain ends.
    pub end: i64,
}

const TABLES: [&str; 3] = ["audit_log", "audit_chain", "audit_checkpoints"];

impl Ledger {
    pub async fn new() -> Self {
        let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
        let api = cluster.api(0, &cluster.key("acme", "agent", &["workspace:admin"]).await);
        let other = cluster.api(0, &cluster.key("other", "agent", &["workspace:admin"]).await);
        for _ in 0..6 {
            let id = api.ask(json!({})).await;
            api.cancel(&id, "no").await.expect(200);
            other.ask(json!({})).await;
        }
        let admin = cluster.database.connect().await;
        let mut me = Self { cluster, admin, end: 0 };
        me.linked().await;
        // Nobody links any more: what is broken stays as it is.
        assert!(me.cluster.instances[0].app.drain().await);
        me.end = me.number(&format!("SELECT max(position) FROM audit_chain WHERE {ACME}")).await;
        assert!(me.end >= 14, "{}", me.end);
        for table in TABLES {
            me.sql(&format!("CREATE TABLE kept_{table} AS TABLE {table}")).await;
        }
        me
    }

    /// Waits until each record is linked, and all are known to be.
    async fn linked(&mut self) {
        super::g18_chain::all_linked(&self.cluster.database).await;
    }

    pub async fn sql(&mut self, sql: &str) {
        self.admin.execute(AssertSqlSafe(sql.to_owned())).await.unwrap_or_else(|it| panic!("{sql}: {it}"));
    }

    pub async fn number(&mut self, query: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(&mut self.admin).await.unwrap()
    }

    /// As it was.
    pub async fn restore(&mut self) {
        for table in TABLES {
            let overriding = if table == "audit_log" { "OVERRIDING SYSTEM VALUE" } else { "" };
            self.sql(&format!(
                "DELETE FROM {table}; INSERT INTO {table} {overriding} SELECT * FROM kept_{table}"
            ))
            .await;
        }
    }

    /// What `audit verify` finds, as `kind at position`, with its exit code.
    pub async fn verify(&self, more: &[&str]) -> (i32, Vec<String>) {
        let arguments = [&["audit", "verify", "--json"], more].concat();
        let output = signoff(&arguments, &[("DATABASE_URL", &self.cluster.database.url)]).await;
        let text = String::from_utf8(output.stdout).unwrap();
        let mut said = String::from_utf8(output.stderr).unwrap();
        let mut found: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let summary = found.pop().unwrap_or_else(|| panic!("no summary: {said}"));
        let code = output.status.code().unwrap();
        let _ = write!(said, "{summary}");
        assert_eq!(summary["whole"], code == 0, "{said}");
        assert_eq!(summary["findings"], found.len(), "{said}");
        let name = |it: &Value| {
            let workspace = it["workspace"].as_str().unwrap_or("-");
            let (kind, position) = (it["kind"].as_str().unwrap(), &it["position"]);
            let of = if workspace == "acme" { String::new() } else { format!("{workspace}: ") };
            format!("{of}{kind} at {position}")
        };
        (code, found.iter().map(name).collect())
    }

    /// Does it, and expects just these findings; then undoes it.
    pub async fn tampered(&mut self, sql: &str, expected: &[&str]) {
        self.tampered_with(sql, &[], expected).await;
    }

    pub async fn tampered_with(&mut self, sql: &str, more: &[&str], expected: &[&str]) {
        self.sql(sql).await;
        let (code, found) = self.verify(more).await;
        assert_eq!(found, expected, "{sql}");
        assert_eq!(code, i32::from(!expected.is_empty()), "{sql}");
        self.restore().await;
    }
}

pub const ACME: &str = "workspace_id = (SELECT id FROM workspaces WHERE name = 'acme')";

/// The number of the row at a position of acme's chain.
pub fn at(position: i64) -> String {
    format!("(SELECT seq FROM kept_audit_chain WHERE {ACME} AND position = {position})")
}
