//! Instances of a place: started, awaited, stopped. Their N-th is `instance-N`, and keeps its ports.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::bail;
use harness::{
    instance::{Settings, serve},
    ports,
};
use rustix::process::Signal;

use crate::{
    http, interrupt,
    place::{Place, Wish, read, size, write_private},
    process::{detach, in_own_session, program, signal},
    program::Signoff,
    say::{note, warn},
};

/// How long an instance has to get ready.
pub const READY: Duration = Duration::from_mins(1);
/// How long it has to finish its work when all are stopped.
const STOP: Duration = Duration::from_secs(30);

/// Where the instances of a set begin to look for ports.
#[derive(Clone, Copy)]
pub enum Ports {
    /// 8081 and 9091 for the first, and so on.
    Known,
    Any,
}

/// Those of one run of this program.
pub struct Instances<'a> {
    pub signoff: &'a Signoff<'a>,
    pub ports: Ports,
    /// Those that this run has started, by number.
    launched: BTreeSet<u32>,
}

pub fn name(n: u32) -> String {
    format!("instance-{n}")
}

impl Place {
    pub fn instance_url(&self, n: u32) -> String {
        format!("http://127.0.0.1:{}", self.port_of(&name(n)).unwrap_or_default())
    }

    pub fn metrics_url(&self, n: u32) -> String {
        format!("http://127.0.0.1:{}/metrics", self.port_of(&format!("operator-{n}")).unwrap_or_default())
    }

    /// The numbers of all that were ever started here.
    pub fn known_instances(&self) -> anyhow::Result<BTreeSet<u32>> {
        let files = fs::read_dir(self.run(""))?.flatten();
        let number = |file: fs::DirEntry| {
            let file = file.file_name();
            file.to_str()?.strip_prefix("instance-")?.strip_suffix(".port")?.parse().ok()
        };
        Ok(files.filter_map(number).collect())
    }

    pub fn highest_running(&self) -> anyhow::Result<u32> {
        let known = self.known_instances()?;
        Ok(known.into_iter().rev().find(|n| self.running(&name(*n)).is_some()).unwrap_or(0))
    }

    /// All get the signal first, so that they finish their work side by side.
    pub fn stop_instances(&self) -> anyhow::Result<()> {
        let known = self.known_instances()?;
        let running: Vec<(u32, u32)> =
            known.iter().filter_map(|n| Some((*n, self.running(&name(*n))?))).collect();
        for (_, pid) in &running {
            signal(*pid, Signal::TERM);
        }
        let until = Instant::now() + STOP;
        for (n, _) in running {
            self.await_end(&name(n), until)?;
            note(format_args!("{} stopped", name(n)));
        }
        for n in known {
            self.forget(&name(n))?;
        }
        Ok(())
    }

    fn instance_failed(&self, name: &str, what: &str) {
        let log = self.log(&format!("{name}.log"));
        let offset = read(&self.run(&format!("{name}.offset"))).and_then(|it| it.parse().ok());
        self.show_log(&log, offset.unwrap_or(0));
        warn(format_args!("{name} {what}; the whole log: {}", self.shown(&log)));
    }
}

impl<'a> Instances<'a> {
    pub fn new(signoff: &'a Signoff<'a>, ports: Ports) -> Self {
        Self { signoff, ports, launched: BTreeSet::new() }
    }

