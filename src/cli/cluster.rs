//! `signoff cluster`: the instances of the service, as their leases tell.

use std::{
    io::{self, IsTerminal},
    time::Duration,
};

use clap::Args;
use serde_json::Value;
use tokio::time::sleep;

use super::{
    answer::Answer,
    client::ClientArgs,
    exit::Exit,
    failure::ClientError,
    output::{Text, Unprinted, field, print},
    struggle::{Limit, Struggle},
};

const REFRESH: Duration = Duration::from_secs(2);
/// Longest that a look may take.
const LONGEST: Duration = Duration::from_secs(6);
/// Clears the screen; what was scrolled out of it is not ours to clear.
const CLEAR: &str = "\x1b[H\x1b[2J";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Cluster {
    #[command(flatten)]
    client: ClientArgs,
    /// Look again every 2 s, and go on while the instance that was asked is away.
    #[arg(long)]
    watch: bool,
}

const EXAMPLES: &str = "\
Needs the permission cluster:view. States: serving, degraded (without Redis), draining, lost (its lease ran out; shown \
for ten minutes). Connections and waiters are as of an instance's last heartbeat.

Examples:
  signoff cluster
  signoff cluster --watch
  signoff cluster --json | jq '[.instances[] | select(.state == \"serving\")] | length'";

impl Cluster {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let client = self.client.client()?;
        if !self.watch {
            self.show(&client.patiently(|| client.cluster(LONGEST)).await?)?;
            return Ok(Exit::Success);
        }
        // Without a word on how long, a watch goes on.
        let limit = client.patience().map_or_else(Limit::default, Limit::patience);
        let mut struggle = Struggle::default();
        loop {
            match client.cluster(LONGEST).await {
                Ok(answer) => {
                    struggle.is_over();
                    self.show(&answer)?;
                    sleep(REFRESH).await;
                }
                Err(ClientError::Unreachable(trouble)) => struggle.bear(trouble, limit).await?,
                Err(refused) => return Err(refused.into()),
            }
        }
    }

    fn show(&self, answer: &Answer) -> Result<(), Unprinted> {
        if self.client.json {
            return print(&Text::json_line(answer.text()));
        }
        let clear = self.watch && io::stdout().is_terminal();
        if clear {
            print(&Text::own(CLEAR))?;
        }
        print(&listed(answer))?;
        if self.watch && !clear { print(&Text::own("\n")) } else { Ok(()) }
    }
}

fn listed(answer: &Value) -> Text {
    let instances = answer["instances"].as_array().map(Vec::as_slice).unwrap_or_default();
    let rows = instances.iter().map(|it| {
        let seconds = |name: &str| it[name].as_f64().unwrap_or_default();
        [
            field(it, "id"),
            field(it, "state"),
            field(it, "version"),
            uptime(seconds("uptime_seconds")),
            format!("{:.1}s ago", seconds("heartbeat_age_seconds")),
            field(it, "connections"),
            field(it, "waiters"),
        ]
    });
    Text::table(["ID", "STATE", "VERSION", "UPTIME", "HEARTBEAT", "CONNECTIONS", "WAITERS"], rows)
}

/// The two largest units.
fn uptime(seconds: f64) -> String {
    let whole = Duration::try_from_secs_f64(seconds).unwrap_or_default().as_secs();
    let (days, hours, minutes, seconds) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60, whole % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {seconds}s"),
        (0, _, _) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptimes_are_short() {
        for (seconds, words) in
            [(0.4, "0s"), (61.0, "1m 1s"), (7_260.0, "2h 1m"), (90_000.0, "1d 1h"), (-1.0, "0s")]
        {
            assert_eq!(uptime(seconds), words);
        }
    }
}
