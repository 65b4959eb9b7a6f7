//! `signoff emit`: events of a task from a shell, one at a time or a line each.

mod lines;

use std::time::Duration;

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use serde_json::{Value, value::RawValue};

use self::lines::{Batch, Lines};
use super::{
    argument::json_argument,
    client::{Client, ClientArgs, path_segment},
    exit::Exit,
    failure::ClientError,
    output::field,
    struggle::{Limit, Struggle},
};

/// How long lines are kept for a service that doesn't take them.
const PATIENCE: Duration = Duration::from_mins(15);

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Emit {
    #[command(flatten)]
    client: ClientArgs,
    /// The task's name.
    task: String,
    /// output, workflow_started, workflow_state_changed, workflow_completed, workflow_failed, or a name of your own.
    #[arg(value_name = "EVENT_TYPE", default_value = "output")]
    event_type: String,
    /// What the event says: JSON, @FILE, or @- for standard input.
    #[arg(long, value_name = "JSON", default_value = "{}", conflicts_with = "lines")]
    data: String,
    /// Send each line of standard input as an event of its own, with the data {"line": …}.
    #[arg(long)]
    lines: bool,
}

const EXAMPLES: &str = "\
Prints where the event is in the task's log, and whether a socket follows the task; without one it waits in the log.

With --lines, that of the last one. Lines are sent together, as they come; on trouble they are sent again, until they \
are in the log. Where an answer got lost they may then be there twice (standard error says so). Lines longer than \
32 KiB become several events.

Examples:
  signoff emit build-7 workflow_started
  signoff emit build-7 --data '{\"percent\": 40}'
  make 2>&1 | signoff emit build-7 --lines
  signoff emit build-7 workflow_completed --data @result.json";

/// One event, with its data as it was written.
#[derive(Serialize)]
struct EventBody<'a> {
    event_type: &'a str,
    data: &'a RawValue,
}

impl Emit {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let client = self.client.client()?;
        let path = format!("/tasks/{}/events", path_segment(&self.task));
        if self.lines {
            return self.send_lines(&client, &path).await;
        }
        let data = json_argument(&self.data).context("--data")?;
        let answer = client.publish(&path, &EventBody { event_type: &self.event_type, data: &data }).await?;
        if self.client.json {
            println!("{answer}");
        } else {
            println!("{}", words(&answer));
        }
        Ok(Exit::Success)
    }

    /// One request after the other, so that lines keep their order.
    async fn send_lines(&self, client: &Client, path: &str) -> anyhow::Result<Exit> {
        let mut lines = Lines::of_stdin(&self.event_type);
        let mut struggle = Struggle::default();
        let mut sent = 0;
        let mut last = None;
        while let Some(batch) = lines.next().await.context("standard input")? {
            let answer = deliver(client, &mut struggle, path, &batch)
                .await
                .with_context(|| format!("{sent} events are in the log, those behind them are not"))?;
            sent += batch.len();
            if self.client.json {
                println!("{answer}");
            }
            last = Some(answer);
        }
        if !self.client.json {
            let place = last.as_ref().map(words).unwrap_or_default();
            println!("{sent} events{}{place}", if place.is_empty() { "" } else { "; " });
        }
        Ok(Exit::Success)
    }
}

/// "cursor 1763700000000042, followed"
fn words(answer: &Value) -> String {
    let connected = answer["connected"] == true;
    let followed = if connected { "a socket follows the task" } else { "no socket follows the task now" };
    format!("cursor {}; {followed}", field(answer, "cursor"))
}

/// Posts until it is known to have been taken.
async fn deliver(
    client: &Client,
    struggle: &mut Struggle,
    path: &str,
    batch: &Batch,
) -> Result<Value, ClientError> {
    let limit = Limit::patience(client.patience().unwrap_or(PATIENCE));
    loop {
        match client.publish(path, batch).await {
            Err(ClientError::Unreachable(mut trouble)) => {
                let doubt = "; whether they arrived is unknown, so they may come twice";
                trouble.why = format!(
                    "{} events could not be sent: {}{}",
                    batch.len(),
                    trouble.why,
                    if trouble.nothing_done { "" } else { doubt },
                );
                struggle.bear(trouble, limit).await?;
            }
            result => {
                struggle.is_over();
                return result;
            }
        }
    }
}
