//! The web app: its build, its checks. A server without the app works, so `up` goes on where the app can't be built.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::bail;

use crate::{
    node::Npm,
    place::{Place, read},
    process::program,
    program::{Signoff, target_dir},
    run::{Run, installing},
    say::{say, warn},
    servers::Wanted,
};

fn folder(place: &Place) -> PathBuf {
    place.root.join("ui")
}

/// What a build is made from, as one number.
fn sources(folder: &Path) -> anyhow::Result<u64> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if name == "node_modules" || name == "dist" || name == "api.d.ts" {
                continue;
            }
            // Links, such as an editor's, are no sources.
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    // Another version of Rust may hash otherwise: then the app is built once more.
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.hash(&mut hasher);
        fs::read(file)?.hash(&mut hasher);
    }
    Ok(hasher.finish())
}

fn npm(place: &Place, script: &str) -> Command {
    let mut npm = program("npm");
    npm.args(["run", "--silent", "--prefix"]).arg(folder(place)).arg(script);
    npm
}

/// Builds the app where its sources have changed since the last time.
pub fn build(place: &Place) -> anyhow::Result<()> {
    let folder = folder(place);
    let (stamp, made_of) = (place.dev("ui.stamp"), sources(&folder)?.to_string());
    if folder.join("dist/index.html").exists() && read(&stamp).is_some_and(|it| it == made_of) {
        return Ok(());
    }
    place.need_node()?;
    say("Building the web app …");
    let by_itself = Npm::of(place);
    by_itself.install_in(&folder)?;
    installing(place, || {
        if !npm(place, "build").stdin(Stdio::null()).status()?.success() {
            bail!("the web app can't be built (ui/)");
        }
        Ok(fs::write(stamp, format!("{made_of}\n"))?)
    })
}

/// The server is of use without it.
pub fn build_if_possible(place: &Place) {
    if let Err(error) = build(place) {
        warn(format_args!("{error:#}"));
        warn("the web app could not be built; the API works without it. ./dev up tries again.");
    }
}

// --- a step of `./dev test` ---

pub fn check(run: &mut Run) -> anyhow::Result<bool> {
    run.npm().install_in(&folder(&run.place))?;
    for script in ["check", "build", "test"] {
        if !run.runs(&npm(&run.place, script))? {
            return Ok(false);
        }
    }
    Ok(true)
}

// --- real browsers against real instances ---

/// What they are started with.
pub struct Browser {
    pub chromium: PathBuf,
    /// Where the fonts of pictures are set.
    pub fonts: Option<PathBuf>,
}

/// How many files of tests run at once: they wait for pages more than they work.
const AT_ONCE: usize = 2;

/// The instances are the tests' own: they kill some. Each file has a database and a part of Redis to itself.
pub fn test(run: &mut Run, browser: &Browser, binary: &Path, files: &[String]) -> anyhow::Result<bool> {
    let folder = folder(&run.place);
    run.npm().install_in(&folder)?;
    let mut arguments = vec!["--test".to_owned(), format!("--test-concurrency={AT_ONCE}")];
    if files.is_empty() {
        let mut all: Vec<String> = fs::read_dir(folder.join("tests/browser"))?
            .flatten()
            .map(|it| it.path().display().to_string())
            .filter(|it| it.ends_with(".test.mjs"))
            .collect();
        all.sort();
        arguments.extend(all);
    } else {
        arguments.extend_from_slice(files);
    }
    with_cluster(run, browser, binary, &arguments)
}

/// Runs node with a migrated database. Each of its programs copies that database, and starts instances by itself.
fn with_cluster(run: &mut Run, browser: &Browser, binary: &Path, node: &[String]) -> anyhow::Result<bool> {
    let common = run.servers()?.owner.clone();
    run.with_own_database(|run, servers| {
        let place = run.place.clone();
        let signoff = Signoff { place: &place, binary: binary.to_owned(), servers, settings: Vec::new() };
        if !run.runs(&signoff.migration()?)? {
            return Ok(false);
        }
        let mut command = run.program("node");
        command.args(node);
        command.env("SIGNOFF_BIN", binary);
        command.env("SIGNOFF_DATABASE_URL", &servers.database).env("SIGNOFF_REDIS_URL", &servers.redis);
        command.env("SIGNOFF_LOG_FORMAT", "json");
        command.env("WEB_TESTS_ADMIN_URL", &servers.admin).env("WEB_TESTS_OWNER_URL", &common);
        command.env("SIGNOFF_CHROMIUM", &browser.chromium);
        if let Some(fonts) = &browser.fonts {
            command.env("FONTCONFIG_FILE", fonts);
        }
        run.runs(&command)
    })
}

// --- figures ---

pub fn bench(run: &mut Run, arguments: &[String]) -> anyhow::Result<()> {
    let browser = Browser { chromium: run.place.need_chromium()?, fonts: None };
    run.place.need_haproxy()?;
    build(&run.place)?;
    run.start_servers(&Wanted { createdb: true, ..Wanted::with(400) })?;
    say("Building …");
    run.must(
        run.program("cargo").args(["build", "--release", "--locked", "--bin", "signoff"]),
        "the build failed",
    )?;
    let binary = target_dir(&run.place).join("release/signoff");
    let program = folder(&run.place).join("bench/main.mjs").display().to_string();
    let node = [&[program], arguments].concat();
    if !with_cluster(run, &browser, &binary, &node)? {
        bail!("the benchmark failed");
    }
    Ok(())
}

// --- pictures ---

/// With a font of their own, so that they are alike on every machine.
pub fn shots(run: &mut Run, arguments: &[String]) -> anyhow::Result<()> {
    let chromium = run.place.need_chromium()?;
    let has_font = ["opentype", "truetype"]
        .iter()
        .any(|kind| Path::new("/usr/share/fonts").join(kind).join("inter").is_dir());
    if !has_font && !run.place.install("the font Inter", &["fonts-inter"]) {
        warn("the font Inter is missing (Debian's package: fonts-inter): the pictures have another one");
    }
    build(&run.place)?;
    run.start_servers(&Wanted { createdb: true, ..Wanted::with(400) })?;
    let binary = crate::test::build_debug(run)?;
    let fonts = run.place.state.join("fonts.conf");
    fs::write(&fonts, include_str!("fonts.conf"))?;
    let program = folder(&run.place).join("tests/shots.mjs").display().to_string();
    let node = [&[program], arguments].concat();
    if !with_cluster(run, &Browser { chromium, fonts: Some(fonts) }, &binary, &node)? {
        bail!("the pictures could not be taken");
    }
    say("They are in docs/screens/. Look at them.");
    Ok(())
}
