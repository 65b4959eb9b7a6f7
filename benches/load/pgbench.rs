//! What Postgres does at best with one statement in each transaction, by its own benchmark.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, ensure};

use super::{
    figures::Point,
    floor::{ROWS, UPDATE},
};

/// Clients among which the best number is looked for.
pub const MANY: [usize; 4] = [8, 16, 32, 64];

const INSERT: &str =
    "INSERT INTO floor_inserts (id, workspace_id, run_id, task_id, approval_type, context, policy,
    timeout_action, metadata, requested_by, requested_by_name, created_at, updated_at, expires_at)
 VALUES (gen_random_uuid(), '00000000-0000-0000-0000-000000000001', 'run-1', 'run-1', 'tool_call',
    json_build_object('sql', repeat('x', 1000)), '{}', 'expire', '{}',
    '00000000-0000-0000-0000-000000000002', 'agent', now(), now(), now() + interval '1 day')";

/// One statement to run over and over.
pub struct Script {
    pgbench: String,
    database_url: String,
    file: PathBuf,
    /// Found in the first round.
    best: Option<usize>,
}

impl Script {
    pub fn update(pgbench: &str, database_url: &str) -> anyhow::Result<Self> {
        let text = format!("\\set n random(1, {ROWS})\n{};\n", UPDATE.replace("$1", ":n"));
        Self::new(pgbench, database_url, &text)
    }

    /// The same where there is no index but the key.
    pub fn keyed_update(pgbench: &str, database_url: &str) -> anyhow::Result<Self> {
        let update = UPDATE.replace("floor_requests", "floor_keyed").replace("$1", ":n");
        Self::new(pgbench, database_url, &format!("\\set n random(1, {ROWS})\n{update};\n"))
    }

    pub fn insert(pgbench: &str, database_url: &str) -> anyhow::Result<Self> {
        // A statement ends with its line in pgbench's eyes, unless it is asked otherwise.
        Self::new(pgbench, database_url, &format!("{};\n", INSERT.replace('\n', " ")))
    }

    pub fn new(pgbench: &str, database_url: &str, text: &str) -> anyhow::Result<Self> {
        let file = std::env::temp_dir().join(format!("signoff-{}.pgbench", uuid::Uuid::new_v4()));
        std::fs::write(&file, text)?;
        Ok(Self { pgbench: pgbench.to_owned(), database_url: database_url.to_owned(), file, best: None })
    }

    pub fn alone(&self, seconds: u32) -> anyhow::Result<Point> {
        self.run(1, seconds)
    }

    /// With as many clients as are best for it.
    pub fn best(&mut self, seconds: u32) -> anyhow::Result<Point> {
        if let Some(clients) = self.best {
            return self.run(clients, seconds);
        }
        let mut best = (0, Point::single(0.0, 0));
        for clients in MANY {
            let point = self.run(clients, seconds)?;
            if point.value > best.1.value {
                best = (clients, point);
            }
        }
        self.best = Some(best.0);
        Ok(best.1)
    }

    fn run(&self, clients: usize, seconds: u32) -> anyhow::Result<Point> {
        self.start(clients, &["-T", &seconds.to_string()])
    }

    /// So often for each client, and no more. The script has the number of clients as `:clients`, and `:i`, which begins
    /// with 0.
    pub fn run_through(&self, clients: usize, each: usize) -> anyhow::Result<Point> {
        let count = format!("clients={clients}");
        self.start(clients, &["-t", &each.to_string(), "-D", &count, "-D", "i=0"])
    }

    fn start(&self, clients: usize, extent: &[&str]) -> anyhow::Result<Point> {
        let output = Command::new(&self.pgbench)
            .args(["-n", "-M", "prepared", "-c", &clients.to_string(), "-j", &clients.min(2).to_string()])
            .args(extent)
            .arg("-f")
            .arg(&self.file)
            .arg(&self.database_url)
            .output()
            .with_context(|| format!("running {}", self.pgbench))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "pgbench failed: {errors}");
        let after = |label: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(label)).unwrap_or_default();
            line.split([' ', '/']).next().unwrap_or_default().to_owned()
        };
        let rate = after("tps = ").parse().with_context(|| format!("pgbench said: {text}"))?;
        let count = after("number of transactions actually processed: ").parse().unwrap_or(0);
        Ok(Point::single(rate, count))
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // A small file in the temporary directory; nothing to be done if it stays.
        let _ = std::fs::remove_file(&self.file);
    }
}
