//! `test`, `adapters`, `bench`, `prepare`, `audit`: what runs against servers of its own, or none.

use std::{path::PathBuf, process::Stdio};

use anyhow::{Context, bail};
use harness::limits;

use crate::{
    adapters, clients,
    instances::haproxy_config,
    place::Place,
    process::{find, program},
    program::target_dir,
    run::Run,
    say::{say, warn},
    servers::{Role, Wanted},
    status, web,
};

/// Many tests at once, each with a database and pools of its own.
fn of_tests() -> Wanted {
    // The server is on loopback and lives as long as the run; `up` and `bench` have SCRAM and a disk.
    Wanted { createdb: true, throwaway: true, ..Wanted::with(400) }
}

/// The build of the tests turns on more features of some libraries. To build the program by itself would compile half of
/// all libraries again, so a whole run takes the program that the tests were built with.
pub fn build_debug(run: &Run) -> anyhow::Result<PathBuf> {
    run.must(run.program("cargo").args(["build", "--locked", "--bin", "signoff"]), "the build failed")?;
    Ok(debug_program(run))
}

fn debug_program(run: &Run) -> PathBuf {
    target_dir(&run.place).join("debug/signoff")
}

pub fn test(run: &mut Run, arguments: &[String]) -> anyhow::Result<()> {
    let whole = arguments.is_empty();
    let faketime = run.place.need_faketime()?;
    run.place.need_haproxy()?;
    run.place.need_node()?;
    run.place.need("curl", "curl")?;
    let part = arguments.first().map(String::as_str);
    // Before the long steps: a check whose program is missing is a failure.
    if whole || part == Some("clients") {
        run.place.need_python()?;
    }
    let chromium = if whole || part == Some("web") { Some(run.place.need_chromium()?) } else { None };
    if whole {
        run.place.need("shellcheck", "shellcheck")?;
    }
    web::build(&run.place)?;
    // The issuer that the tests sign in at.
    let issuer = run.place.dev("oidc");
    run.npm().install_with_programs(&run.place.root.join("tests/oidc"), &issuer, &["provider.mjs"])?;
    run.set("SIGNOFF_OIDC_PROVIDER", issuer);
    run.set("SIGNOFF_FAKETIME", faketime);
    run.start_servers(&of_tests())?;
    // One test opens two thousand sockets.
    limits::raise_open_files();
    match (part, chromium) {
        (None, Some(chromium)) => everything(run, &web::Browser { chromium, fonts: None }),
        (Some("web"), Some(chromium)) => {
            let browser = web::Browser { chromium, fonts: None };
            run.step("web app: browser tests", |run| {
                let binary = build_debug(run)?;
                web::test(run, &browser, &binary, &arguments[1..])
            })
        }
        (Some("clients"), _) => run.step("clients", |run| {
            let binary = build_debug(run)?;
            clients::run(run, &binary)
        }),
        _ => run.step(&format!("tests ({})", arguments.join(" ")), |run| rust_tests(run, arguments)),
    }
}

fn everything(run: &mut Run, browser: &web::Browser) -> anyhow::Result<()> {
    let cargo = |words: &'static [&'static str]| {
        move |run: &mut Run| {
            let mut cargo = run.program("cargo");
            run.runs(cargo.args(words))
        }
    };
    let clippy = &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    run.step("formatting", cargo(&["fmt", "--all", "--check"]))?;
    run.step("clippy", cargo(clippy))?;
    run.step("web app: types, build, unit tests", web::check)?;
    let mut built = false;
    run.step("tests", |run| {
        built = build_tests(run)?;
        // A run of everything tells every failure, not only the first.
        Ok(built && run_tests(run, &["--no-fail-fast".to_owned()])?)
    })?;
    let binary = |run: &Run| if built { Ok(debug_program(run)) } else { build_debug(run) };
    run.step("web app: browser tests", |run| {
        let binary = binary(run)?;
        web::test(run, browser, &binary, &[])
    })?;
    run.step("clients", |run| {
        let binary = binary(run)?;
        clients::run(run, &binary)
    })?;
    run.step("documentation tests", cargo(&["test", "--doc", "--locked"]))?;
    run.step("documentation", |run| {
        let mut doc = run.program("cargo");
        run.runs(doc.args(["doc", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "-Dwarnings"))
    })?;
    run.step("dependencies", |run| run.runs(run.program("python3").arg("deploy/dev/dependencies.py")))?;
    run.step("shell scripts", |run| {
        run.runs(run.program("sh").args(["-c", "shellcheck -x -a dev .ci/run deploy/postgres/*.sh"]))
    })?;
    run.step("deployment files", |run| {
        // By the Python of the clients' tests: it can read YAML.
        let mut check = run.program(clients::python(run)?);
        run.runs(check.arg("deploy/dev/deployment.py").env("PYTHONDONTWRITEBYTECODE", "1"))
    })?;
    run.step("HAProxy's configuration", check_haproxy)
}

