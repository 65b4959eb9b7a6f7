//! `docs/permissions.md` is made from the code: what each permission allows, which calls ask for it, which roles
//! have it. `UPDATE_DOCS=1` writes it anew.

use std::{collections::BTreeMap, fmt::Write as _, fs};

use signoff::auth::{Permission, role::BUILT_IN};

const FILE: &str = "docs/permissions.md";

fn calls() -> BTreeMap<String, Vec<String>> {
    let document = serde_json::to_value(signoff::http::document()).unwrap();
    let mut calls: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(permission) = operation["security"][0]["key"][0].as_str() else { continue };
            calls.entry(permission.to_owned()).or_default().push(format!(
                "`{} {}`",
                method.to_uppercase(),
                path.trim_start_matches("/api/v1")
            ));
        }
    }
    // What goes over a socket is not in that document.
    for (permission, message) in [
        ("event:subscribe", "`GET /ws/{task_id}`"),
        ("approval:create", "socket: `request_approval`"),
        ("approval:approve", "socket: approving"),
        ("approval:reject", "socket: rejecting"),
        ("approval:view:pending", "socket: `wait_for_approval`"),
    ] {
        calls.entry(permission.to_owned()).or_default().push(message.to_owned());
    }
    calls
}

fn page() -> String {
    let calls = calls();
    let mut page = String::from(
        "# Permissions and roles\n\n<!-- Made from the code by `UPDATE_DOCS=1 ./dev test permissions_doc`. -->\n\n\
         Every call asks for one permission; what a credential lacks is answered with 403 and the permission's name. \
         `workspace:admin` stands for all of them but `cluster:view`, which shows instances that serve every workspace.\n\n\
         ## Permissions\n\n| Permission | Allows | Asked for by (under `/api/v1`) |\n| --- | --- | --- |\n",
    );
    for permission in Permission::ALL {
        let asked = calls.get(permission.as_str()).map_or_else(|| "–".to_owned(), |calls| calls.join(", "));
        writeln!(page, "| `{}` | {} | {asked} |", permission.as_str(), permission.meaning()).unwrap();
    }
    page.push_str(
        "\n## Built-in roles\n\nA key that is made without any permission or role has `member`. Workspaces add roles of their own.\n\n",
    );
    let names: Vec<String> = BUILT_IN.iter().map(|role| format!("`{}`", role.name)).collect();
    writeln!(page, "| Permission | {} |\n| --- |{}", names.join(" | "), " :-: |".repeat(names.len()))
        .unwrap();
    for permission in Permission::ALL {
        let marks = BUILT_IN.iter().map(|role| if role.permissions.contains(permission) { "✓" } else { "" });
        writeln!(page, "| `{}` | {} |", permission.as_str(), marks.collect::<Vec<_>>().join(" | ")).unwrap();
    }
    page.push('\n');
    for role in BUILT_IN {
        writeln!(page, "- `{}`: {}", role.name, role.meaning).unwrap();
    }
    page
}

#[test]
fn the_table_is_that_of_the_code() {
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(FILE, &page).unwrap();
    }
    assert_eq!(fs::read_to_string(FILE).unwrap_or_default(), page, "{FILE} is old: run with UPDATE_DOCS=1");
}

#[test]
fn every_call_names_a_permission_that_there_is() {
    for permission in calls().keys() {
        assert!(Permission::from_name(permission).is_some(), "{permission}");
    }
}
