//! `signoff webhooks`: endpoints that get a workspace's events, and what was sent to them.

use clap::{Args, Subcommand};
use reqwest::{Method, RequestBuilder};
use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Page},
    client::{Client, ClientArgs, path_segment},
    exit::Exit,
    failure::ClientError,
    output::{Text, field, print, print_done, say},
};
use crate::domain::{notification::Status, webhook::Format};

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Webhooks {
    #[command(subcommand)]
    action: Action,
}

const EXAMPLES: &str = "\
You need webhook:manage. A secret is printed once, when it is made.

Examples:
  signoff webhooks create https://example.com/hook --event approval:resolved
  signoff webhooks test 0193d1a4-7c1e-7b60-9f43-0f2f5a3c9a10
  signoff webhooks deliveries 0193d1a4-7c1e-7b60-9f43-0f2f5a3c9a10 --status failed
  signoff webhooks replay 0193d1a4-7c1e-7b60-9f43-0f2f5a3c9a10 --status failed";

#[derive(Subcommand)]
enum Action {
    /// Make an endpoint; print its id and its secret.
    Create(Create),
    /// List endpoints.
    List(Only),
    /// Show an endpoint.
    Show(One),
    /// Give an endpoint another secret, and print it.
    Rotate(Rotate),
    /// Send a test.
    Test(One),
    /// Let an endpoint get what waits for it.
    Enable(One),
    /// Let an endpoint get nothing; what comes is kept.
    Disable(One),
    /// Delete an endpoint, with what waits for it.
    Delete(One),
    /// Send events again that were sent, or have failed.
    Replay(Replay),
    /// List what was sent, the newest first.
    Deliveries(Deliveries),
}

#[derive(Args)]
struct Create {
    #[command(flatten)]
    client: ClientArgs,
    /// Where events are posted.
    to: String,
    /// An event that it gets, like approval:resolved; repeatable. Without any: all.
    #[arg(long = "event", value_name = "EVENT")]
    events: Vec<String>,
    /// standard or cloudevents.
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    format: Option<Format>,
    /// Whether bodies hold the context of requests.
    #[arg(long)]
    include_context: bool,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

#[derive(Args)]
struct Only {
    #[command(flatten)]
    client: ClientArgs,
}

#[derive(Args)]
struct One {
    #[command(flatten)]
    client: ClientArgs,
    id: String,
}

#[derive(Args)]
struct Rotate {
    #[command(flatten)]
    client: ClientArgs,
    id: String,
    /// How long the old secret signs besides, in seconds; one day by default. 0: it was lost to others.
    #[arg(long, value_name = "N")]
    overlap_seconds: Option<u32>,
}

#[derive(Args)]
struct Replay {
    #[command(flatten)]
    client: ClientArgs,
    id: String,
    /// Of events from then on, like 2026-11-28T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Of events before then.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// sent or failed; both by default.
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
}

#[derive(Args)]
struct Deliveries {
    #[command(flatten)]
    client: ClientArgs,
    id: String,
    /// pending, sent, failed or skipped.
    #[arg(long, value_name = "STATUS", value_parser = status)]
    status: Option<Status>,
    /// How many to list, 1 to 200.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=200))]
    limit: u16,
}

fn format(word: &str) -> Result<Format, String> {
    Format::from_word(word).ok_or_else(|| format!("expected one of {}", Format::WORDS.join(", ")))
}

fn status(word: &str) -> Result<Status, String> {
    Status::from_word(word).ok_or_else(|| format!("expected one of {}", Status::WORDS.join(", ")))
}

impl Webhooks {
    pub async fn run(self) -> anyhow::Result<Exit> {
        match self.action {
            Action::Create(it) => it.run().await,
            Action::List(it) => it.run().await,
            Action::Show(it) => it.show().await,
            Action::Rotate(it) => it.run().await,
            Action::Test(it) => it.test().await,
            Action::Enable(it) => it.switch(true).await,
            Action::Disable(it) => it.switch(false).await,
            Action::Delete(it) => it.delete().await,
            Action::Replay(it) => it.run().await,
            Action::Deliveries(it) => it.run().await,
        }
    }
}

impl Client {
    /// Does something to endpoints, once; the answer must hold what `with` points to.
    async fn webhooks(
        &self,
        method: Method,
        rest: &str,
        body: Option<Value>,
        with: &str,
    ) -> Result<Answer, ClientError> {
        let path = format!("/api/v1/webhooks{rest}");
        let given = |request: RequestBuilder| match &body {
            Some(body) => request.json(body),
            None => request,
        };
        let says = |it: &Value| it.is_string() || it.is_u64();
        self.ask(method, &path, &given).await?.value_where(|value| value.pointer(with).is_some_and(says))
    }
}

fn of(id: &str, rest: &str) -> String {
    format!("/{}{rest}", path_segment(id))
}

/// What is given, by name.
fn given<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(given.collect::<Map<_, _>>())
}

/// An endpoint with its secret, which nothing shows again.
fn with_secret(answer: &Answer, json: bool) -> anyhow::Result<()> {
    if json {
        return print_done(&Text::json(answer.text()));
    }
    say(&format!("webhook {}; this is its secret, shown this once:", field(answer, "id")));
    print_done(&Text::to_copy(&field(answer, "secret")))
}

