//! `status` and `down`: what runs, and its end.

use std::{path::Path, process::ExitCode, time::Duration};

use rustix::process::Signal;

use crate::{
    http, notify,
    place::{Place, read, remove},
    say::{note, say},
    servers::{Given, postgres_answers},
    tools::PostgresPrograms,
};

/// The names of what should run; after an `up` that got no further than the servers, those that do run.
pub fn expected(place: &Place) -> Vec<String> {
    let servers = ["postgres", "redis"];
    let Some(count) = read(&place.run("count")).and_then(|it| it.parse::<u32>().ok()) else {
        return servers.iter().filter(|it| place.running(it).is_some()).map(|it| (*it).to_owned()).collect();
    };
    let mut names = Vec::new();
    for (name, kind) in servers.into_iter().zip(["database", "redis"]) {
        if !place.run(&format!("given.{kind}")).exists() {
            names.push(name.to_owned());
        }
    }
    names.extend((1..=count).map(crate::instances::name));
    if place.run("lb").exists() {
        names.push("haproxy".to_owned());
    }
    if place.with_notify() {
        names.extend(notify::BOTH.map(str::to_owned));
    }
    names
}

/// Where it is, and "ready" or what is wrong.
fn inspect(place: &Place, name: &str) -> (String, String) {
    let port = place.port_of(name).unwrap_or_default();
    let said = |ready: bool| if ready { "ready".to_owned() } else { "no answer".to_owned() };
    match name {
        "postgres" => {
            let programs = PostgresPrograms::find(None);
            let ready = programs.is_some_and(|it| postgres_answers(&it, port));
            (format!("127.0.0.1:{port}"), said(ready))
        }
        "redis" => (format!("127.0.0.1:{port}"), said(harness::redis::answers(port))),
        name => {
            let path = if notify::BOTH.contains(&name) { "/" } else { "/readyz" };
            let state = match http::get(port, path, None) {
                None => said(false),
                Some(reply) if reply.status == 200 => said(true),
                Some(reply) => format!("not ready ({})", reply.status),
            };
            (format!("http://127.0.0.1:{port}"), state)
        }
    }
}

pub fn run(root: &Path) -> anyhow::Result<ExitCode> {
    let place = Place::of_up(root)?;
    let names = expected(&place);
    if names.is_empty() {
        say("Nothing runs here; ./dev up starts it.");
        return Ok(ExitCode::from(3));
    }
    let mut whole = place.run("count").exists();
    for name in names {
        let (address, mut state) = inspect(&place, &name);
        let pid = place.running(&name);
        // A Redis that a developer restarted by hand serves as well.
        if pid.is_none() && !(name == "redis" && state == "ready") {
            "not running".clone_into(&mut state);
        }
        whole &= state == "ready";
        let pid = pid.map_or("-".to_owned(), |pid| pid.to_string());
        say(format_args!("{name:<12} {pid:<8} {address:<28} {state}"));
    }
    for kind in ["database", "redis"] {
        if place.run(&format!("given.{kind}")).exists() {
            say(format_args!("{kind:<12} {:<8} given", "-"));
        }
    }
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

/// The set is forgotten, ports and data are kept.
pub fn stop_all(place: &Place) -> anyhow::Result<()> {
    place.stop("haproxy", Signal::TERM, Duration::from_secs(10))?;
    place.stop_instances()?;
    place.stop_notify()?;
    place.stop_redis()?;
    place.stop_postgres()?;
    remove(&place.run("count"))?;
    remove(&place.run("lb"))?;
    Given::forget(place)
}

pub fn down(root: &Path, wipe: bool) -> anyhow::Result<()> {
    let place = Place::of_up(root)?;
    let _lock = place.lock()?;
    say("Stopping");
    stop_all(&place)?;
    if wipe {
        place.remove_homes()?;
        // The lock stays, others may be waiting for it; so does what `test` runs on.
        for part in ["run", "log", "data", "env", "secrets.key", "receipts.key", "haproxy.cfg"] {
            remove(&place.state.join(part))?;
        }
        note("data, logs and keys removed");
    }
    Ok(())
}
