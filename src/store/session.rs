//! What each session asks of the server when it begins, so that no default of the server, the database or the login
//! changes what our statements mean.
//!
//! A default that an operator set on the database reaches every session that doesn't set it itself. Most only make
//! statements slower or faster. The ones here would change answers, or end sessions behind our back.
//!
//! `default_transaction_read_only` is left alone on purpose. Operators, and servers whose disk is full, set it to keep
//! writers out; the probe sees it and the instance says that it is down.

use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

/// The schema that holds all tables. Functions and statements name no schema of their own.
pub const SCHEMA: &str = "public";

/// What statements mean.
const MEANING: [(&str, &str); 13] = [
    // A vote waits for the row that another vote has locked, and then goes on from what that one left. Stricter
    // levels fail it instead.
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_deferrable", "off"),
    // Off, each statement on a table with policies is an error.
    ("row_security", "on"),
    // Temporary tables of the same name come last.
    ("search_path", "public, pg_temp"),
    // Text of values, where statements or migrations make or read it.
    ("IntervalStyle", "postgres"),
    ("bytea_output", "hex"),
    ("standard_conforming_strings", "on"),
    ("array_nulls", "on"),
    ("transform_null_equals", "off"),
    // Above zero, a search in an index answers with some of what it found.
    ("gin_fuzzy_search_limit", "0"),
    // On, the first error ends the session.
    ("exit_on_error", "off"),
    // The pool decides how long a connection may be idle.
    ("idle_session_timeout", "0"),
    ("client_min_messages", "notice"),
];

/// What a session of an instance asks for besides.
const SERVING: [(&str, &str); 11] = [
    // Longer than any single statement of ours takes, shorter than what the sweep's window assumes.
    ("statement_timeout", "3s"),
    ("lock_timeout", "2s"),
    ("idle_in_transaction_session_timeout", "5s"),
    ("synchronous_commit", "on"),
    // A statement that was planned while the tables were small, or not analysed yet, keeps its plan. What
    // we read, we read by index; a plan that scans is good for a while and then a thousand times too slow.
    ("enable_seqscan", "off"),
    // Planned once for each connection: arrays of one id would otherwise be planned anew each time, for
    // longer than they take. And never compiled, which only pays for minutes of work.
    ("plan_cache_mode", "force_generic_plan"),
    ("jit", "off"),
    // The server's kernel keeps a quiet flow known to the gateways on the way, and lets go of an instance that is
    // gone. The driver gives us no hold on our own end of the connection.
    ("tcp_keepalives_idle", "20"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "30s"),
];

/// What a command, or a migration, asks for besides: it may take its time.
const BY_HAND: [(&str, &str); 3] =
    [("statement_timeout", "0"), ("lock_timeout", "0"), ("idle_in_transaction_session_timeout", "0")];

/// For an instance.
pub fn serving(options: PgConnectOptions) -> PgConnectOptions {
    options.application_name("signoff").options(MEANING).options(SERVING)
}

/// For commands and migrations.
pub fn by_hand(options: PgConnectOptions) -> PgConnectOptions {
    options.options(MEANING).options(BY_HAND)
}

/// A connection for commands and migrations.
pub async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    PgConnection::connect_with(&by_hand(options.clone())).await
}
