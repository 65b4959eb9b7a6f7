//! The API beyond the contract's lines: lists, runs, preconditions, documents, the command line.

mod approvals;
mod bulk;
mod cli;
mod cli_cluster;
mod cli_emit;
mod cli_history;
mod cli_tail;
mod events;
mod export;
mod history;
mod history_plans;
mod listing;
mod observability;
mod openapi;
mod retention;
mod runs;
mod search_index;
mod sockets;
