//! How an instance is called.

use std::{path::Path, process::Command};

/// What each instance is told: by `./dev`, a test or a benchmark.
pub struct Settings<'a> {
    pub listen: &'a str,
    /// Empty for none.
    pub operator: &'a str,
    pub database_url: &'a str,
    pub redis_url: &'a str,
}

/// `signoff serve`, with nothing of the caller's environment.
pub fn serve(binary: &Path, settings: &Settings) -> Command {
    let mut command = Command::new(binary);
    command.arg("serve").env_clear().envs([
        ("SIGNOFF_HTTP_LISTEN", settings.listen),
        ("SIGNOFF_OPERATOR_LISTEN", settings.operator),
        ("SIGNOFF_DATABASE_URL", settings.database_url),
        ("SIGNOFF_REDIS_URL", settings.redis_url),
    ]);
    command
}
