//! The integration tests: one binary, on a real Postgres and a real Redis.
//!
//! `./dev test` starts both and says where they are (`DATABASE_ADMIN_URL`, `REDIS_URL`, `SIGNOFF_REDIS_SERVER`).
//! Every test has a database and a Redis prefix of its own. Tests wait for signals, never for time to pass.

#![expect(clippy::disallowed_methods, reason = "tests spawn clients; only the product tracks its tasks")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what fails here fails the test, where it stands"
)]

mod support;

mod api;
mod contract;
mod documents;
mod equal_work;
mod faults;
mod frozen;
mod house;
mod limits;
