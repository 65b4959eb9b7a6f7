//! `signoff hook install`: the hook's entry in an agent's settings. The rest of the file stays as it is.

use std::{
    env, fs,
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde_json::{Value, json};

use super::{Agent, RulesArg};
use crate::{
    cli::{
        argument,
        exit::Exit,
        output::{Text, print, print_done, say},
        places,
    },
    domain,
    gate::{Json, Rules},
};

/// How much later the agent's own time-out is than the hook's deadline.
pub const SPARE: Duration = Duration::from_secs(10);

/// For those who have no rules yet.
const FIRST_RULES: &str = include_str!("hook.toml");

#[derive(Args)]
pub struct Install {
    #[arg(value_enum)]
    agent: Agent,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    rules: RulesArg,
    /// Longest that a call waits for people. After that it is denied, and can be tried again.
    #[arg(long, value_name = "DURATION", default_value = "590s", value_parser = argument::duration)]
    deadline: Duration,
    /// Print the settings as they would be, and change nothing.
    #[arg(long)]
    print: bool,
}

/// Where the agent's settings are.
#[derive(Args)]
pub struct Place {
    /// The agent's settings; by default ~/.claude/settings.json, and ~/.codex/hooks.json for Codex.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

impl Place {
    pub fn path(&self, agent: Agent) -> anyhow::Result<PathBuf> {
        if let Some(path) = &self.settings {
            return Ok(path.clone());
        }
        match agent {
            Agent::ClaudeCode => Ok(places::home("CLAUDE_CONFIG_DIR", ".claude")?.join("settings.json")),
            Agent::Codex => Ok(places::home("CODEX_HOME", ".codex")?.join("hooks.json")),
        }
    }
}

/// This program, by the name that it was started by. Behind a link that an upgrade turns, the file itself is soon gone, and
/// a hook that is not there holds nothing.
fn program() -> anyhow::Result<PathBuf> {
    let file = env::current_exe().context("can't tell where this program is")?;
    let name = env::args_os().next().map(PathBuf::from).unwrap_or_default();
    let named = if name.components().count() > 1 { Some(name) } else { in_path(&name) };
    let named = named.and_then(|path| std::path::absolute(path).ok());
    let is_this = |path: &PathBuf| path.canonicalize().is_ok_and(|it| it == file);
    Ok(named.filter(is_this).unwrap_or_else(|| file.clone()))
}

fn in_path(name: &Path) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|path| path.is_file())
}

impl Install {
    pub fn run(&self) -> anyhow::Result<Exit> {
        let path = self.place.path(self.agent)?;
        let program = program()?;
        let settings = with_hook(read(&path)?, &self.entry(&program)?).with_context(|| {
            format!("the settings in {} have another form than hooks have", path.display())
        })?;
        let text = domain::json::pretty(&serde_json::to_string(&settings)?) + "\n";
        if self.print {
            print(&Text::json(text.trim_end()))?;
            return Ok(Exit::Success);
        }
        self.provide_rules()?;
        write(&path, &text).with_context(|| format!("can't write {}", path.display()))?;
        print_done(&Text::line(&format!("the hook is in {}", path.display())))?;
        if self.agent == Agent::Codex {
            say(TRUST);
        }
        say(&format!("look whether it holds a call: signoff hook check {}", self.agent.command()));
        Ok(Exit::Success)
    }

    fn entry(&self, program: &Path) -> anyhow::Result<Value> {
        let text =
            |path: &Path| Ok::<_, anyhow::Error>(quoted(path.to_str().context("a path that is no text")?));
        let mut command = format!(
            "{} hook {} --deadline {}s",
            text(program)?,
            self.agent.command(),
            self.deadline.as_secs()
        );
        if let Some(rules) = &self.rules.rules {
            command = format!("{command} --rules {}", text(&std::path::absolute(rules)?)?);
        }
        let timeout = (self.deadline + SPARE).as_secs();
        let mut hook = json!({ "type": "command", "command": command, "timeout": timeout });
        if self.agent == Agent::ClaudeCode {
            // Without it, a hook that is late or broken lets the call run.
            hook["onFailure"] = "block".into();
        }
        Ok(json!({ "matcher": "", "hooks": [hook] }))
    }

    /// Without rules each call would be blocked.
    fn provide_rules(&self) -> anyhow::Result<()> {
        let path = self.rules.path()?;
        if path.try_exists()? {
            Rules::read(&path)?;
            return Ok(());
        }
        write(&path, FIRST_RULES).with_context(|| format!("can't write {}", path.display()))?;
        say(&format!("there were no rules: the first ones are in {}", path.display()));
        Ok(())
    }
}

/// Codex doesn't say that it skips a hook.
pub const TRUST: &str = "Codex runs a hook only once you have trusted it: start codex, and accept the hook that it shows. \
                         Until then `codex exec` skips it without a word, and calls run.";

/// A word for a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Whether a command is this hook, for whichever agent.
pub fn is_ours(command: &str) -> bool {
    [Agent::ClaudeCode, Agent::Codex].into_iter().any(|agent| is_ours_for(agent, command))
}

