//! How many files this process may open, and who gets them: each connection is one.
//!
//! The limit that a process starts with is mostly far below what it may ask for. So it asks, and what still doesn't fit
//! is cut down beforehand: an instance that runs out of files can neither accept a connection nor open one itself.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{
    config::{Config, Limits},
    http::server::{LOBBY, SLACK},
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

/// Cuts down what doesn't fit into `files`, and says so. Answers how many connections there may be, those that
/// have become sockets included.
pub fn fit(config: &mut Config, files: usize) -> usize {
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
    let room = share(&mut config.limits, files, database);
    let limits = &config.limits;
    if (limits.max_connections, limits.max_sockets) != (wanted.max_connections, wanted.max_sockets) {
        tracing::warn!(
            files,
            max_connections = limits.max_connections,
            wanted_connections = wanted.max_connections,
            max_sockets = limits.max_sockets,
            wanted_sockets = wanted.max_sockets,
            "this process may open fewer files than limits.max_connections and limits.max_sockets ask for; they are \
             cut down to what fits. Raise the hard limit of open files (ulimit -Hn, LimitNOFILE=), or lower the \
             settings"
        );
    }
    room
}

/// Divides the files; answers how many are left for connections and sockets together.
fn share(limits: &mut Limits, files: usize, database: usize) -> usize {
    // Each of the two listeners has a lobby, and lets some in while others leave.
    let kept = OWN + database + OPERATOR + 2 * (LOBBY + SLACK);
    let room = files.saturating_sub(kept).max(LEAST);
    // Sockets leave room for those who ask, and for the next socket's handshake.
    let most = room - (room / 20).max(LEAST / 2);
    limits.max_sockets = limits.max_sockets.min(most);
    limits.max_feeds = limits.max_feeds.min(most);
    if room < limits.max_connections {
        if limits.max_connections_per_address < limits.max_connections {
            // One address must not have all of it.
            limits.max_connections_per_address = limits.max_connections_per_address.min(room / 4 * 3);
        }
        limits.max_connections = room;
    }
    room
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
                let room = share(&mut limits, files, 21);
                let (all, some) = (limits.max_connections, limits.max_sockets);
                assert_eq!(all, connections.min(room), "{files}");
                assert!(some <= sockets && some < room, "{files}: there is room for those who ask");
                assert!(room >= LEAST);
                if files >= 600 {
                    assert!(room + OWN + 21 + OPERATOR + 2 * (LOBBY + SLACK) <= files, "{files}");
                }
                if all < connections {
                    assert!(limits.max_connections_per_address < all, "{files}: an address leaves room");
                }
            }
        }
    }

    #[test]
    fn where_there_is_enough_nothing_is_cut_down() {
        for (files, connections, sockets) in [(524_288, 110_000, 100), (20_000, 10_000, 18_000)] {
            let mut limits = limits(connections, sockets);
            share(&mut limits, files, 21);
            assert_eq!((limits.max_connections, limits.max_sockets), (connections, sockets));
            assert_eq!(limits.max_connections_per_address, 10_000);
        }
    }

    #[test]
    fn who_gives_one_address_everything_means_it() {
        let mut limits = limits(220_000, 100);
        limits.max_connections_per_address = 220_000;
        share(&mut limits, 20_000, 21);
        assert!(limits.max_connections_per_address >= limits.max_connections);
    }

    #[test]
    fn the_limit_is_raised_as_far_as_it_goes() {
        let files = raise();
        let now = getrlimit(Resource::Nofile);
        assert_eq!(now.current, now.maximum);
        assert_eq!(files, now.current.map(|it| usize::try_from(it).unwrap()));
    }
}
