//! A Redis of a place's own.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use harness::redis::{answers, server};
use rustix::process::Signal;

use crate::{
    interrupt,
    place::{Place, Wish, size},
    process::{birth, detach, in_own_session},
    say::note,
};

impl Place {
    pub fn redis_url(&self) -> anyhow::Result<String> {
        let port = self.port_of("redis").context("no Redis was started here")?;
        Ok(format!("redis://127.0.0.1:{port}/0"))
    }

    /// Starts it if it does not run; answers with its program.
    pub fn start_redis(&self) -> anyhow::Result<PathBuf> {
        let binary = self.need_redis()?;
        if let (Some(pid), Some(port)) = (self.running("redis"), self.port_of("redis")) {
            note(format_args!("redis already runs (pid {pid}, port {port})"));
            return Ok(binary);
        }
        // A developer who tests an outage may have restarted it by hand.
        if let Some(port) = self.port_of("redis").filter(|port| answers(*port)) {
            note(format_args!("redis: another one answers on port {port}, used as it is"));
            return Ok(binary);
        }
        let log = self.log("redis.log");
        let offset = size(&log);
        for _ in 0..3 {
            if let Some((pid, port)) = self.launch_redis(&binary)? {
                note(format_args!("redis started (pid {pid}, port {port}; it keeps nothing on disk)"));
                return Ok(binary);
            }
        }
        self.show_log(&log, offset);
        bail!("Redis does not start");
    }

    fn launch_redis(&self, binary: &Path) -> anyhow::Result<Option<(u32, u16)>> {
        let port = self.claim_port("redis", Wish::Any)?;
        let mut command = server(binary, port);
        command.current_dir(self.run(""));
        let pid = detach(in_own_session(&command), &self.log("redis.log"))?;
        // At once, so that it can be stopped whatever comes.
        self.remember("redis", pid)?;
        let until = Instant::now() + Duration::from_secs(20);
        while birth(pid).is_some() && Instant::now() < until {
            if answers(port) {
                return Ok(Some((pid, port)));
            }
            interrupt::pause()?;
        }
        Ok(None)
    }

    pub fn stop_redis(&self) -> anyhow::Result<()> {
        self.stop("redis", Signal::TERM, Duration::from_secs(10))
    }
}