/// Whether a command is this agent's hook: this program, by whatever path.
pub fn is_ours_for(agent: Agent, command: &str) -> bool {
    let Some((program, _)) = command.split_once(&format!(" hook {}", agent.command())) else { return false };
    let name = Path::new(program.trim_matches('\'')).file_name().and_then(|it| it.to_str());
    name.is_some_and(|name| name.starts_with("signoff"))
}

/// An agent's settings; none are an empty object.
pub fn read(path: &Path) -> anyhow::Result<Json> {
    let shown = path.display();
    let text = match fs::read_to_string(path) {
        Ok(text) if text.trim().is_empty() => "{}".to_owned(),
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => "{}".to_owned(),
        Err(error) => return Err(error).with_context(|| format!("can't read {shown}")),
    };
    serde_json::from_str(&text).with_context(|| format!("{shown} is no JSON"))
}

/// The settings with this entry in the place of an earlier one.
fn with_hook(mut settings: Json, entry: &Value) -> anyhow::Result<Json> {
    let entry: Json =
        serde_json::from_value(entry.clone()).or_else(|_| serde_json::from_str(&entry.to_string()))?;
    ensure!(matches!(settings, Json::Object(_)), "they are no object");
    let mut hooks = settings.get("hooks").cloned().unwrap_or(Json::Object(vec![]));
    ensure!(matches!(hooks, Json::Object(_)), "hooks is no object");
    let mut before = match hooks.get("PreToolUse") {
        None => vec![],
        Some(Json::List(entries)) => entries.iter().filter_map(without_ours).collect(),
        Some(_) => bail!("hooks.PreToolUse is no list"),
    };
    before.push(entry);
    hooks.set("PreToolUse", Json::List(before));
    settings.set("hooks", hooks);
    Ok(settings)
}

/// An entry without our hook; none if there was no other in it.
fn without_ours(entry: &Json) -> Option<Json> {
    let Some(Json::List(hooks)) = entry.get("hooks") else { return Some(entry.clone()) };
    let ours = |hook: &&Json| {
        let command = hook.get("command").and_then(|it| it.shown().ok());
        command.as_ref().and_then(Value::as_str).is_some_and(is_ours)
    };
    let others: Vec<Json> = hooks.iter().filter(|hook| !ours(hook)).cloned().collect();
    if others.is_empty() && !hooks.is_empty() {
        return None;
    }
    let mut entry = entry.clone();
    entry.set("hooks", Json::List(others));
    Some(entry)
}

/// The old file or the new one, never half of either. Where it is a link, what it leads to is written.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let permissions = fs::metadata(&path).ok().map(|it| it.permissions());
    let mut name = path.clone().into_os_string();
    name.push(format!(".{}", uuid::Uuid::now_v7()));
    let beside = PathBuf::from(name);
    let mut file = fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    file.sync_all()?;
    Ok(fs::rename(beside, path)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_takes_the_place_of_an_earlier_one_and_of_nothing_else() {
        let before = r#"{"model":"x","n":1.10,"hooks":{"Stop":[],"PreToolUse":[
            {"matcher":"Bash","hooks":[{"type":"command","command":"lint"},{"type":"command","command":"/old/signoff hook claude-code"}]},
            {"matcher":"","hooks":[{"type":"command","command":"signoff hook claude-code --deadline 5s"}]}]}}"#;
        let entry = json!({ "matcher": "", "hooks": [{ "command": "/new/signoff hook claude-code" }] });
        let once = with_hook(serde_json::from_str(before).unwrap(), &entry).unwrap();
        let twice = with_hook(once.clone(), &entry).unwrap();
        let after = r#"{"model":"x","n":1.10,"hooks":{"Stop":[],"PreToolUse":[{"matcher":"Bash","hooks":[{"type":"command","command":"lint"}]},{"hooks":[{"command":"/new/signoff hook claude-code"}],"matcher":""}]}}"#;
        for settings in [once, twice] {
            assert_eq!(serde_json::to_string(&settings).unwrap(), after);
        }
        for odd in ["[]", r#"{"hooks": []}"#, r#"{"hooks": {"PreToolUse": {}}}"#] {
            assert!(with_hook(serde_json::from_str(odd).unwrap(), &entry).is_err(), "{odd}");
        }
    }

    #[test]
    fn another_programs_hook_is_not_ours() {
        assert!(is_ours("signoff hook codex") && is_ours("'/a b/signoff' hook claude-code --deadline 5s"));
        assert!(!is_ours("othertool hook claude-code") && !is_ours("/opt/signoff/lint --hook codex"));
        assert!(!is_ours_for(Agent::Codex, "signoff hook claude-code"));
    }

    #[test]
    fn a_path_is_one_word_of_a_shell() {
        assert_eq!(quoted("/usr/bin/signoff"), "/usr/bin/signoff");
        assert_eq!(quoted("/a b/it's"), r"'/a b/it'\''s'");
    }

    #[test]
    fn the_first_rules_are_valid() {
        assert!(Rules::parse(FIRST_RULES).unwrap().rules.len() > 2);
    }
}
