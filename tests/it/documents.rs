//! Pages that list what the code has list all of it, and nothing else: services, tables, pools, queues, sweeps.

use std::{collections::BTreeSet, fs};

use crate::support::{TestDatabase, sources::files};

/// The first text between quotes among the arguments of each call, where one is given as a literal.
fn named_in(calls: &[&str]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in files("src") {
        let text = fs::read_to_string(file).unwrap();
        for call in calls {
            for (_, arguments) in text.match_indices(call).map(|(at, _)| text.split_at(at + call.len())) {
                // The name comes before the closure or the call that does the work.
                let before = arguments.split(['(', '|', ')']).next().unwrap();
                names.extend(before.split('"').nth(1).map(str::to_owned));
            }
        }
    }
    names
}

/// What the first column of the table behind a heading names.
fn listed(page: &str, heading: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(page).unwrap();
    let (_, section) =
        text.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("{page}: {heading}"));
    let rows =
        section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = rows.skip(2).map(|row| row.split('|').nth(1).unwrap().to_owned());
    cells
        .flat_map(|cell| {
            cell.split(',').map(|name| name.trim().trim_matches('`').to_owned()).collect::<Vec<_>>()
        })
        .collect()
}

/// The values that `docs/operating.md` gives for a label of a metric.
fn values(metric: &str, label: &str) -> BTreeSet<String> {
    let text = fs::read_to_string("docs/operating.md").unwrap();
    let row = text.lines().find(|line| line.starts_with(&format!("| `{metric}`"))).expect(metric);
    let (_, list) = row.split_once(&format!("`{label}`: ")).expect(label);
    let list = list.split([';', '|']).next().unwrap();
    list.split(',').map(|value| value.trim().trim_matches('`').to_owned()).collect()
}

#[test]
fn the_architecture_lists_every_service() {
    let named = named_in(&["spawn_loop(", "spawn_service(", "Queue::start(", "Calls::start("]);
    assert!(named.len() > 20, "{named:?}");
    assert_eq!(listed("docs/architecture.md", "## What runs by itself"), named);
}

#[tokio::test]
async fn the_architecture_lists_every_table() {
    let database = TestDatabase::new().await;
    let mut conn = database.connect().await;
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_sqlx_migrations'")
            .fetch_all(&mut conn)
            .await
            .unwrap();
    assert_eq!(listed("docs/architecture.md", "## Tables"), tables.into_iter().collect());
}

#[test]
fn operating_names_every_pool_and_every_sweep() {
    let pools = named_in(&["= open(", ": open("]);
    assert!(pools.len() > 5, "{pools:?}");
    assert_eq!(values("signoff_database_connections", "pool"), pools);
    assert_eq!(listed("docs/operating.md", "## Connections to Postgres"), pools);
    assert_eq!(values("signoff_sweep_lag_seconds", "sweep"), named_in(&["Round::new("]));
}

#[test]
fn every_setting_is_told_with_its_default() {
    let defaults: toml::Table = include_str!("../../src/config.default.toml").parse().unwrap();
    let mut expected = BTreeSet::new();
    for (section, settings) in &defaults {
        for (name, value) in settings.as_table().unwrap() {
            let value = match value {
                toml::Value::String(text) if text.is_empty() => "none".to_owned(),
                toml::Value::String(text) => format!("`{text}`"),
                toml::Value::Boolean(value) => format!("`{value}`"),
                number => number.to_string(),
            };
            expected.insert((format!("{section}.{name}"), value));
        }
    }
    let page = fs::read_to_string("docs/settings.md").unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let told: BTreeSet<(String, String)> = rows
        .map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            (cells[1].trim_matches('`').to_owned(), cells[2].to_owned())
        })
        .collect();
    assert_eq!(told, expected);
}