    fn place(&self) -> &'a Place {
        self.signoff.place
    }

    /// Which servers an instance uses, to notice when a later `up` means others.
    fn uses(&self) -> String {
        let servers = self.signoff.servers;
        let mut words = vec![servers.database.clone(), servers.redis.clone()];
        words.extend(self.signoff.settings.iter().map(|(name, value)| format!("{name}={value}")));
        words.join(" ") + "\n"
    }

    pub fn has_launched(&self, n: u32) -> bool {
        self.launched.contains(&n)
    }

    /// Answers with its pid.
    pub fn launch(&mut self, n: u32) -> anyhow::Result<u32> {
        let (place, name) = (self.place(), name(n));
        let wish = |first: u32| match self.ports {
            Ports::Known => Wish::From(u16::try_from(first + n).unwrap_or(u16::MAX)),
            Ports::Any => Wish::Any,
        };
        let listen = format!("127.0.0.1:{}", place.claim_port(&name, wish(8080))?);
        let operator = format!("127.0.0.1:{}", place.claim_port(&format!("operator-{n}"), wish(9090))?);
        let log = place.log(&format!("{name}.log"));
        write_private(&place.run(&format!("{name}.servers")), &self.uses())?;
        fs::write(place.run(&format!("{name}.offset")), format!("{}\n", size(&log)))?;
        let servers = self.signoff.servers;
        let settings = Settings {
            listen: &listen,
            operator: &operator,
            database_url: &servers.database,
            redis_url: &servers.redis,
        };
        let mut command = self.signoff.command()?;
        for (variable, value) in serve(&self.signoff.binary, &settings).get_envs() {
            command.env(variable, value.unwrap_or_default());
        }
        Signoff::raise_limits(&mut command);
        command.env("SIGNOFF_INSTANCE_NAME", format!("dev-{n}")).arg("serve");
        let pid = detach(in_own_session(&command), &log)?;
        place.remember(&name, pid)?;
        self.launched.insert(n);
        Ok(pid)
    }

    /// Leaves alone what already runs on these servers.
    pub fn start(&mut self, n: u32) -> anyhow::Result<()> {
        let (place, name) = (self.place(), name(n));
        if let Some(pid) = place.running(&name) {
            let uses = read(&place.run(&format!("{name}.servers")));
            if uses.as_deref() == Some(self.uses().trim_end()) {
                let url = place.instance_url(n);
                note(format_args!("{name} already runs (pid {pid}, {url}){}", outdated(pid)));
                return Ok(());
            }
            note(format_args!("{name} uses other servers: restarted"));
            place.stop(&name, Signal::TERM, STOP)?;
        }
        let pid = self.launch(n)?;
        note(format_args!("{name} started (pid {pid}, {})", place.instance_url(n)));
        Ok(())
    }

    /// Waits until it is ready; says why where it does not get so.
    pub fn ready(&mut self, n: u32, until: Instant) -> anyhow::Result<bool> {
        let (place, name) = (self.place(), name(n));
        let mut retries = 2;
        loop {
            let running = place.running(&name).is_some();
            let port = place.port_of(&name).unwrap_or_default();
            if running && http::is_ready(port) {
                return Ok(true);
            }
            if !running {
                // Worth another try: an instance that was draining when we found it and has ended since; and a port
                // that was free a moment ago and now serves another checkout's instance.
                if retries > 0 && (!self.has_launched(n) || ports::taken(port)) {
                    retries -= 1;
                    let pid = self.launch(n)?;
                    note(format_args!(
                        "{name} has ended: started again (pid {pid}, {})",
                        place.instance_url(n)
                    ));
                    continue;
                }
                place.instance_failed(&name, "has ended instead of becoming ready");
                return Ok(false);
            }
            if Instant::now() > until {
                place.instance_failed(&name, &format!("is not ready after {} s", READY.as_secs()));
                return Ok(false);
            }
            interrupt::pause()?;
        }
    }

    /// One that fails stops none of the others. Answers with those that did.
    pub fn start_all(&mut self, count: u32) -> anyhow::Result<Vec<String>> {
        for n in 1..=count {
            self.start(n)?;
        }
        let until = Instant::now() + READY;
        let mut failed = Vec::new();
        for n in 1..=count {
            if !self.ready(n, until)? {
                failed.push(name(n));
            }
        }
        Ok(failed)
    }
}

/// Cargo replaces the file; a process keeps the one that it was started from.
fn outdated(pid: u32) -> &'static str {
    let file = fs::read_link(format!("/proc/{pid}/exe"));
    if file.is_ok_and(|it| it.to_string_lossy().ends_with(" (deleted)")) {
        " — an older build; ./dev roll replaces it"
    } else {
        ""
    }
}

// --- HAProxy ---

/// The shipped file, for instances of this machine.
pub fn haproxy_config(place: &Place, listen: u16, ports: &[u16]) -> anyhow::Result<String> {
    let shipped = fs::read_to_string(place.root.join("deploy/haproxy.cfg"))?;
    let addresses: Vec<String> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    harness::haproxy::config(&shipped, &format!("127.0.0.1:{listen}"), &addresses)
}

/// A running one whose instances have changed hands over to a new process, which takes the port without a gap.
pub fn start_haproxy(place: &Place, count: u32) -> anyhow::Result<()> {
    place.need_haproxy()?;
    let file = place.state.join("haproxy.cfg");
    let before = fs::read_to_string(&file).unwrap_or_default();
    let old = place.running("haproxy");
    let port = match (old, place.port_of("haproxy")) {
        (Some(_), Some(port)) => port,
        _ => place.claim_port("haproxy", Wish::From(8080))?,
    };
    let instances: Vec<u16> = (1..=count).filter_map(|n| place.port_of(&name(n))).collect();
    let config = haproxy_config(place, port, &instances)?;
    fs::write(&file, &config)?;
    let url = format!("http://127.0.0.1:{port}");
    let mut command = program("haproxy");
    command.args(["-db", "-f"]).arg(&file).current_dir(&place.state);
    if let Some(pid) = old {
        if config == before {
            note(format_args!("haproxy already runs (pid {pid}, {url})"));
            return Ok(());
        }
        command.args(["-sf", &pid.to_string()]);
    }
    harness::limits::raise_open_files();
    let log = place.log("haproxy.log");
    let pid = detach(in_own_session(&command), &log)?;
    place.remember("haproxy", pid)?;
    await_page(
        place,
        "haproxy",
        port,
        "/readyz",
        Duration::from_secs(15),
        "does not pass requests on",
        &log,
    )?;
    note(format_args!("haproxy started (pid {pid}, {url})"));
    Ok(())
}

/// Waits until a server of ours answers 200.
pub fn await_page(
    place: &Place,
    name: &str,
    port: u16,
    path: &str,
    patience: Duration,
    otherwise: &str,
    log: &Path,
) -> anyhow::Result<()> {
    let until = Instant::now() + patience;
    while http::get(port, path, None).is_none_or(|reply| reply.status != 200) {
        if Instant::now() > until || place.running(name).is_none() {
            place.show_log(log, 0);
            bail!("{name} {otherwise}");
        }
        interrupt::pause()?;
    }
    Ok(())
}
