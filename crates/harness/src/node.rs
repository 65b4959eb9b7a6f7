//! Packages of npm and PyPI, installed once for what they were made from.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, bail};

use crate::{
    place::{Place, remove},
    process::{output, program},
    run::{Run, installing},
};

/// Does the work unless it was done for the same text before.
fn once(stamp: &Path, made_of: &str, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    if fs::read_to_string(stamp).is_ok_and(|before| before == made_of) {
        return Ok(());
    }
    remove(stamp)?;
    work()?;
    Ok(fs::write(stamp, made_of)?)
}

/// Runs a command to its end; whether it succeeded.
type Runs<'a> = Box<dyn Fn(&Command) -> anyhow::Result<bool> + 'a>;

/// How npm is run: by itself, or as a step of a run.
pub struct Npm<'a> {
    pub place: &'a Place,
    pub command: Command,
    pub runs: Runs<'a>,
}

impl<'a> Npm<'a> {
    /// By itself.
    pub fn of(place: &'a Place) -> Self {
        let runs = |npm: &Command| {
            let mut own = Command::new(npm.get_program());
            own.args(npm.get_args()).stdin(Stdio::null());
            Ok(own.status()?.success())
        };
        Self { place, command: program("npm"), runs: Box::new(runs) }
    }

    fn ci(mut self, folder: &Path, asked_by: &Path) -> anyhow::Result<()> {
        self.command.args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
            "--prefix",
        ]);
        if !(self.runs)(self.command.arg(folder))? {
            bail!("npm could not install what {} needs", self.place.shown(asked_by));
        }
        Ok(())
    }

    /// The packages of a folder, into the folder.
    pub fn install_in(self, folder: &Path) -> anyhow::Result<()> {
        let lock = fs::read_to_string(folder.join("package-lock.json"))?;
        installing(self.place, || {
            once(&folder.join("node_modules/.stamp"), &lock, || self.ci(folder, folder))
        })
    }

    /// The packages of a folder, elsewhere; the programs go along, as Node looks for packages beside the importing file.
    pub fn install_with_programs(self, from: &Path, to: &Path, programs: &[&str]) -> anyhow::Result<()> {
        installing(self.place, || {
            fs::create_dir_all(to)?;
            for file in [&["package.json", "package-lock.json"], programs].concat() {
                fs::copy(from.join(file), to.join(file)).with_context(|| file.to_owned())?;
            }
            let lock = fs::read_to_string(to.join("package-lock.json"))?;
            once(&to.join("stamp"), &lock, || self.ci(to, from))
        })
    }
}

impl Run {
    /// An environment of Python, made anew when what it was made from has changed, Python itself included.
    pub fn python_environment(&self, name: &str, requirements: &Path) -> anyhow::Result<PathBuf> {
        let directory = self.place.dev(name);
        let version = output(Command::new("python3").arg("--version")).context("python3 does not run")?;
        let stamp = format!("{version}\n{}", fs::read_to_string(requirements)?);
        self.installing(|| {
            once(&directory.join("stamp"), &stamp, || {
                remove(&directory)?;
                let failed = format!("what {} names could not be installed", self.place.shown(requirements));
                self.must(self.program("python3").args(["-m", "venv"]).arg(&directory), &failed)?;
                let mut pip = self.program(directory.join("bin/python"));
                pip.args([
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--require-hashes",
                ]);
                pip.args(["--only-binary", ":all:", "--requirement"]).arg(requirements);
                self.must(&pip, &failed)
            })
        })?;
        Ok(directory)
    }
}
