//! `signoff eligible`: who may agree, and what is still missing.

use clap::Args;
use serde_json::Value;

use super::{
    client::{ClientArgs, path_segment},
    exit::Exit,
    output::{Text, field, page, print},
};
use crate::domain::legible;

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Eligible {
    #[command(flatten)]
    client: ClientArgs,
    id: String,
}

const EXAMPLES: &str = "\
It says what deciding would do, and decides nothing. HELPS: their approval would bring the outcome nearer. ONLINE and \
LAST SEEN are for those who may approve; others see only whom the policy names.

Examples:
  signoff eligible 0193d1a4-7c1e-7b60-9f43-0f2f5a3c9a10
  signoff eligible $ID --json | jq -r '.items[] | select(.helps and .reachable).principal'";

impl Eligible {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let client = self.client.client()?;
        let path = format!("/approvals/{}/eligible?limit=200", path_segment(&self.id));
        let head = client.eligible(&path).await?;
        if self.client.json && head["next_cursor"].is_null() {
            print(&Text::json(head.text()))?;
            return Ok(Exit::Success);
        }
        let items = client.list(&path).await?;
        if self.client.json {
            // All pages as if they were one.
            let mut whole: Value = serde_json::from_str(head.text())?;
            whole["items"] = serde_json::to_value(&items)?;
            whole["next_cursor"] = Value::Null;
            print(&Text::json(&whole.to_string()))?;
            return Ok(Exit::Success);
        }
        let missing = legible::line(&field(&head, "summary")).into_owned();
        let is_short = head["missing"] != 0 && head["satisfiable_now"] == false;
        let now = if is_short { " (those who are there now can't give it)" } else { "" };
        print(&Text::line(&format!("{missing}{now}")))?;
        let rows = items.iter().map(|item| {
            let means: Vec<&str> =
                item["as"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let yes = |of: &str| if item[of] == true { "yes".to_owned() } else { String::new() };
            [
                page::by(item, ["principal", "for"]),
                field(item, "state"),
                yes("helps"),
                yes("reachable"),
                field(item, "last_seen_at"),
                means.join(" "),
            ]
        });
        print(&Text::table(["WHO", "STATE", "HELPS", "ONLINE", "LAST SEEN", "AS"], rows))?;
        Ok(Exit::Success)
    }
}
