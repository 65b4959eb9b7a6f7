//! Postgres, Redis, HAProxy and instances of Signoff on one machine.
//!
//! The library is what `./dev`, the integration tests and the benchmarks have in common: how each program is called,
//! which ports are safe, and which limits a load test raises. It starts nothing by itself and knows nothing of tokio.
//! The program (`main.rs`) is `./dev`.

pub mod haproxy;
pub mod instance;
pub mod limits;
pub mod ports;
pub mod redis;
