//! How many files this process may open, and who gets them: each connection is one.
//!
//! The limit that a process starts with is mostly far below what it may ask for. So it asks, and what still doesn't fit
//! is cut down beforehand: an instance that runs out of files can neither accept a connection nor open one itself.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{
    config::{Config, Limits},
    http::server::{LOBBY, SLACK},
    realtime::with_those_that_go,
};

/// Connections that the operator's listener takes.
pub const OPERATOR: usize = 64;
/// Redis, the issuer, the resolver, logs, listeners, the runtime.
const OWN: usize = 64;
/// With fewer than these nothing works.
const LEAST: usize = 16;

/// Raises the limit as far as it goes; answers how many files there may be, if there is a limit.
pub fn raise() -> Option<usize> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = current != maximum
        && setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
            .inspect_err(|error| tracing::warn!(%error, "the limit of open files can't be raised"))
            .is_ok();
    let limit = if raised { maximum } else { current };
    limit.map(|files| usize::try_from(files).unwrap_or(usize::MAX))
}

/// Cuts down what doesn't fit into so many files, and says so.
pub fn fit(config: &mut Config, files: usize) {
    let database = &config.database;
    let pools = [
        database.decide_connections,
        database.read_connections,
        database.tenant_connections,
        database.auth_connections,
        database.transact_connections,
        database.work_connections,
    ];
    // One more is the probe's.
    let database = pools.into_iter().sum::<u32>() as usize + 1;
    let wanted = config.limits.clone();
    if !share(&mut config.limits, files, database) {
        return;
    }
    tracing::warn!(
        files,
        max_connections = config.limits.max_connections,
        wanted_connections = wanted.max_connections,
        max_sockets = config.limits.max_sockets,
        wanted_sockets = wanted.max_sockets,
        "this process may open fewer files than limits.max_connections and limits.max_sockets ask for; both are cut \
         down to what fits. Raise the hard limit of open files (ulimit -Hn, LimitNOFILE=), or lower the settings"
    );
}

/// Divides the files; answers whether anything was cut down.
fn share(limits: &mut Limits, files: usize, database: usize) -> bool {
    let left = files.saturating_sub(OWN + database + LOBBY + SLACK + OPERATOR + LOBBY + SLACK);
    // Sockets come and go: those that go are open for a while.
    let fits = |sockets: &usize| with_those_that_go(*sockets) <= left / 2;
    let sockets = if fits(&limits.max_sockets) {
        limits.max_sockets
    } else {
        (left / 2).saturating_sub(with_those_that_go(0)) / 2
    };
    let connections = left.saturating_sub(with_those_that_go(sockets)).max(LEAST);
    let cut = sockets < limits.max_sockets || connections < limits.max_connections;
    limits.max_sockets = sockets;
    if connections < limits.max_connections {
        limits.max_connections = connections;
        // One address must not have all of it.
        limits.max_connections_per_address = limits.max_connections_per_address.min(connections / 2);
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    fn limits(connections: usize, sockets: usize) -> Limits {
        let flags = [
            ("database.url".to_owned(), "postgres://x".to_owned()),
            ("limits.max_connections".to_owned(), connections.to_string()),
            ("limits.max_sockets".to_owned(), sockets.to_string()),
        ];
        Config::from_layers(&Sources { file: None, flags: flags.into() }, |_| None).unwrap().limits
    }

    #[test]
    fn everything_that_is_open_fits() {
        for files in [0, 300, 600, 1_024, 4_096, 20_000, 1_048_576] {
            for (connections, sockets) in [(110_000, 100), (110_000, 20_000), (10, 10), (200_000, 0)] {
                let mut limits = limits(connections, sockets);
                let cut = share(&mut limits, files, 21);
                let (all, some) = (limits.max_connections, limits.max_sockets);
                assert!(all <= connections && some <= sockets, "{files}: never more than was asked for");
                assert_eq!(cut, (all, some) != (connections, sockets), "{files}");
                let own = OWN + 21 + OPERATOR + 2 * (LOBBY + SLACK);
                if files > 600 {
                    assert!(all + with_those_that_go(some) + own <= files, "{files}: {all} and {some}");
                    assert!(all >= LEAST.min(connections), "{files}");
                }
                if all < connections {
                    assert!(limits.max_connections_per_address <= all / 2, "{files}: an address leaves room");
                }
            }
        }
    }

    #[test]
    fn a_usual_limit_leaves_the_defaults_alone() {
        let mut limits = limits(110_000, 100);
        assert!(!share(&mut limits, 524_288, 21));
        assert_eq!((limits.max_connections, limits.max_sockets), (110_000, 100));
    }

    #[test]
    fn the_limit_is_raised_as_far_as_it_goes() {
        let files = raise();
        let now = getrlimit(Resource::Nofile);
        assert_eq!(now.current, now.maximum);
        assert_eq!(files, now.current.map(|it| usize::try_from(it).unwrap()));
    }
}
