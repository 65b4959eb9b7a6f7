//! Load and latency of two instances, against what the same Postgres and Redis can do at best.
//!
//! Absolute speed drifts on any machine, so every figure stands beside a floor measured in the same round: the
//! bare statement, the bare hop. Rounds alternate between floor and service; medians are reported, and nothing
//! here ever fails because something was slow. Run it by `./dev bench`, on a quiet machine.
//!
//! | | |
//! | --- | --- |
//! | [`wake`] | from a decision on one instance to the waiter's answer from the other |
//! | [`throughput`] | creates, decisions and whole cycles a second |
//! | [`cost`] | what each part takes of Postgres' time |
//! | [`policies`] | what trees cost, who may agree in a large group, and the list of one's own |
//! | [`crowd`] | the wake-up while thousands of others wait |
//! | [`memory`] | what an idle long poll costs |
//! | [`sockets`] | what idle sockets cost, how fast they connect, what their heartbeat takes |
//! | [`events`] | from an event on one instance to the socket on the other |
//! | [`feeds`] | what the screens of people cost, and how soon they are told |
//! | [`notify`] | how soon people and programs are told, and what a relay that stands still costs |
//! | [`outbox`] | leasing lanes beside leasing rows, and what a held snapshot costs |
//! | [`reconnect`] | thousands of sockets come back after their instance was killed |
//! | [`redis_down`] | the wake-up without Redis |
//! | [`floor`], [`pgbench`], [`equal_work`] | the floors |
//! | [`cluster`], [`database`], [`process`], [`client`], [`load`], [`relay`] | what they stand on |
//! | [`figures`] | medians, goals, the table |

mod bare;
mod client;
mod cluster;
mod cost;
mod crowd;
mod database;
mod equal_work;
mod events;
mod feeds;
mod figures;
mod floor;
mod load;
mod memory;
mod notify;
mod outbox;
mod pgbench;
mod policies;
mod process;
mod reconnect;
mod redis_down;
mod relay;
mod sink;
mod socket;
mod sockets;
mod throughput;
mod wake;

use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, ValueEnum};

use self::{cluster::Cluster, figures::Report};

#[derive(Debug, Parser)]
#[command(name = "./dev bench --", about = "Measures load and latency against a floor of the same run")]
struct Arguments {
    /// What to measure; everything if nothing is named
    parts: Vec<Part>,
    /// Fewer and shorter rounds: some five minutes
    #[arg(long)]
    quick: bool,
    /// Also write the figures to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// What cargo adds by itself
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Wake,
    Throughput,
    Cost,
    Policies,
    Crowd,
    Memory,
    Sockets,
    Events,
    Feeds,
    Notify,
    Outbox,
    Reconnect,
    RedisDown,
}

/// How much to measure.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    pub quick: bool,
    pub rounds: usize,
}

impl Extent {
    /// How long a phase lasts, in seconds. What works behind the outcomes does so in bursts of one second, each five
    /// seconds: a phase meets two of them. A quick one may meet none.
    pub fn phase(self) -> u32 {
        self.pick(10, 3)
    }

    /// A count or a number of seconds, for a full run and for a quick one.
    pub fn pick<T>(self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }
}

// One thread: the load must leave the machine to what it measures.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // The database driver asks for a provider even where nothing is encrypted; a second one is refused.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let extent = Extent { quick: arguments.quick, rounds: if arguments.quick { 2 } else { 5 } };
    let mut report = Report::begin();
    let mut cluster = Cluster::start().await?;
    let measured = measure(&arguments.parts, &mut cluster, extent, &mut report).await;
    cluster.stop().await?;
    // What was measured before a failure is worth showing.
    println!("{report}");
    if let Some(file) = arguments.json {
        std::fs::write(&file, report.json()?).with_context(|| file.display().to_string())?;
    }
    measured
}

async fn measure(
    parts: &[Part],
    cluster: &mut Cluster,
    extent: Extent,
    report: &mut Report,
) -> anyhow::Result<()> {
    for part in Part::value_variants() {
        if !parts.is_empty() && !parts.contains(part) {
            continue;
        }
        eprintln!("{part:?} …");
        match part {
            Part::Wake => wake::measure(cluster, extent, report).await,
            Part::Throughput => throughput::measure(cluster, extent, report).await,
            Part::Cost => cost::measure(cluster, extent, report).await,
            Part::Policies => policies::measure(cluster, extent, report).await,
            Part::Crowd => crowd::measure(cluster, extent, report).await,
            Part::Memory => memory::measure(cluster, extent, report).await,
            Part::Sockets => sockets::measure(cluster, extent, report).await,
            Part::Events => events::measure(cluster, extent, report).await,
            Part::Feeds => feeds::measure(cluster, extent, report).await,
            Part::Notify => notify::measure(extent, report).await,
            Part::Outbox => outbox::measure(cluster, extent, report).await,
            Part::Reconnect => reconnect::measure(cluster, extent, report).await,
            Part::RedisDown => redis_down::measure(cluster, extent, report).await,
        }
        .with_context(|| format!("{part:?}"))?;
    }
    Ok(())
}
