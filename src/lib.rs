//! Signoff: human sign-off for agents and workflows.
//!
//! Code that is about to do something that matters asks for an approval and blocks, at no cost, until a person
//! has decided. The map, from the outside in. Each module knows only those below it, which a test checks:
//!
//! | | |
//! | --- | --- |
//! | [`cli`] | the commands of the binary |
//! | [`app`] | one instance: its parts made from its configuration, and put together |
//! | [`open_files`] | how many files there may be, and who gets them |
//! | [`http`] | the API: routes, extractors, responses |
//! | [`mcp`] | the MCP server by which an agent asks people |
//! | [`realtime`] | sockets: handshake to close, one session each |
//! | [`gate`] | a tool call as a question to people, for what stands before an agent's tools |
//! | [`mod@line`] | one accepted TCP connection: bytes, each within its time |
//! | [`worker`] | what runs by itself: sweeps |
//! | [`wire`] | what travels as JSON: forms and their rules, views, problems |
//! | [`presence`] | the presence of instances: each one's lease, and the connections it owns |
//! | [`notify`] | telling people: from what happened to a message that has arrived |
//! | [`identity`] | administering who there is and what they may do |
//! | [`approvals`] | the use cases of an approval: ask, wait, decide, cancel |
//! | [`events`] | the use cases of tasks' events: publish, follow, replay |
//! | [`audit`] | the record as a chain: linking, signing, verifying, exporting |
//! | [`receipts`] | what the claim of an approved action is proved by: signing, publishing keys, verifying |
//! | [`limits`] | how many requests a caller may make, over all instances |
//! | [`auth`] | from a credential to who acts and what they may do |
//! | [`seal`] | secrets that must be read again, as the database keeps them |
//! | [`ed25519`] | keys that sign, and their public halves |
//! | [`batch`] | group commits: calls that came at the same moment, in one statement |
//! | [`oidc`] | what an OpenID Connect issuer says: tokens, keys |
//! | [`store`] | Postgres: the only SQL |
//! | [`bus`] | Redis: hints between instances, the registry of who waits here, and what limits count |
//! | [`lifecycle`] | the tasks of this process: spawned, watched, drained |
//! | [`telemetry`] | logs and metrics |
//! | [`config`] | what can be set, as plain data |
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
pub mod ed25519;
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
pub mod receipts;
pub mod seal;
pub mod store;
pub mod telemetry;
pub mod wire;
pub mod worker;
