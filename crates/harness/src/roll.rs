//! `roll`: a rolling restart, one instance after the other, as a deployment does it.
//!
//! While an instance is away, `.dev/run/rolling` holds its name, so that an `up` in the foreground doesn't take it for
//! dead.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::bail;
use rustix::process::Signal;

use crate::{
    http,
    instances::{Instances, Ports, READY, name, start_haproxy},
    interrupt,
    place::{Place, remove},
    process::signal,
    program::{Signoff, build},
    say::{note, say, warn},
    servers::{Given, Servers, Wanted},
    up,
};

/// Longer than any drain with the default settings (3 s of grace, 25 s of work).
const DRAIN: Duration = Duration::from_secs(45);

pub fn run(root: &Path) -> anyhow::Result<()> {
    let place = Place::of_up(root)?;
    let _lock = place.lock()?;
    if place.highest_running()? == 0 {
        bail!("no instance runs here; ./dev up starts some");
    }
    interrupt::listen()?;
    // Also where it ends early, no instance is being replaced any more.
    let rolled = roll(&place);
    remove(&place.run("rolling"))?;
    rolled
}

fn roll(place: &Place) -> anyhow::Result<()> {
    let binary = build(place)?;
    let given = Given::now_or_before(place);
    let servers = Servers::start(place, &given, &Wanted::with(200))?;
    servers.remember_own(place, &given)?;
    let signoff = Signoff { place, binary, servers: &servers, settings: place.settings_of_up() };
    signoff.migrate()?;
    let count = up::choose_count(place, None)?;
    let mut instances = Instances::new(&signoff, Ports::Known);
    // First what has died: while one is replaced, the others have its work too.
    let env = up::start_all(&mut instances, count)?;
    say("One by one");
    if count == 1 {
        note("there is a single instance: no request is served while it restarts");
    }
    for n in 1..=count {
        if let Err(error) = roll_one(place, &mut instances, n) {
            env.write(place, &servers)?;
            return Err(error);
        }
    }
    if place.run("lb").exists() {
        start_haproxy(place, count)?;
    }
    env.write(place, &servers)?;
    say(format_args!("All {count} run the present build and are ready."));
    Ok(())
}

fn roll_one(place: &Place, instances: &mut Instances, n: u32) -> anyhow::Result<()> {
    let (name, begun) = (name(n), Instant::now());
    if instances.has_launched(n) {
        note(format_args!("{name} has just been started"));
        return Ok(());
    }
    fs::write(place.run("rolling"), format!("{name}\n"))?;
    // It may have died since.
    let old = place.running(&name);
    if let Some(pid) = old {
        signal(pid, Signal::TERM);
        place.await_end(&name, Instant::now() + DRAIN)?;
    }
    let now = instances.launch(n)?;
    if !instances.ready(n, Instant::now() + READY)? {
        bail!("{name} did not come back; those after it were not touched. ./dev up tries again.");
    }
    remove(&place.run("rolling"))?;
    await_passed_on(place, n)?;
    note(format_args!(
        "{name} restarted in {} s (pid {} before, now {now}, {})",
        begun.elapsed().as_secs(),
        old.map_or("none".to_owned(), |pid| pid.to_string()),
        place.instance_url(n)
    ));
    Ok(())
}

/// HAProxy needs a moment to find it ready, and the next must not go before that.
fn await_passed_on(place: &Place, n: u32) -> anyhow::Result<()> {
    let (Some(lb), Some(port)) = (place.port_of("haproxy"), place.port_of(&name(n))) else { return Ok(()) };
    if !place.run("lb").exists() || place.running("haproxy").is_none() {
        return Ok(());
    }
    let own = instance_id(port);
    let until = Instant::now() + Duration::from_secs(10);
    while own.is_none() || instance_id(lb) != own {
        if Instant::now() > until {
            warn(format_args!("haproxy has not passed a request on to {} in 10 s; going on", name(n)));
            return Ok(());
        }
        interrupt::pause()?;
    }
    Ok(())
}

/// As the instance that answers there calls itself.
fn instance_id(port: u16) -> Option<String> {
    let body = http::get(port, "/readyz", None)?.body;
    let (_, rest) = body.split_once("\"instance_id\":")?;
    Some(rest.trim_start().trim_start_matches('"').split('"').next()?.to_owned())
}
