//! The API beyond the contract's lines: lists, runs, preconditions, documents, the command line.

mod approvals;
mod browser_sessions;
mod bulk;
mod cli;
mod cli_cluster;
mod cli_emit;
mod cli_history;
mod cli_login;
mod cli_tail;
mod events;
mod export;
mod handshakes;
mod history;
mod history_plans;
mod identity;
mod listing;
mod observability;
mod openapi;
mod permissions_doc;
mod retention;
mod runs;
mod search_index;
mod signing_in;
mod sockets;
mod tokens;
