//! HAProxy in front of instances, with the configuration that Signoff ships.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use harness::ports;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use super::{unique, within};

/// Its log is shown if the test fails.
pub struct HaProxy {
    child: Child,
    directory: PathBuf,
    pub url: String,
}

impl HaProxy {
    /// Starts it and waits until it knows all instances to be ready.
    pub async fn before(instances: &[&str]) -> Self {
        let directory = std::env::temp_dir().join(unique("it_haproxy"));
        fs::create_dir(&directory).unwrap();
        let address = format!("127.0.0.1:{}", ports::lasting(ports::OF_TESTS));
        let operator = format!("global\n    stats socket {}\n", directory.join("stats").display());
        let shipped = fs::read_to_string("deploy/haproxy.cfg").unwrap();
        let instances: Vec<String> =
            instances.iter().map(|url| url.trim_start_matches("http://").to_owned()).collect();
        let config = harness::haproxy::config(&shipped, &address, &instances).unwrap();
        fs::write(directory.join("haproxy.cfg"), config + &operator).unwrap();
        let log = fs::File::create(directory.join("log")).unwrap();
        let child = Command::new("haproxy")
            .arg("-db")
            .arg("-f")
            .arg(directory.join("haproxy.cfg"))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .expect("haproxy is installed; ./dev test sees to it");
        let haproxy = Self { child, directory, url: format!("http://{address}") };
        haproxy.sees_all_ready().await;
        haproxy
    }

    /// Waits until its own checks have found every instance ready.
    pub async fn sees_all_ready(&self) {
        within(Duration::from_secs(10), "haproxy sees all instances ready", || async {
            let states = self.states().await;
            !states.is_empty() && states.iter().all(|state| state == "UP L7OK")
        })
        .await;
    }

    /// What it thinks of each instance; nothing while it can't be asked.
    async fn states(&self) -> Vec<String> {
        let Ok(mut stream) = UnixStream::connect(self.directory.join("stats")).await else {
            return Vec::new();
        };
        stream.write_all(b"show stat\n").await.unwrap();
        let mut table = String::new();
        stream.read_to_string(&mut table).await.unwrap();
        let mut rows = table.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let names = rows.next().unwrap();
        let column = |name| names.iter().position(|it| *it == name).unwrap();
        let (server, status, check) = (column("svname"), column("status"), column("check_status"));
        let rows = rows.filter(|row| row.get(server).is_some_and(|name| name.starts_with("dev-")));
        rows.map(|row| format!("{} {}", row[status], row[check])).collect()
    }
}

impl Drop for HaProxy {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("{}", fs::read_to_string(self.directory.join("log")).unwrap_or_default());
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}
