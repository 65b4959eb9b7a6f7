//! Values over values: a file's, the environment's, the command line's. Only what has a default can be set, and only
//! to a value of the same type.

use std::fs;

use anyhow::{Context, bail};
use toml::{Table, Value};

pub(super) fn overlay(table: &mut Table, over: Table) -> anyhow::Result<()> {
    for (section, values) in over {
        let Value::Table(values) = values else { bail!("{section} must be a [section]") };
        for (key, value) in values {
            let known = table.get_mut(&section).and_then(Value::as_table_mut).and_then(|it| it.get_mut(&key));
            *known.with_context(|| format!("{section}.{key} is not known"))? = value;
        }
    }
    Ok(())
}

/// Names without our prefix that are read where ours is not given: others use them, too.
const FALLBACKS: [(&str, &str, &str); 15] = [
    ("database", "url", "DATABASE_URL"),
    ("redis", "url", "REDIS_URL"),
    ("smtp", "host", "SMTP_HOST"),
    ("smtp", "port", "SMTP_PORT"),
    ("smtp", "user", "SMTP_USER"),
    ("smtp", "password", "SMTP_PASS"),
    ("smtp", "from", "EMAIL_FROM"),
    ("smtp", "enabled", "EMAIL_ENABLED"),
    ("slack", "bot_token", "SLACK_BOT_TOKEN"),
    ("slack", "signing_secret", "SLACK_SIGNING_SECRET"),
    ("slack", "channel", "SLACK_APPROVAL_CHANNEL"),
    ("slack", "enabled", "SLACK_ENABLED"),
    ("webhooks", "url", "WEBHOOK_URL"),
    ("webhooks", "secret", "WEBHOOK_SECRET"),
    ("webhooks", "enabled", "WEBHOOK_ENABLED"),
];

pub(super) fn overlay_environment(
    table: &mut Table,
    environment: &impl Fn(&str) -> Option<String>,
) -> anyhow::Result<()> {
    for (section, key, fallback) in FALLBACKS {
        if let Some(text) = from_environment(environment, fallback)? {
            set(table, section, key, &text)?;
        }
    }
    let names: Vec<(String, String)> = table
        .iter()
        .filter_map(|(section, values)| Some((section, values.as_table()?)))
        .flat_map(|(section, values)| values.keys().map(|key| (section.clone(), key.clone())))
        .collect();
    for (section, key) in names {
        let name = format!("SIGNOFF_{}_{}", section.to_uppercase(), key.to_uppercase());
        if let Some(text) = from_environment(environment, &name)? {
            set(table, &section, &key, &text).with_context(|| format!("in the environment, {name}"))?;
        }
    }
    Ok(())
}

/// The variable's value, or the contents of the file that `NAME_FILE` names.
pub(super) fn from_environment(
    environment: &impl Fn(&str) -> Option<String>,
    name: &str,
) -> anyhow::Result<Option<String>> {
    if let Some(text) = environment(name) {
        return Ok(Some(text));
    }
    let Some(path) = environment(&format!("{name}_FILE")) else { return Ok(None) };
    let text =
        fs::read_to_string(&path).with_context(|| format!("can't read {path}, which {name}_FILE names"))?;
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Sets a known value from text, as the type that its default has.
pub(super) fn set(table: &mut Table, section: &str, key: &str, text: &str) -> anyhow::Result<()> {
    let known = table.get_mut(section).and_then(Value::as_table_mut).and_then(|it| it.get_mut(key));
    let known = known.with_context(|| format!("{section}.{key} is not known"))?;
    *known = match known {
        Value::String(_) => Value::String(text.to_owned()),
        Value::Integer(_) => match text.parse() {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Float(text.parse().with_context(|| format!("{text:?} is no number"))?),
        },
        Value::Float(_) => Value::Float(text.parse().with_context(|| format!("{text:?} is no number"))?),
        Value::Boolean(_) => {
            Value::Boolean(text.parse().with_context(|| format!("{text:?} is neither true nor false"))?)
        }
        _ => bail!("{section}.{key} can't be set from text"),
    };
    Ok(())
}
