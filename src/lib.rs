//! Signoff: human sign-off for agents and workflows.
//!
//! Code that is about to do something that matters asks for an approval and blocks, at no cost, until a person
//! has decided. The map, from the outside in; each level knows only the ones below it:
//!
//! | | |
//! | --- | --- |
//! | [`cli`] | the commands of the binary |
//! | [`app`], [`lifecycle`], [`config`], [`telemetry`] | one instance: built, configured, observed, ended in order |
//! | [`http`] | the API: routes, extractors, responses |
//! | [`mcp`] | the MCP server by which an agent asks people |
//! | [`gate`] | a tool call as a question to people, for what stands before an agent's tools |
//! | [`realtime`] | sockets: handshake to close, one session each |
//! | [`wire`] | what travels as JSON: forms and their rules, views, problems |
//! | [`worker`] | what runs by itself: sweeps |
//! | [`notify`] | telling people: from what happened to a message that has arrived |
//! | [`presence`] | the instance's lease, and the connections it owns |
//! | [`approvals`], [`events`] | the use cases: ask, wait, decide, cancel; publish, follow, replay |
//! | [`audit`] | the record as a chain: linking, signing, verifying, exporting |
//! | [`identity`] | administering who there is and what they may do |
//! | [`batch`] | many calls, one statement |
//! | [`auth`] | from a credential to who acts and what they may do |
//! | [`mod@line`] | one accepted connection: bytes, each within its time |
//! | [`open_files`] | how many files there may be, and who gets them |
//! | [`seal`] | secrets that must be read again, as the database keeps them |
//! | [`limits`] | how many requests anybody may make, over all instances |
//! | [`oidc`] | what an OpenID Connect issuer says: tokens, keys |
//! | [`bus`] | Redis: hints between instances, the registry of who waits here, and what limits count |
//! | [`store`] | Postgres: the only SQL |
//! | [`domain`] | what an approval is, and what may happen to it: pure functions |
//!
//! Postgres decides, Redis only wakes. `docs/architecture.md` walks one approval from end to end.

// What is printed goes through `cli::output`.
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod app;
pub mod approvals;
pub mod audit;
pub mod auth;
pub mod batch;
pub mod bus;
pub mod cli;
pub mod config;
pub mod domain;
pub mod events;
pub mod gate;
pub mod http;
pub mod identity;
pub mod lifecycle;
pub mod limits;
pub mod line;
pub mod mcp;
pub mod notify;
pub mod oidc;
pub mod open_files;
pub mod presence;
pub mod realtime;
pub mod seal;
pub mod store;
pub mod telemetry;
pub mod wire;
pub mod worker;