/// Both as Docker Compose and as `./dev up --lb` use it.
fn check_haproxy(run: &mut Run) -> anyhow::Result<bool> {
    let file = run.place.state.join("haproxy.cfg");
    std::fs::write(&file, haproxy_config(&run.place, 8080, &[8081, 8082])?)?;
    let check = |file: &std::path::Path| run.runs(run.program("haproxy").arg("-c").arg("-f").arg(file));
    Ok(check(&run.place.root.join("deploy/haproxy.cfg"))? && check(&file)?)
}

/// Cargo takes no single package beside all.
fn all_packages(arguments: &[String]) -> &'static [&'static str] {
    let is_package = |it: &String| it.starts_with("-p") || it.starts_with("--package");
    if arguments.iter().any(is_package) { &[] } else { &["--workspace"] }
}

fn rust_tests(run: &Run, arguments: &[String]) -> anyhow::Result<bool> {
    Ok(build_tests(run)? && run_tests(run, arguments)?)
}

fn build_tests(run: &Run) -> anyhow::Result<bool> {
    let nextest = ["nextest", "run", "--workspace", "--locked", "--no-run"];
    let cargo = ["test", "--workspace", "--locked", "--lib", "--bins", "--tests", "--no-run"];
    let words = if has_nextest() { &nextest[..] } else { &cargo };
    run.runs(run.program("cargo").args(words))
}

/// Documentation tests are a step of their own.
fn run_tests(run: &Run, arguments: &[String]) -> anyhow::Result<bool> {
    let mut command = run.program("cargo");
    if has_nextest() {
        command.args(["nextest", "run", "--locked"]).args(all_packages(arguments)).args(arguments);
    } else {
        command
            .args(["test", "--locked", "--lib", "--bins", "--tests"])
            .args(all_packages(arguments))
            .args(arguments);
    }
    run.runs(&command)
}

fn has_nextest() -> bool {
    find("cargo-nextest").is_some()
}

pub fn adapters(run: &mut Run) -> anyhow::Result<()> {
    run.place.need_python()?;
    run.place.need_node()?;
    run.start_servers(&of_tests())?;
    run.step("agents", |run| {
        let binary = build_debug(run)?;
        adapters::heavy(run, &binary)
    })
}

pub fn bench(run: &mut Run, arguments: &[String]) -> anyhow::Result<()> {
    let up = Place::of_up(&run.place.root)?;
    if status::expected(&up).iter().any(|name| up.running(name).is_some()) {
        warn("what ./dev up started is running here and will disturb the figures; ./dev down stops it");
    }
    // As cargo's users write it.
    let arguments = arguments.strip_prefix(&["--".to_owned()]).unwrap_or(arguments);
    if let Some(("ui", rest)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return web::bench(run, rest);
    }
    run.start_servers(&Wanted { createdb: true, count_statements: true, ..Wanted::with(400) })?;
    limits::raise_open_files();
    // Also where DATABASE_URL gives the server, the floor is measured with ours.
    let ours = run.servers()?.postgres.as_ref().map(|it| it.program("pgbench")).filter(|it| it.exists());
    match ours.or_else(|| find("pgbench")) {
        Some(pgbench) => run.set("SIGNOFF_PGBENCH", pgbench),
        None => warn("pgbench is not installed"),
    }
    let release = target_dir(&run.place).join("release");
    run.set("SIGNOFF_BIN_DIR", release);
    say("Building …");
    // It builds the program, too.
    let words = ["bench", "--locked", "--bench", "load"];
    run.must(run.program("cargo").args(words).arg("--no-run"), "the build failed")?;
    run.must(run.program("cargo").args(words).arg("--").args(arguments), "the benchmark failed")
}

pub fn prepare(run: &mut Run) -> anyhow::Result<()> {
    // It brings both `sqlx` and `cargo sqlx`.
    find("cargo-sqlx").context(
        "sqlx-cli is missing: cargo install sqlx-cli --locked --no-default-features --features postgres,rustls",
    )?;
    // A fresh one in any case, whatever server is given.
    say("Servers");
    run.place.start_postgres(&Wanted { createdb: true, ..Wanted::with(50) })?;
    run.set("DATABASE_URL", run.place.postgres_url(Role::Owner)?);
    run.set("SQLX_OFFLINE", "false");
    run.must(
        run.program("sqlx").args(["migrate", "run", "--source", "migrations"]),
        "the migrations could not be applied",
    )?;
    run.must(
        run.program("cargo").args(["sqlx", "prepare", "--", "--all-targets"]),
        "not every query could be checked",
    )?;
    say("Commit .sqlx/ with the change that made it necessary.");
    Ok(())
}

pub fn audit(root: &std::path::Path) -> anyhow::Result<()> {
    find("cargo-deny").context("cargo-deny is missing: cargo install --locked cargo-deny")?;
    let mut deny = program("cargo");
    deny.args(["deny", "--locked", "check"]).current_dir(root).stdin(Stdio::null());
    if !deny.status()?.success() {
        bail!("cargo-deny found something");
    }
    Ok(())
}
