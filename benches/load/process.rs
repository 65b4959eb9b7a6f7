//! Processes: instances of the release binary, a Redis server to stop, and what the kernel says of them.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Child, Stdio},
    time::Duration,
};

use anyhow::{Context, ensure};
use harness::{
    instance::{Settings, serve},
    limits, ports,
    redis::server,
};
use tokio::time::{sleep, timeout};

use super::client::{Caller, Connection};

/// One instance.
pub struct Instance {
    child: Child,
    pub http: SocketAddr,
    operator: SocketAddr,
}

/// What an instance is started with.
pub struct Setting<'a> {
    pub database_url: &'a str,
    pub redis_url: &'a str,
    pub prefix: &'a str,
    pub name: &'a str,
    pub flags: &'a [(&'a str, String)],
}

impl Instance {
    /// Starts the binary and waits until it is ready and hears the bus.
    pub async fn start(setting: &Setting<'_>) -> anyhow::Result<Self> {
        let (port, operator) = (ports::free()?, ports::free()?);
        let settings = Settings {
            // On every address: one pair of them has ports for some 28,000 connections only.
            listen: &format!("0.0.0.0:{port}"),
            operator: &format!("127.0.0.1:{operator}"),
            database_url: setting.database_url,
            redis_url: setting.redis_url,
        };
        let raised = limits::RATES.into_iter().chain(limits::CAPS);
        let child = serve(Path::new(env!("CARGO_BIN_EXE_signoff")), &settings)
            .env("SIGNOFF_REDIS_PREFIX", setting.prefix)
            .env("SIGNOFF_INSTANCE_NAME", setting.name)
            .env("SIGNOFF_LOG_LEVEL", "warn")
            .envs(raised.map(|(name, value)| (limits::variable(name), value)))
            .envs(setting.flags.iter().map(|(name, value)| (*name, value)))
            .stdout(Stdio::null())
            .spawn()
            .context("starting an instance")?;
        let [http, operator] = [port, operator].map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let instance = Self { child, http, operator };
        let ready = async {
            while !instance.answers("/readyz", "\"bus\":\"up\"").await {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(20), ready).await.context("an instance did not get ready")?;
        Ok(instance)
    }

    /// The same instance by another loopback address.
    pub fn at(&self, last: u8) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), self.http.port()))
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    async fn answers(&self, path: &str, part: &str) -> bool {
        self.operator_page(path).await.is_ok_and(|page| page.contains(part))
    }

    async fn operator_page(&self, path: &str) -> anyhow::Result<String> {
        let mut connection = Connection::open(self.operator).await?;
        let reply = connection.call(&Caller::new(String::new()).get(path)).await?;
        Ok(String::from_utf8(reply.body)?)
    }

    /// A whole number among its metrics; zero if it isn't there yet.
    pub async fn count(&self, sample: &str) -> anyhow::Result<usize> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it counts something")]
        Ok(self.number(sample).await? as usize)
    }

    /// Any number among them.
    pub async fn number(&self, sample: &str) -> anyhow::Result<f64> {
        let page = self.operator_page("/metrics").await?;
        let value = page.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
        value.map_or(Ok(0.0), str::parse).with_context(|| format!("{sample} is {value:?}"))
    }

    /// Waits until it has so many sockets.
    pub async fn sockets(&self, count: usize) -> anyhow::Result<()> {
        let settled = async {
            while self.count("signoff_sockets").await? != count {
                sleep(Duration::from_millis(20)).await;
            }
            anyhow::Ok(())
        };
        timeout(Duration::from_mins(1), settled).await.with_context(|| format!("not {count} sockets"))?
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        end(&mut self.child);
    }

    /// Waits until so many calls wait here and none is still reading.
    pub async fn waiters(&self, count: usize) -> anyhow::Result<()> {
        let settled = async {
            while self.count("signoff_waiters").await? != count
                || self.count("signoff_queue_length{queue=\"read\"}").await? != 0
            {
                sleep(Duration::from_millis(20)).await;
            }
            // The last readers' answers are on their way; nothing tells when they have arrived.
            sleep(Duration::from_millis(100)).await;
            anyhow::Ok(())
        };
        timeout(Duration::from_secs(40), settled)
            .await
            .with_context(|| format!("{count} calls don't wait"))?
    }

    /// Waits until it knows that its bus is gone.
    pub async fn bus_is_down(&self) -> anyhow::Result<()> {
        let down = async {
            while !self.answers("/readyz", "\"bus\":\"down\"").await {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(20), down).await.context("the bus is not noticed to be down")
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// A Redis server to stop.
pub struct RedisServer {
    child: Child,
    pub url: String,
}

impl RedisServer {
    pub async fn start(binary: &str) -> anyhow::Result<Self> {
        let port = ports::free()?;
        let child = server(Path::new(binary), port)
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("starting {binary}"))?;
        let server = Self { child, url: format!("redis://127.0.0.1:{port}") };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listens = async {
            while Connection::open(address).await.is_err() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(10), listens).await.context("Redis does not listen")?;
        Ok(server)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    // It may be gone already.
    let _ = child.kill();
    let _ = child.wait();
}

/// Resident memory, in KiB.
pub fn resident_kib(pid: u32) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    Ok(line.context("no VmRSS")?.trim().trim_end_matches(" kB").parse()?)
}

/// Processor time so far, in seconds. The kernel counts it in hundredths.
pub fn processor_seconds(pid: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name before it may hold anything, closing brackets included.
    let (_, fields) = stat.rsplit_once(')').context("no such stat")?;
    let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
    ensure!(fields.len() > 12, "a short stat");
    Ok((fields[11].parse::<f64>()? + fields[12].parse::<f64>()?) / 100.0)
}

/// How many files this process, and hence its children, may open.
pub fn open_files() -> anyhow::Result<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits")?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft =
        line.and_then(|line| line.split_ascii_whitespace().next()).context("no limit on open files")?;
    Ok(soft.parse().unwrap_or(usize::MAX))
}
