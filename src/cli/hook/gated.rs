//! One call before it runs: its rule, the question, the wait, the answer to the agent.

use std::{io::Read, process, thread, time::Duration};

use anyhow::{Context, anyhow, bail, ensure};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::{Instant, sleep_until},
};

use super::{
    Agent, Before, LONGEST,
    exchange::{Input, Output},
    reader,
};
use crate::{
    cli::{
        asked::{Asked, Place, still_waiting},
        exit::Exit,
        output::{Text, print, say},
        signals::Signals,
    },
    gate::{Call, Rule, Rules},
};

/// Bytes of an agent's input.
const LARGEST: u64 = 64 * 1024 * 1024;

/// How long after its deadline a hook is ended by force.
const LAST: Duration = Duration::from_secs(2);
const SAYING: Duration = Duration::from_millis(200);
const LATE: &str = "the call is blocked: no outcome in time";
const STOPPED: &str = "the call is blocked: the hook was stopped by a signal";

/// Answers the agent on standard output. An error blocks the call.
pub async fn run(agent: Agent, before: &Before) -> anyhow::Result<Exit> {
    let (signals, mut hangup) = (Signals::new()?, signal(SignalKind::hangup())?);
    let deadline = before.deadline.min(LONGEST);
    let end = Instant::now() + deadline;
    block_at(deadline + LAST);
    tokio::select! {
        answered = answer(agent, before, end) => answered.context("the call is blocked")?,
        () = signals.receive(1) => bail!(STOPPED),
        _ = hangup.recv() => bail!(STOPPED),
        () = reader::is_gone() => bail!("the call is blocked: the agent is gone"),
        () = sleep_until(end + Duration::from_secs(1)) => bail!(LATE),
    }
    Ok(Exit::Success)
}

/// Where a file, a pipe or a computation holds this process up, no task of its runtime is served. A thread is.
fn block_at(time: Duration) {
    thread::spawn(move || {
        thread::sleep(time);
        // Standard error may be what holds it up.
        thread::spawn(|| say(LATE));
        thread::sleep(SAYING);
        process::exit(i32::from(Exit::BLOCKED as u8));
    });
}

async fn answer(agent: Agent, before: &Before, end: Instant) -> anyhow::Result<()> {
    let input = read().await?;
    let place = input.cwd.as_deref().map(Place::folder);
    let call = input.call(agent, before.run.as_deref())?;
    let rules = Rules::read(&before.rules.path()?)?;
    let Some(rule) = rules.of(&call)? else {
        // The agent's own rules go on.
        return Ok(());
    };
    ensure!(
        !call.call_id.is_empty(),
        "the call of {} has no id: two equal calls could not be told apart",
        call.tool
    );
    ensure!(!before.park || agent == Agent::ClaudeCode, "only Claude Code can be parked");
    let output = decide((agent, before), &call, rule, place.as_ref(), end).await?;
    // An answer that nobody reads lets the call run, also where its reader has closed the pipe.
    print(&Text::json(&serde_json::to_string(&output)?))
        .map_err(|error| anyhow!("the answer can't be written: {error}"))
}

/// What the agent gives. No read of it holds up a signal or the deadline.
async fn read() -> anyhow::Result<Input> {
    let reading = tokio::task::spawn_blocking(|| {
        let mut text = Vec::new();
        std::io::stdin().take(LARGEST).read_to_end(&mut text).map(|_| text)
    });
    let text = reading.await?.context("standard input can't be read")?;
    serde_json::from_slice(&text).context("standard input is no call of an agent")
}

async fn decide(
    (agent, before): (Agent, &Before),
    call: &Call,
    rule: &Rule,
    place: Option<&Place>,
    end: Instant,
) -> anyhow::Result<Output> {
    let client = before.client.client()?;
    let mut asked = Asked::take(call, place)?;
    let known = asked.ask(&client, call, rule).await?;
    if before.park && known.waits {
        return Ok(Output::deferred());
    }
    let left = end.saturating_duration_since(Instant::now());
    let approval = client.wait(&known.id, Some(left)).await?;
    if approval["status"] == "pending" {
        return Ok(Output::denied(still_waiting(&known.id)));
    }
    Ok(Output::new(agent, asked.settle(&client, call, rule, &approval).await?))
}
