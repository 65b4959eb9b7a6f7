//! Faults that were seen in systems like this one, each provoked.

mod clients_that_vanish;
mod contended_rows;
mod exhausted_pools;
mod failover;
mod forgotten_flows;
mod odd_frames;
mod strict_defaults;
mod unreadable_rows;
mod upgrades;
