//! `./dev`: runs Signoff on a developer's machine, several instances over a private Postgres and Redis under `.dev/`, and
//! the checks that continuous integration runs.
//!
//! Written without async: it starts programs and waits for them. What does what:
//!
//! | | |
//! | --- | --- |
//! | [`up`], [`status`], [`roll`] | the set of a developer |
//! | [`test`], [`web`], [`clients`], [`adapters`] | what runs against servers of its own |
//! | [`run`] | such servers, and steps that end with all their children |
//! | [`instances`], [`program`], [`notify`] | Signoff itself, HAProxy before it, what catches its mail |
//! | [`servers`] | Postgres and Redis |
//! | [`node`], [`tools`], [`packages`] | what is installed, from npm, PyPI and apt |
//! | [`place`], [`process`], [`interrupt`], [`http`], [`say`] | state, processes, signals, readiness, words |
//! | [`env_file`], [`first_steps`] | what `up` tells programs and people |

mod adapters;
mod clients;
mod env_file;
mod first_steps;
mod http;
mod instances;
mod interrupt;
mod node;
mod notify;
mod packages;
mod place;
mod process;
mod program;
mod roll;
mod run;
mod say;
mod servers;
mod status;
mod test;
mod tools;
mod up;
mod web;

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{anyhow, bail};
use run::Run;
use say::{say, warn};

const HELP: &str = include_str!("help/main.txt");

/// A command, and what `./dev COMMAND --help` says.
const COMMANDS: [(&str, &str); 10] = [
    ("up", include_str!("help/up.txt")),
    ("roll", include_str!("help/roll.txt")),
    ("down", include_str!("help/down.txt")),
    ("status", include_str!("help/status.txt")),
    ("test", include_str!("help/test.txt")),
    ("adapters", include_str!("help/adapters.txt")),
    ("audit", include_str!("help/audit.txt")),
    ("bench", include_str!("help/bench.txt")),
    ("shots", include_str!("help/shots.txt")),
    ("prepare", include_str!("help/prepare.txt")),
];

fn main() -> ExitCode {
    let words: Vec<String> = env::args_os().skip(1).map(|it| it.to_string_lossy().into_owned()).collect();
    let (command, arguments) =
        words.split_first().map_or(("help", &[][..]), |(first, rest)| (first.as_str(), rest));
    if matches!(command, "help" | "-h" | "--help") {
        say(HELP.trim_end());
        return ExitCode::SUCCESS;
    }
    let Some((command, help)) = COMMANDS.into_iter().find(|(name, _)| *name == command) else {
        warn(format_args!("there is no command '{command}'\n{}", HELP.trim_end()));
        return ExitCode::from(2);
    };
    // Only the first argument: what follows may belong to the test runner.
    if matches!(arguments.first().map(String::as_str), Some("-h" | "--help")) {
        say(help.trim_end());
        return ExitCode::SUCCESS;
    }
    match dispatch(command, arguments) {
        Ok(code) => code,
        Err(Failure::AskedForHelp) => {
            say(help.trim_end());
            ExitCode::SUCCESS
        }
        Err(Failure::Usage(what)) => {
            warn(format_args!("{what}\n{}", help.trim_end()));
            ExitCode::from(2)
        }
        // The signal may also have ended a program, which then failed.
        Err(Failure::Other(error)) => {
            if let Err(interrupted) = interrupt::check() {
                return ExitCode::from(interrupted.exit_code());
            }
            warn(format_args!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

enum Failure {
    /// No failure: the arguments ask for help.
    AskedForHelp,
    /// The arguments are wrong.
    Usage(String),
    Other(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

fn dispatch(command: &str, arguments: &[String]) -> Result<ExitCode, Failure> {
    let root = root()?;
    let takes_any = matches!(command, "up" | "down" | "test" | "bench" | "shots");
    if !takes_any && !arguments.is_empty() {
        return Err(Failure::Usage("takes no arguments".to_owned()));
    }
    match command {
        "up" => match up::Arguments::read(arguments).map_err(Failure::Usage)? {
            Some(arguments) => up::run(&root, &arguments)?,
            None => return Err(Failure::AskedForHelp),
        },
        "down" => match arguments {
            [] => status::down(&root, false)?,
            [wipe] if wipe == "--wipe" => status::down(&root, true)?,
            _ => return Err(Failure::Usage(format!("unknown option: {}", arguments.join(" ")))),
        },
        "status" => return Ok(status::run(&root)?),
        "roll" => roll::run(&root)?,
        "audit" => test::audit(&root)?,
        "test" => of_its_own(&root, "test", |run| test::test(run, arguments))?,
        "adapters" => of_its_own(&root, "test", test::adapters)?,
        "bench" => of_its_own(&root, "bench", |run| test::bench(run, arguments))?,
        "shots" => of_its_own(&root, "shots", |run| web::shots(run, arguments))?,
        _ => of_its_own(&root, "prepare", test::prepare)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// With servers of its own, which are removed afterwards.
fn of_its_own(
    root: &Path,
    kind: &str,
    work: impl FnOnce(&mut Run) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut run = Run::begin(root, kind)?;
    // Also where this program itself has a fault, the servers are removed.
    let outcome = catch_unwind(AssertUnwindSafe(|| work(&mut run)));
    run.end(outcome.unwrap_or_else(|_| Err(anyhow!("./dev itself has failed: the words are above"))))
}

/// The checkout: where `./dev` has gone. Not where this program was built, for a checkout may be moved or copied.
fn root() -> anyhow::Result<PathBuf> {
    let root = env::current_dir()?;
    if !root.join("crates/harness").is_dir() {
        bail!("{} is no checkout of Signoff; run ./dev", root.display());
    }
    Ok(root)
}
