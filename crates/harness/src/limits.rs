//! Limits of a load test, not of production: one machine plays all the clients.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Out of the way, but not off: counting is part of the load.
pub const RATES: [(&str, &str); 7] = [
    ("rate_limits.principal_requests_per_second", "1000000"),
    ("rate_limits.principal_burst", "1000000"),
    ("rate_limits.workspace_requests_per_second", "1000000"),
    ("rate_limits.workspace_burst", "1000000"),
    ("rate_limits.address_requests_per_second", "1000000"),
    ("rate_limits.address_burst", "1000000"),
    ("rate_limits.failed_credentials_per_minute", "1000000"),
];

/// How much may be open or asked at once.
pub const CAPS: [(&str, &str); 9] = [
    ("limits.max_waiters", "200000"),
    ("limits.max_waiters_per_workspace", "200000"),
    ("limits.max_connections", "220000"),
    ("limits.max_connections_per_address", "220000"),
    ("limits.max_sockets", "200000"),
    ("limits.max_sockets_per_workspace", "200000"),
    ("limits.max_sockets_per_principal", "200000"),
    ("limits.max_feeds", "20000"),
    ("sockets.messages_per_second", "10000"),
];

/// The variable that gives a setting: `limits.max_waiters` is `SIGNOFF_LIMITS_MAX_WAITERS`.
pub fn variable(setting: &str) -> String {
    format!("SIGNOFF_{}", setting.replace('.', "_").to_uppercase())
}

/// More than any test needs. Some systems allow a billion, and programs that look at each one take that long.
const MOST_FILES: u64 = 1_048_576;

/// Lets this process and its children open as many files as the system allows: each waiting client and each socket is
/// one. Answers with how many that is.
pub fn raise_open_files() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let Some(now) = current else { return u64::MAX };
    // macOS allows fewer than it says: there, this many.
    for wanted in [maximum.map(|it| it.min(MOST_FILES)).or(Some(MOST_FILES)), Some(10_240)] {
        let is_more = wanted.is_none_or(|wanted| wanted > now);
        if is_more && setrlimit(Resource::Nofile, Rlimit { current: wanted, maximum }).is_ok() {
            break;
        }
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_has_its_variable() {
        assert_eq!(variable("limits.max_waiters"), "SIGNOFF_LIMITS_MAX_WAITERS");
    }

    #[test]
    fn open_files_are_not_fewer_afterwards() {
        let before = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        assert!(raise_open_files() >= before);
    }
}
