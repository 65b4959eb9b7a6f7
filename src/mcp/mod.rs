//! The MCP server by which an agent asks people: on standard input and output (`signoff mcp`), and on each instance
//! (`POST /mcp`).
//!
//! | | |
//! | --- | --- |
//! | [`tools`] | what the agent can call, and with what |
//! | [`server`] | a call: the question, the wait, the result |
//! | [`service`] | Signoff, as the server asks it: over HTTP, or within the process |
//! | [`waiting`] | how long a call is held, by what its client understands |
//! | [`told`] | an outcome as the model reads it |
//!
//! Nothing is kept in memory between two calls: any instance goes on with a wait. No tool here decides: an agent must
//! not approve its own calls.

pub mod server;
pub mod service;
mod told;
pub mod tools;
pub mod waiting;

pub use self::{
    server::{Server, Session},
    service::{Service, Unanswered},
};
