//! The agents and frameworks that our adapters stand in, with their real packages and models that say what they are told
//! to. The light ones are a part of `./dev test`. Those with hundreds of megabytes are `./dev adapters`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use crate::{
    clients::{Cluster, all_of, with_instances, with_newer_node},
    process::is_program,
    run::Run,
};

fn agents(run: &Run) -> PathBuf {
    run.place.root.join("tests/agents")
}

fn mypy(run: &Run, python: &Path, cache: &str, arguments: &[&str]) -> anyhow::Result<bool> {
    let mut command = run.program(python.with_file_name("mypy"));
    command.current_dir(run.place.root.join("clients/python"));
    run.runs(command.arg("--cache-dir").arg(run.place.dev(cache)).args(arguments))
}

/// In an environment of their own.
pub fn light(run: &mut Run, cluster: &Cluster) -> anyhow::Result<bool> {
    let client = run.place.root.join("clients/python");
    let python = run.python_environment("adapters", &agents(run).join("light.txt"))?.join("bin/python");
    let typed = mypy(run, &python, "mypy-adapters", &[])?;
    let tested = run.runs(&cluster.pytest(run, &python, &client, &["tests/adapters"]))?;
    Ok(typed && tested)
}

/// Whole agents: their command lines, and the SDKs that start them. And workflow tools.
pub fn heavy(run: &mut Run, binary: &Path) -> anyhow::Result<bool> {
    let agents = agents(run);
    let client = run.place.root.join("clients/python");
    let environment = run.python_environment("heavy", &agents.join("heavy.txt"))?;
    let python = environment.join("bin/python");
    let packages = run.place.dev("agents");
    run.npm().install_with_programs(&agents, &packages, &[])?;
    let claude =
        matching(&environment, &["lib", "python*", "site-packages/claude_agent_sdk/_bundled/claude"])?;
    let codex = matching(&packages, &["node_modules/@openai", "codex-*", "vendor", "*", "bin/codex"])?;
    run.set("SIGNOFF_CLAUDE", claude);
    run.set("SIGNOFF_CODEX", codex);
    let server = "node_modules/@modelcontextprotocol/server-filesystem/dist/index.js";
    run.set("SIGNOFF_FILES_SERVER", packages.join(server));
    with_instances(run, binary, |run, cluster| {
        all_of(
            run,
            &[
                ("signoff hook and signoff mcp with Claude Code and Codex", &|run| {
                    let mut command = cluster.pytest(run, &python, &agents, &["-q", "--ignore=recipes"]);
                    run.runs(command.env_remove("PYTHONPATH"))
                }),
                ("Claude Agent SDK (Python)", &|run| {
                    run.runs(&cluster.pytest(run, &python, &client, &["tests/adapters/heavy"]))
                }),
                ("Airflow", &|run| airflow(run, cluster, &client)),
                ("recipes", &|run| recipes(run, cluster)),
                ("Claude Agent SDK and AI SDK (TypeScript)", &|run| typescript(run, cluster, &python)),
            ],
        )
    })
}

/// With a scheduler and a triggerer, in an environment of its own: its pins don't go with the others'.
fn airflow(run: &mut Run, cluster: &Cluster, client: &Path) -> anyhow::Result<bool> {
    let python = run.python_environment("airflow", &agents(run).join("airflow.txt"))?.join("bin/python");
    let typed = mypy(run, &python, "mypy-airflow", &["src/signoff/adapters/airflow"])?;
    let tested = run.runs(&cluster.pytest(run, &python, client, &["tests/adapters/heavy/airflow"]))?;
    Ok(typed && tested)
}

/// What docs/recipes shows, with Prefect, Dagster and Temporal.
fn recipes(run: &mut Run, cluster: &Cluster) -> anyhow::Result<bool> {
    let python = run.python_environment("recipes", &agents(run).join("recipes.txt"))?.join("bin/python");
    let mut command = cluster.own_client(run, &python, &agents(run).join("recipes"));
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    run.runs(command.args(["-m", "pytest"]))
}

fn typescript(run: &mut Run, cluster: &Cluster, python: &Path) -> anyhow::Result<bool> {
    let client = run.place.root.join("clients/typescript");
    with_newer_node(run, python, |run| {
        run.npm().install_in(&client)?;
        let own = |run: &Run, program: &str, words: &[&str]| {
            let mut command = cluster.own_client(run, program, &client);
            command.args(words).env("SIGNOFF_HEAVY_PACKAGES", run.place.dev("agents"));
            run.runs(&command)
        };
        Ok(own(run, "npm", &["run", "--silent", "build"])?
            && own(run, "npx", &["tsc", "-p", "tests"])?
            && own(run, "node", &["--test", "tests/heavy/claude.test.mjs", "tests/heavy/ai.test.mjs"])?)
    })
}

/// The first program whose path fits; a part may have a `*` at its end.
fn matching(folder: &Path, parts: &[&str]) -> anyhow::Result<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for part in parts {
        found = found
            .into_iter()
            .flat_map(|folder| match part.strip_suffix('*') {
                None => vec![folder.join(part)],
                Some(begin) => fs::read_dir(&folder)
                    .into_iter()
                    .flatten()
                    .flatten()
                    .filter(|it| it.file_name().to_string_lossy().starts_with(begin))
                    .map(|it| it.path())
                    .collect(),
            })
            .collect();
    }
    found
        .into_iter()
        .find(|it| is_program(it))
        .with_context(|| format!("{} has no program {}", folder.display(), parts.join("/")))
}
