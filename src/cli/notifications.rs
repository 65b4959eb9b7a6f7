//! `signoff notifications`: what was sent to whom, what became of it, and sending again what failed.

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::Value;

use super::{
    answer::Page,
    client::{ClientArgs, path_segment},
    exit::Exit,
    output::{Text, field, print, print_done, say},
};
use crate::domain::notification::{Channel, Status};

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Notifications {
    #[command(subcommand)]
    action: Action,
}

const EXAMPLES: &str = "\
To look at them you need notification:view; to send them again, notification:manage.

Examples:
  signoff notifications list --status failed --channel email
  signoff notifications show 0193d1a4-7c1e-7b60-9f43-0f2f5a3c9a10
  signoff notifications redrive --channel email";

#[derive(Subcommand)]
enum Action {
    /// List notifications, the newest first.
    List(List),
    /// Show a notification, and what each try to send it came to.
    Show(Show),
    /// Send again what has failed: one, or all that fit.
    Redrive(Redrive),
}

#[derive(Args)]
struct List {
    #[command(flatten)]
    client: ClientArgs,
    /// pending, sent, failed, skipped or read.
    #[arg(long, value_name = "STATUS", value_parser = status)]
    status: Option<Status>,
    /// slack, email, webhook or in_app.
    #[arg(long, value_name = "CHANNEL", value_parser = channel)]
    channel: Option<Channel>,
    /// Only those about this approval.
    #[arg(long, value_name = "ID")]
    approval: Option<String>,
    /// Only those to this name or address.
    #[arg(long, value_name = "TEXT")]
    recipient: Option<String>,
    /// How many to list, 1 to 200.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=200))]
    limit: u16,
}

#[derive(Args)]
struct Show {
    #[command(flatten)]
    client: ClientArgs,
    id: String,
}

#[derive(Args)]
struct Redrive {
    #[command(flatten)]
    client: ClientArgs,
    /// This one alone.
    #[arg(conflicts_with_all = ["channel", "approval", "recipient", "all"], required_unless_present_any = ["channel", "approval", "recipient", "all"])]
    id: Option<String>,
    /// All that have failed by this channel.
    #[arg(long, value_name = "CHANNEL", value_parser = channel)]
    channel: Option<Channel>,
    /// All that have failed about this approval.
    #[arg(long, value_name = "ID")]
    approval: Option<String>,
    /// All that have failed to this name or address.
    #[arg(long, value_name = "TEXT")]
    recipient: Option<String>,
    /// All that have failed.
    #[arg(long)]
    all: bool,
}

fn status(word: &str) -> Result<Status, String> {
    Status::from_word(word).ok_or_else(|| format!("expected one of {}", Status::WORDS.join(", ")))
}

fn channel(word: &str) -> Result<Channel, String> {
    Channel::from_word(word).ok_or_else(|| format!("expected one of {}", Channel::WORDS.join(", ")))
}

impl Notifications {
    pub async fn run(self) -> anyhow::Result<Exit> {
        match self.action {
            Action::List(list) => list.run().await,
            Action::Show(show) => show.run().await,
            Action::Redrive(redrive) => redrive.run().await,
        }
    }
}

impl List {
    async fn run(self) -> anyhow::Result<Exit> {
        let filters = [
            ("status", self.status.map(|it| it.as_str().to_owned())),
            ("channel", self.channel.map(|it| it.as_str().to_owned())),
            ("approval_id", self.approval),
            ("recipient", self.recipient),
        ];
        let given = filters.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let path = given.fold(format!("/notifications?limit={}", self.limit), |path, (name, value)| {
            path + "&" + name + "=" + &path_segment(&value)
        });
        let page: Page = self.client.client()?.get_as(&path).await?;
        if self.client.json {
            page.items.iter().try_for_each(|item| print(&Text::json_line(item.text())))?;
        } else {
            let rows = page.items.iter().map(|item| row(item));
            print(&Text::table(["ID", "CREATED AT", "STATUS", "CHANNEL", "TO", "ABOUT", "WHY"], rows))?;
        }
        if page.next_cursor.is_some() {
            say("there are more; --limit lists up to 200, and the filters choose among them");
        }
        Ok(Exit::Success)
    }
}

fn row(item: &Value) -> [String; 7] {
    let why = if item["skip_reason"].is_null() { "error_message" } else { "skip_reason" };
    let about = format!("{} {}", field(item, "cause"), field(item, "approval_id"));
    [
        field(item, "id"),
        field(item, "created_at"),
        field(item, "status"),
        field(item, "channel"),
        field(item, "recipient"),
        about,
        field(item, why),
    ]
}

impl Show {
    async fn run(self) -> anyhow::Result<Exit> {
        let shown = self.client.client()?.notification(&self.id).await?;
        if self.client.json {
            print(&Text::json(shown.text()))?;
            return Ok(Exit::Success);
        }
        let head = ["ID", "CREATED AT", "STATUS", "CHANNEL", "TO", "ABOUT", "WHY"];
        print(&Text::table(head, [row(&shown)]))?;
        let tries = shown["attempts"].as_array().map(Vec::as_slice).unwrap_or_default();
        let rows = tries.iter().map(|it| {
            [
                field(it, "at"),
                field(it, "duration_ms"),
                field(it, "outcome"),
                field(it, "status_code"),
                field(it, "error"),
                field(it, "answer"),
            ]
        });
        print(&Text::table(["AT", "MS", "OUTCOME", "CODE", "ERROR", "ANSWER"], rows))?;
        Ok(Exit::Success)
    }
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<&'a str>,
}

impl Redrive {
    async fn run(self) -> anyhow::Result<Exit> {
        let client = self.client.client()?;
        let (answer, said) = if let Some(id) = &self.id {
            (client.redrive(id).await?, format!("{id} waits for its channel again"))
        } else {
            let body = Body {
                channel: self.channel.map(Channel::as_str),
                approval_id: self.approval.as_deref(),
                recipient: self.recipient.as_deref(),
            };
            let answer = client.redrive_all(&body).await?;
            let more = if answer["more"] == true { "; there may be more, repeat it" } else { "" };
            let said = format!("{} wait for their channels again{more}", field(&answer, "redriven"));
            (answer, said)
        };
        let text = if self.client.json { Text::json(answer.text()) } else { Text::single_line(&said) };
        print_done(&text)?;
        Ok(Exit::Success)
    }
}
