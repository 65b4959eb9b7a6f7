//! The second floor: pgbench writes what a decision of the product writes, by one statement a decision, in a database of
//! its own that no instance looks at.

use sqlx::{Connection, Executor, PgConnection};

use super::{
    cluster::Servers,
    database::Database,
    figures::Point,
    pgbench::{MANY, Script},
};

/// What a decision writes; `:n` is the number of the approval.
const WORK: &str = include_str!("equal_work.sql");
/// What there has to be before.
const ROWS: &str = include_str!("equal_rows.sql");
/// What is expected of a machine that was not measured yet, a second.
const GUESS: f64 = 6_000.0;

pub struct EqualWork {
    script: Script,
    database: Database,
    /// The best number of clients, and the rate that it came to.
    best: Option<(usize, f64)>,
}

impl EqualWork {
    pub async fn start(servers: &Servers, pgbench: &str) -> anyhow::Result<Self> {
        let database = Database::create(&servers.admin_url, "signoff_equal").await?;
        let work: Vec<&str> = WORK.lines().filter(|line| !line.starts_with("--")).collect();
        let script = format!("\\set n (:client_id + :clients * :i)\n\\set i (:i + 1)\n{};\n", work.join(" "));
        Ok(Self { script: Script::new(pgbench, &database.url, &script)?, database, best: None })
    }

    /// With as many clients as are best for it, for some `seconds`.
    pub async fn best(&mut self, seconds: u32) -> anyhow::Result<Point> {
        if let Some((clients, rate)) = self.best {
            let point = self.run(clients, rate, seconds).await?;
            self.best = Some((clients, point.value));
            return Ok(point);
        }
        let mut best = (0, Point::single(0.0, 0));
        for clients in MANY {
            let point = self.run(clients, best.1.value.max(GUESS), seconds).await?;
            if point.value > best.1.value {
                best = (clients, point);
            }
        }
        self.best = Some((best.0, best.1.value));
        Ok(best.1)
    }

    /// One after the other.
    pub async fn alone(&self, seconds: u32) -> anyhow::Result<Point> {
        self.run(1, GUESS / 3.0, seconds).await
    }

    async fn run(&self, clients: usize, rate: f64, seconds: u32) -> anyhow::Result<Point> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of rows")]
        let each = (rate * f64::from(seconds)) as usize / clients;
        self.fill(each * clients).await?;
        self.script.run_through(clients, each)
    }

    /// Each approval is decided once: a second time would write less.
    async fn fill(&self, count: usize) -> anyhow::Result<()> {
        let mut conn = PgConnection::connect(&self.database.url).await?;
        conn.execute(
            "TRUNCATE approval_requests, approval_decisions, audit_log, tasks, task_events, notification_causes CASCADE;
             INSERT INTO workspaces (id, name) VALUES ('00000000-0000-0000-0000-0000000000aa', 'equal')
             ON CONFLICT DO NOTHING;",
        )
        .await?;
        sqlx::query(ROWS)
            .bind(uuid::Uuid::from_u128(0xaa))
            .bind(i32::try_from(count)?)
            .execute(&mut conn)
            .await?;
        conn.execute("VACUUM ANALYZE approval_requests").await?;
        conn.close().await?;
        Ok(())
    }

    pub async fn stop(self) -> anyhow::Result<()> {
        self.database.drop().await
    }
}