fn row(it: &Value) -> [String; 6] {
    let events = it["events"].as_array().map(Vec::as_slice).unwrap_or_default();
    let events: Vec<&str> = events.iter().filter_map(Value::as_str).collect();
    let state = match (it["enabled"].as_bool(), it["failing_since"].is_string()) {
        (Some(false), _) => format!("disabled: {}", field(it, "disabled_reason")),
        (_, true) => "failing".to_owned(),
        _ => "good".to_owned(),
    };
    let events = if events.is_empty() { "all".to_owned() } else { events.join(" ") };
    [field(it, "id"), field(it, "url"), events, state, field(it, "waiting"), field(it, "last_error")]
}

const HEAD: [&str; 6] = ["ID", "URL", "EVENTS", "STATE", "WAITING", "LAST ERROR"];

impl Create {
    async fn run(self) -> anyhow::Result<Exit> {
        let body = given([
            ("url", Some(json!(self.to))),
            ("events", (!self.events.is_empty()).then(|| json!(self.events))),
            ("format", self.format.map(|it| json!(it.as_str()))),
            ("include_context", self.include_context.then_some(json!(true))),
            ("description", self.description.map(|it| json!(it))),
        ]);
        let made = self.client.client()?.webhooks(Method::POST, "", Some(body), "/secret").await?;
        with_secret(&made, self.client.json)?;
        Ok(Exit::Success)
    }
}

impl Only {
    async fn run(self) -> anyhow::Result<Exit> {
        let page: Page = self.client.client()?.get_as("/webhooks").await?;
        if self.client.json {
            page.items.iter().try_for_each(|item| print(&Text::json_line(item.text())))?;
        } else {
            print(&Text::table(HEAD, page.items.iter().map(|item| row(item))))?;
        }
        Ok(Exit::Success)
    }
}

impl One {
    async fn show(self) -> anyhow::Result<Exit> {
        let shown = self.client.client()?.webhooks(Method::GET, &of(&self.id, ""), None, "/id").await?;
        if self.client.json {
            print(&Text::json(shown.text()))?;
        } else {
            print(&Text::table(HEAD, [row(&shown)]))?;
        }
        Ok(Exit::Success)
    }

    async fn test(self) -> anyhow::Result<Exit> {
        let rest = of(&self.id, "/test");
        let sent = self.client.client()?.webhooks(Method::POST, &rest, None, "/delivery_id").await?;
        let said = format!(
            "a test is on its way; `signoff webhooks deliveries {}` tells what became of it",
            self.id
        );
        let text = if self.client.json { Text::json(sent.text()) } else { Text::single_line(&said) };
        print_done(&text)?;
        Ok(Exit::Success)
    }

    async fn switch(self, enabled: bool) -> anyhow::Result<Exit> {
        let (rest, body) = (of(&self.id, ""), json!({ "enabled": enabled }));
        let changed = self.client.client()?.webhooks(Method::PATCH, &rest, Some(body), "/id").await?;
        let said = if enabled { "it gets what waits for it" } else { "it gets nothing; what comes is kept" };
        let text = if self.client.json { Text::json(changed.text()) } else { Text::single_line(said) };
        print_done(&text)?;
        Ok(Exit::Success)
    }

    async fn delete(self) -> anyhow::Result<Exit> {
        let client = self.client.client()?;
        let path = format!("/api/v1/webhooks{}", of(&self.id, ""));
        client.ask(Method::DELETE, &path, &|request| request).await?.value_where(Value::is_null)?;
        let text = if self.client.json { Text::json("null") } else { Text::single_line("deleted") };
        print_done(&text)?;
        Ok(Exit::Success)
    }
}

impl Rotate {
    async fn run(self) -> anyhow::Result<Exit> {
        let body = given([("overlap_seconds", self.overlap_seconds.map(|it| json!(it)))]);
        let rest = of(&self.id, "/rotate-secret");
        let rotated = self.client.client()?.webhooks(Method::POST, &rest, Some(body), "/secret").await?;
        with_secret(&rotated, self.client.json)?;
        Ok(Exit::Success)
    }
}

impl Replay {
    async fn run(self) -> anyhow::Result<Exit> {
        let text = |text: Option<String>| text.map(|it| json!(it));
        let body = given([("from", text(self.from)), ("to", text(self.to)), ("status", text(self.status))]);
        let rest = of(&self.id, "/replay");
        let answer = self.client.client()?.webhooks(Method::POST, &rest, Some(body), "/replayed").await?;
        let more = if answer["more"] == true { "; there may be more, repeat it for later times" } else { "" };
        let said = format!("{} are sent again{more}", field(&answer, "replayed"));
        let text = if self.client.json { Text::json(answer.text()) } else { Text::single_line(&said) };
        print_done(&text)?;
        Ok(Exit::Success)
    }
}

impl Deliveries {
    async fn run(self) -> anyhow::Result<Exit> {
        let status = self.status.map_or_else(String::new, |it| format!("&status={}", it.as_str()));
        let path = format!("/webhooks{}", of(&self.id, &format!("/deliveries?limit={}{status}", self.limit)));
        let page: Page = self.client.client()?.get_as(&path).await?;
        if self.client.json {
            page.items.iter().try_for_each(|item| print(&Text::json_line(item.text())))?;
        } else {
            let rows = page.items.iter().map(|it| {
                [
                    field(it, "id"),
                    field(it, "created_at"),
                    field(it, "event"),
                    field(it, "approval_id"),
                    field(it, "status"),
                    field(it, "attempt_count"),
                    field(it, "error_message"),
                ]
            });
            print(&Text::table(["ID", "CREATED AT", "EVENT", "ABOUT", "STATUS", "TRIES", "ERROR"], rows))?;
        }
        if page.next_cursor.is_some() {
            say("there are more; --limit lists up to 200");
        }
        Ok(Exit::Success)
    }
}
