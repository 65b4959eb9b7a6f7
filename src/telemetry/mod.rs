//! What an instance tells about itself: logs and metrics.

mod logs;
pub mod metrics;
pub mod outbox;
mod seldom;
pub mod tally;

pub use self::{
    logs::init_logs,
    metrics::{Chains, Metrics},
    seldom::Seldom,
    tally::Tally,
};
