//! People who have addresses, a relay for their mail, and instances that send it.

use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{
    Api, Setup, TestDatabase, client::http, cluster::make_key, eventually, process::Process, relay::Relay,
    unique,
};

/// A database with people who have addresses, and a relay.
pub struct Office {
    pub database: TestDatabase,
    pub prefix: String,
    pub relay: Relay,
    pub conn: PgConnection,
    pub key: String,
}

impl Office {
    pub async fn open(people: usize) -> Self {
        let database = TestDatabase::new().await;
        let key = make_key(&database, "acme", "agent", &["workspace:admin"]).await;
        let mut conn = database.connect().await;
        hire(&mut conn, "acme", people).await;
        Self { database, prefix: unique("it"), relay: Relay::start().await, conn, key }
    }

    pub async fn process(&self) -> Process {
        Process::start(&self.database, &self.prefix, &self.relay.setup(Setup::default())).await
    }

    /// An instance that commits, and leaves telling to others.
    pub async fn silent(&self) -> Process {
        let flags = vec![("notify.enabled", "false".to_owned())];
        let setup = self.relay.setup(Setup { flags, ..Setup::default() });
        Process::start(&self.database, &self.prefix, &setup).await
    }

    pub fn api(&self, process: &Process) -> Api {
        Api::with(http(), &process.url, &self.key)
    }

    pub async fn count(&mut self, status: &str) -> i64 {
        sqlx::query_scalar(
            "SELECT count(*) FROM approval_notifications WHERE channel = 'email' AND status = $1",
        )
        .bind(status)
        .fetch_one(&mut self.conn)
        .await
        .unwrap()
    }

    pub async fn has(&mut self, count: i64, status: &str) {
        let conn = tokio::sync::Mutex::new(self);
        eventually(&format!("{count} mails are {status}"), || async {
            conn.lock().await.count(status).await == count
        })
        .await;
    }

    /// How often something has woken the lanes.
    pub async fn wakes(&mut self) -> i64 {
        let wakes = "SELECT sum(wakes)::bigint FROM notification_lanes";
        sqlx::query_scalar(wakes).fetch_one(&mut self.conn).await.unwrap()
    }

    /// As if the time for which lanes are held had passed.
    pub async fn let_holds_pass(&mut self) {
        sqlx::query("UPDATE notification_lanes SET hold_until = 'epoch'")
            .execute(&mut self.conn)
            .await
            .unwrap();
    }
}

/// People `p0`, `p1`, … who may decide and have an address.
pub async fn hire(conn: &mut PgConnection, workspace: &str, people: usize) {
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

pub fn for_person(person: usize) -> Value {
    json!({ "title": "Drop it?", "policy": { "allowed_approvers": [format!("p{person}")] } })
}

/// The ids of the mails that a relay has received.
pub fn ids(relay: &Relay) -> Vec<String> {
    relay.received().iter().map(|mail| mail.header("Message-ID").unwrap()).collect()
}
