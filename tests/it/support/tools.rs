//! Postgres' own tools: what operators back up and restore with.

use std::{fs, path::PathBuf, process::Command};

use super::{database::admin, unique};

/// A dump in a file. Removed with it.
pub struct Dump {
    pub path: PathBuf,
}

impl Dump {
    /// Nothing is in it yet.
    pub fn new() -> Self {
        Self { path: std::env::temp_dir().join(unique("it_dump")) }
    }

    /// Takes it, as whom the URL names.
    pub async fn take(&self, url: &str) {
        let taken = self.try_take(url, &[]).await;
        assert!(taken.is_ok(), "{taken:?}");
    }

    pub async fn try_take(&self, url: &str, options: &[&str]) -> Result<(), String> {
        let path = self.path.to_str().unwrap();
        let arguments = [&["--format=custom", "--file", path, "--dbname", url][..], options].concat();
        run("pg_dump", &arguments).await
    }

    /// Puts it into the database that the URL names.
    pub async fn restore(&self, url: &str, options: &[&str]) {
        let path = self.path.to_str().unwrap();
        let arguments = [&["--exit-on-error", "--dbname", url][..], options, &[path]].concat();
        let restored = run("pg_restore", &arguments).await;
        assert!(restored.is_ok(), "{restored:?}");
    }
}

impl Drop for Dump {
    fn drop(&mut self) {
        // It may never have been taken.
        let _ = fs::remove_file(&self.path);
    }
}

/// Runs one of the server's own tools; an error is what it said.
async fn run(tool: &str, arguments: &[&str]) -> Result<(), String> {
    let directory: String = sqlx::query_scalar("SELECT setting FROM pg_config WHERE name = 'BINDIR'")
        .fetch_one(&mut admin().await)
        .await
        .unwrap();
    let mut command = Command::new(PathBuf::from(directory).join(tool));
    command.args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
