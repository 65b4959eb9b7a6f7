//! `up`: what was asked for is kept in `.dev/run/`, so that a later `up` restores it and `status` can tell what is
//! missing: `count` (instances), `lb`, `notify`, and the servers that are given.

use std::{
    fs::{self, File},
    path::Path,
    thread,
    time::Duration,
};

use anyhow::{Context, bail};

use crate::{
    env_file::{EnvFile, value_of},
    first_steps, http,
    instances::{Instances, Ports, start_haproxy},
    interrupt, notify,
    place::{Place, read, remove},
    program::{Signoff, build},
    say::{note, say, warn},
    servers::{Given, Servers, Wanted},
    status,
};

#[derive(Debug, Default)]
pub struct Arguments {
    pub instances: Option<u32>,
    pub detach: bool,
    pub lb: bool,
    pub notify: bool,
}

impl Arguments {
    /// Nothing where help is asked for. An error is what is wrong with them, in words.
    pub fn read(words: &[String]) -> Result<Option<Self>, String> {
        let mut arguments = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let count = match word.as_str() {
                "--detach" => {
                    arguments.detach = true;
                    continue;
                }
                "--lb" => {
                    arguments.lb = true;
                    continue;
                }
                "--with-notify" => {
                    arguments.notify = true;
                    continue;
                }
                "-h" | "--help" => return Ok(None),
                "--instances" => words.next().cloned().unwrap_or_default(),
                word => match word.strip_prefix("--instances=") {
                    Some(count) => count.to_owned(),
                    None => return Err(format!("unknown option: {word}")),
                },
            };
            let count = count.parse().ok().filter(|count| *count > 0);
            arguments.instances = Some(count.ok_or("--instances takes a number from 1 on")?);
        }
        Ok(Some(arguments))
    }
}

pub fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.detach {
        return bring_up(root, arguments).map(drop);
    }
    let stayed = bring_up(root, arguments).and_then(|place| stay(&place));
    // The signal may also have ended a build, which then failed.
    if stayed.is_err() && interrupt::check().is_err() {
        say("\nStopping everything under .dev/, also what ran before …");
        let place = Place::of_up(root)?;
        let _lock = wait_for_the_lock(&place)?;
        return status::stop_all(&place);
    }
    stayed
}

/// After a signal, when nothing else is to be interrupted.
fn wait_for_the_lock(place: &Place) -> anyhow::Result<File> {
    let file = File::create(place.dev("lock"))?;
    file.lock()?;
    Ok(file)
}

fn bring_up(root: &Path, arguments: &Arguments) -> anyhow::Result<Place> {
    let place = Place::of_up(root)?;
    let _lock = place.lock()?;
    if !arguments.detach {
        // From here on Ctrl-C leaves nothing half started behind. Not before: what another one starts is not ours.
        interrupt::listen()?;
    }
    remove(&place.run("rolling"))?;
    place.need("curl", "curl")?;
    let binary = build(&place)?;
    interrupt::check()?;
    let given = Given::now_or_before(&place);
    let servers = Servers::start(&place, &given, &Wanted::with(200))?;
    servers.remember_own(&place, &given)?;
    let mut signoff = Signoff { place: &place, binary, servers: &servers, settings: Vec::new() };
    signoff.migrate()?;
    let count = choose_count(&place, arguments.instances)?;
    // Not before the servers have proved to work: a mistyped address isn't worth keeping.
    given.remember(&place)?;
    for (name, wanted) in [("lb", arguments.lb), ("notify", arguments.notify)] {
        if wanted {
            fs::write(place.run(name), "")?;
        }
    }
    fs::write(place.run("count"), format!("{count}\n"))?;
    place.start_notify()?;
    signoff.settings = place.settings_of_up();
    let mut instances = Instances::new(&signoff, Ports::Known);
    let env = start_all(&mut instances, count)?;
    notify::introduce_ana(&signoff)?;
    if place.run("lb").exists() {
        start_haproxy(&place, count)?;
    }
    env.write(&place, &servers)?;
    first_steps::show(&place, &env);
    Ok(place)
}

