//! `signoff hook check`: whether the hook would hold a call. Agents don't say that they run calls without it.

use std::{
    env,
    io::Write,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde_json::Value;

use super::{
    Agent, RulesArg,
    install::{self, Place, SPARE, TRUST, is_ours_for},
};
use crate::{
    cli::{
        client::ClientArgs,
        exit::Exit,
        output::{Text, print, say},
    },
    gate::Rules,
};

/// What the key of an agent needs, and nothing more.
const NEEDED: [&str; 2] = ["approval:create", "approval:view:pending"];

#[derive(Args)]
pub struct Check {
    #[arg(value_enum)]
    agent: Agent,
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    rules: RulesArg,
}

impl Check {
    pub async fn run(&self) -> anyhow::Result<Exit> {
        let found = [("entry", self.entry()), ("rules", self.rules()), ("service", self.service().await)];
        let mut wrong = 0;
        for (name, found) in found {
            let line = match found {
                Ok(words) => format!("ok     {name}: {words}"),
                Err(error) => {
                    wrong += 1;
                    format!("wrong  {name}: {error:#}")
                }
            };
            print(&Text::line(&line))?;
        }
        if self.agent == Agent::Codex {
            say(TRUST);
        }
        ensure!(wrong == 0, "the hook would not work as it should");
        Ok(Exit::Success)
    }

    /// That it is there, blocks where it fails, ends in time, and starts.
    fn entry(&self) -> anyhow::Result<String> {
        let path = self.place.path(self.agent)?;
        let settings = install::read(&path)?.shown().context("the settings can't be read")?;
        let agent = self.agent.command();
        let Some((entry, hook)) = self.hook(&settings) else {
            bail!("{} has no hook of Signoff: signoff hook install {agent}", path.display())
        };
        ensure!(
            settings["disableAllHooks"] != true,
            "disableAllHooks in {} turns all hooks off",
            path.display()
        );
        ensure!(
            self.agent != Agent::ClaudeCode || env::var_os("CLAUDE_CODE_SIMPLE").is_none(),
            "CLAUDE_CODE_SIMPLE is set: Claude Code skips all hooks"
        );
        let again = format!("signoff hook install {agent} mends it");
        let matcher = entry["matcher"].as_str().unwrap_or_default();
        ensure!(
            self.agent != Agent::ClaudeCode || hook["onFailure"] == "block",
            "a hook that breaks lets the call run, because onFailure is not \"block\": {again}"
        );
        let command = command(hook);
        let (timeout, deadline) = (hook["timeout"].as_u64(), deadline(command));
        ensure!(
            timeout.zip(deadline).is_some_and(|(timeout, deadline)| timeout >= deadline + SPARE.as_secs()),
            "the hook's deadline is not 10 seconds before the agent's own time-out, after which the call runs: {again}"
        );
        blocks(command).context(again)?;
        let all = if matcher.is_empty() || matcher == "*" {
            "all calls".to_owned()
        } else {
            format!("calls of {matcher}")
        };
        Ok(format!("{} holds {all}", path.display()))
    }

    /// The hook, and the entry that it is in.
    fn hook<'a>(&self, settings: &'a Value) -> Option<(&'a Value, &'a Value)> {
        settings["hooks"]["PreToolUse"].as_array()?.iter().find_map(|entry| {
            let hooks = entry["hooks"].as_array()?;
            Some((entry, hooks.iter().find(|hook| is_ours_for(self.agent, command(hook)))?))
        })
    }

    fn rules(&self) -> anyhow::Result<String> {
        let path = self.rules.path()?;
        let settings = install::read(&self.place.path(self.agent)?)?.shown()?;
        let named = self.hook(&settings).is_some_and(|(_, hook)| command(hook).contains("--rules"));
        ensure!(
            !named || self.rules.rules.is_some(),
            "the hook names rules of its own: look at them with --rules FILE"
        );
        let rules = Rules::read(&path)?;
        let asking = rules.rules.iter().filter(|rule| rule.asks()).count();
        ensure!(asking > 0, "no rule in {} asks anybody", path.display());
        Ok(format!("{asking} of {} rules in {} ask", rules.rules.len(), path.display()))
    }

    /// That this key may ask, and doesn't decide: an agent must not approve its own calls.
    async fn service(&self) -> anyhow::Result<String> {
        let client = self.client.client()?;
        let who = client.who().await?;
        // Administrators may do all.
        let has = |name: &str| {
            let permissions = who["permissions"].as_array().into_iter().flatten();
            permissions.filter_map(Value::as_str).any(|it| it == name || it == "workspace:admin")
        };
        for needed in NEEDED {
            ensure!(has(needed), "the key has no permission {needed}: make one with the role agent");
        }
        let name = who["principal"]["name"].as_str().unwrap_or_default();
        let decides = if has("approval:approve") || has("approval:reject") {
            ", who may also decide: better a key with the role agent"
        } else {
            ""
        };
        Ok(format!("{} answers {name}{decides}", client.base()))
    }
}

fn command(hook: &Value) -> &str {
    hook["command"].as_str().unwrap_or_default()
}

/// The deadline in a command, in seconds.
fn deadline(command: &str) -> Option<u64> {
    let after = command.split("--deadline").nth(1)?;
    let word = after.trim_start_matches(['=', ' ']).split_whitespace().next()?;
    crate::cli::argument::duration(word).ok().as_ref().map(Duration::as_secs)
}

/// Whether it starts, and blocks what it can't read.
fn blocks(command: &str) -> anyhow::Result<()> {
    let mut child = Command::new(Path::new("/bin/sh"))
        .args(["-c", command])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("the command can't be started")?;
    if let Some(mut stdin) = child.stdin.take() {
        // It may have ended already.
        let _ = stdin.write_all(b"no call");
    }
    let status = child.wait().context("the command can't be waited for")?;
    ensure!(
        status.code() == Some(2),
        "the command ends with {status} where it must block the call with 2: {command}"
    );
    Ok(())
}
