//! `signoff emit`: events of a task from a shell, one at a time or a line each.

mod lines;

use std::time::Duration;

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use serde_json::{Value, value::RawValue};

use self::lines::{Batch, Lines};
use super::{
    answer::Answer,
    argument::json_argument,
    client::{Client, ClientArgs, path_segment},
    exit::Exit,
    failure::ClientError,
    output::{Text, Unprinted, done, field, print, say},
    struggle::{Limit, Struggle},
};

/// How long lines are kept for a service that doesn't take them.
const PATIENCE: Duration = Duration::from_mins(15);
/// Lines refused in a row after which it is not the lines that are wrong.
const MAX_REFUSED: usize = 20;

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
32 KiB become several events. Bytes that no event can carry (invalid UTF-8, NUL) become U+FFFD. A line that is refused is \
left out (exit code 12). Whatever happens, standard input is read to its end: the program before the pipe goes on.

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
        if self.lines {
            return self.send_lines().await;
        }
        let client = self.client.client()?;
        let path = self.path();
        let data = json_argument(&self.data).context("--data")?;
        let answer = client.publish(&path, &EventBody { event_type: &self.event_type, data: &data }).await?;
        let said = words(&answer);
        let text = if self.client.json { Text::json(answer.text()) } else { Text::line(&said) };
        done(print(&text), &format!("the event is in the log: {said}"))?;
        Ok(Exit::Success)
    }

    fn path(&self) -> String {
        format!("/tasks/{}/events", path_segment(&self.task))
    }

    /// A program that writes to us must not be ended by what becomes of its lines, nor by what is wrong with us before
    /// the first one is sent: whatever happens, all is read.
    async fn send_lines(&self) -> anyhow::Result<Exit> {
        let mut lines = Lines::of_stdin(&self.event_type);
        let mut tally = Tally { json: self.client.json, ..Tally::default() };
        if let Err(error) = self.pass_on(&mut lines, &mut tally).await {
            say(&format!("{error:#}; what still comes is read and not sent"));
            lines.discard().await;
            return Err(error);
        }
        tally.sum_up()
    }

    /// To the end of the input.
    async fn pass_on(&self, lines: &mut Lines<'_>, tally: &mut Tally) -> anyhow::Result<()> {
        let client = self.client.client()?;
        let path = self.path();
        while let Some(batch) = lines.next().await.context("standard input")? {
            if let Err(error) = tally.send(&client, &path, batch).await {
                let words = format!("{} events are in the log, those behind them are not", tally.sent);
                return Err(anyhow::Error::new(error).context(words));
            }
        }
        Ok(())
    }
}

/// What has become of the lines.
#[derive(Default)]
struct Tally {
    json: bool,
    sent: usize,
    left_out: usize,
    /// Refused since one was taken.
    refused_in_a_row: usize,
    /// The answer for the last that were taken.
    last: Option<Answer>,
    unprinted: Option<Unprinted>,
    struggle: Struggle,
}

impl Tally {
    /// One request after the other, so that lines keep their order. What is refused is halved until only the lines
    /// are left out that are the reason.
    async fn send(&mut self, client: &Client, path: &str, batch: Batch) -> Result<(), ClientError> {
        let mut parts = vec![batch];
        while let Some(part) = parts.pop() {
            match deliver(client, &mut self.struggle, path, &part).await {
                Ok(answer) => self.taken(part.len(), answer),
                Err(ClientError::Refused { code, detail })
                    if is_about_lines(&code) && self.refused_in_a_row < MAX_REFUSED =>
                {
                    if let Some(halves) = part.halves() {
                        parts.extend(halves);
                    } else {
                        self.left_out += 1;
                        self.refused_in_a_row += 1;
                        let number = self.sent + self.left_out;
                        say(&format!("event {number} is left out: {code}: {detail}"));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn taken(&mut self, count: usize, answer: Answer) {
        self.sent += count;
        self.refused_in_a_row = 0;
        if self.json && self.unprinted.is_none() {
            self.unprinted = print(&Text::json_line(answer.text())).err();
        }
        self.last = Some(answer);
    }

    fn sum_up(self) -> anyhow::Result<Exit> {
        let place = self.last.as_deref().map(words).unwrap_or_default();
        let left_out =
            if self.left_out > 0 { format!(", {} left out", self.left_out) } else { String::new() };
        let said =
            format!("{} events{left_out}{}{place}", self.sent, if place.is_empty() { "" } else { "; " });
        let printed = match self.unprinted {
            Some(unprinted) => Err(unprinted),
            None if self.json => Ok(()),
            None => print(&Text::line(&said)),
        };
        done(printed, &said)?;
        Ok(if self.left_out > 0 { Exit::Refused } else { Exit::Success })
    }
}

/// Whether a refusal may be because of what single lines hold.
fn is_about_lines(code: &str) -> bool {
    matches!(code, "malformed" | "invalid" | "too_large")
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
) -> Result<Answer, ClientError> {
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
