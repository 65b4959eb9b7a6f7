//! The API beyond the contract's lines: lists, runs, preconditions, documents, the command line.

mod approvals;
mod browser_sessions;
mod cli;
mod cli_cluster;
mod cli_emit;
mod cli_login;
mod cli_tail;
mod events;
mod identity;
mod listing;
mod observability;
mod openapi;
mod permissions_doc;
mod runs;
mod signing_in;
mod sockets;
mod tokens;
