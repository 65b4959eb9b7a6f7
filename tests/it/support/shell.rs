//! A cluster of one instance, and people at its command line.

use std::process::Output;

use super::{Cluster, Setup, process::signoff};

pub struct Shell {
    pub cluster: Cluster,
    /// A key of one who asks.
    pub agent: String,
    /// A key of one who decides.
    pub ana: String,
}

impl Shell {
    pub async fn new() -> Self {
        let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
        let (agent, ana) = (cluster.member("agent").await, cluster.member("ana").await);
        Self { cluster, agent, ana }
    }

    pub fn environment<'a>(&'a self, key: &'a str) -> [(&'a str, &'a str); 3] {
        [
            ("SIGNOFF_URL", self.cluster.instances[0].url.as_str()),
            ("SIGNOFF_API_KEY", key),
            ("SIGNOFF_DATABASE_URL", self.cluster.database.url.as_str()),
        ]
    }

    /// The exit code, and standard output or what was said instead of it.
    pub async fn run(&self, key: &str, arguments: &[&str]) -> (i32, String) {
        told(signoff(arguments, &self.environment(key)).await)
    }
}

/// The same, of any command.
pub fn told(output: Output) -> (i32, String) {
    let said = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    (output.status.code().expect("no signal ended it"), String::from_utf8(said).unwrap())
}
