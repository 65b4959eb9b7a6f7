//! Faults that were seen in systems like this one, each provoked.

mod clients_that_vanish;
mod contended_rows;
mod exhausted_pools;
mod failover;
mod half_closed;
mod idle_connections;
mod odd_frames;
mod passed_over;
mod unreadable_rows;
mod upgrades;