/// `SIGNOFF_URLS` has no gaps, so the highest that runs says how many there are.
pub fn choose_count(place: &Place, wanted: Option<u32>) -> anyhow::Result<u32> {
    let before = || read(&place.run("count")).and_then(|it| it.parse().ok());
    let count = wanted.or_else(before).unwrap_or(2);
    let highest = place.highest_running()?;
    if highest > count {
        note(format_args!("{highest} instances run already; none is stopped"));
    }
    Ok(count.max(highest))
}

/// Starts them and sees to the keys. Where one fails, the rest keeps running.
pub fn start_all(instances: &mut Instances, count: u32) -> anyhow::Result<EnvFile> {
    let signoff = instances.signoff;
    let place = signoff.place;
    say("Instances");
    let failed = instances.start_all(count)?;
    if !failed.is_empty() {
        let old = |name| value_of(place, name).unwrap_or_default();
        let env =
            EnvFile { count, api_key: old("SIGNOFF_API_KEY"), approver_key: old("SIGNOFF_APPROVER_KEY") };
        env.write(place, signoff.servers)?;
        bail!(
            "not ready: {}. The rest keeps running: ./dev up tries again, ./dev down stops it.",
            failed.join(" ")
        );
    }
    let api_key = ensure_key(signoff, "SIGNOFF_API_KEY", "admin", "workspace:admin,cluster:view")?;
    let approves = "approval:approve,approval:reject,approval:view:pending,approval:view:history";
    let approver_key = ensure_key(signoff, "SIGNOFF_APPROVER_KEY", "ana", approves)?;
    // A development workspace tries everything, a timeout that approves too.
    signoff
        .ask(&["workspaces", "set", "dev", "--allow-timeout-approve", "true"])?
        .context("could not set the workspace")?;
    Ok(EnvFile { count, api_key, approver_key })
}

/// The key in `.dev/env` if this database knows it, otherwise a new one. Only a plain 401 says that it doesn't.
fn ensure_key(
    signoff: &Signoff,
    variable: &str,
    principal: &str,
    permissions: &str,
) -> anyhow::Result<String> {
    let port = signoff.place.port_of("instance-1").unwrap_or_default();
    if let Some(key) = value_of(signoff.place, variable).filter(|it| !it.is_empty())
        && http::get(port, "/api/v1/approvals/pending", Some(&key)).is_none_or(|reply| reply.status != 401)
    {
        return Ok(key);
    }
    signoff
        .ask(&[
            "keys",
            "create",
            "--workspace",
            "dev",
            "--principal",
            principal,
            "--permissions",
            permissions,
        ])?
        .with_context(|| format!("could not make a key for {principal}"))
}

/// Says when something dies; starting it again is left to who killed it. What `roll` is replacing hasn't died.
fn stay(place: &Place) -> anyhow::Result<()> {
    say("In the foreground; Ctrl-C stops everything under .dev/, also what ran before.");
    let mut known = Vec::new();
    loop {
        for _ in 0..10 {
            thread::sleep(Duration::from_millis(100));
            interrupt::check()?;
        }
        let rolling = read(&place.run("rolling"));
        let expected = status::expected(place);
        let (alive, dead): (Vec<String>, Vec<String>) = expected
            .into_iter()
            .partition(|name| place.running(name).is_some() || rolling.as_ref() == Some(name));
        if alive.is_empty() {
            say("Everything has been stopped.");
            return Ok(());
        }
        for name in dead.iter().filter(|name| !known.contains(*name)) {
            warn(format_args!("{name} has died; ./dev up --detach in another terminal starts it again"));
        }
        known = dead;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_words(words: &[&str]) -> Result<Option<Arguments>, String> {
        let words: Vec<String> = words.iter().map(|it| (*it).to_owned()).collect();
        Arguments::read(&words)
    }

    #[test]
    fn options_are_read() {
        let arguments = read_words(&["--instances", "3", "--detach", "--lb"]).unwrap().unwrap();
        assert_eq!(arguments.instances, Some(3));
        assert!(arguments.detach && arguments.lb && !arguments.notify);
        assert_eq!(read_words(&["--instances=2"]).unwrap().unwrap().instances, Some(2));
        assert!(read_words(&["--detach", "--help"]).unwrap().is_none());
    }

    #[test]
    fn wrong_ones_are_refused() {
        for words in [&["--instances"][..], &["--instances", "0"], &["--instances=x"], &["--other"], &["3"]] {
            assert!(read_words(words).is_err(), "{words:?}");
        }
    }
}
