//! Why Redis can't be used, said once: when it begins, when the reason changes, and when it is over.
//!
//! Without Redis everything goes on, only slower, so nothing else would say it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use deadpool_redis::redis;

use super::Error;

/// What there is to complain of, by what can't be done.
#[derive(Default)]
pub struct Complaints(Mutex<HashMap<&'static str, String>>);

impl Complaints {
    /// It could not be done.
    pub fn failed(&self, doing: &'static str, error: &Error) {
        let kind = error.kind();
        let mut complaints = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if complaints.insert(doing, kind.to_owned()).is_none_or(|before| before != kind) {
            // A field that is not there is left out.
            tracing::warn!(doing, %error, advice = error.advice(), "Redis can't be used");
        }
    }

    /// It was done.
    pub fn worked(&self, doing: &'static str) {
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(doing).is_some() {
            tracing::info!(doing, "Redis can be used again");
        }
    }
}

impl Error {
    /// What kind of failure it is: the server's own word for it, where it said one.
    fn kind(&self) -> &str {
        self.code().unwrap_or(match self {
            Self::TimedOut => "TIMEDOUT",
            Self::Setup(_) => "SETUP",
            Self::Redis(_) | Self::Pool(_) => "UNREACHABLE",
        })
    }

    /// The server's word for why it refused.
    fn code(&self) -> Option<&str> {
        match self {
            Self::Redis(error) | Self::Pool(deadpool_redis::PoolError::Backend(error)) => {
                // The driver keeps this one to itself.
                let denied = error.kind() == redis::ErrorKind::AuthenticationFailed;
                error.code().or(denied.then_some("WRONGPASS"))
            }
            Self::Pool(_) | Self::TimedOut | Self::Setup(_) => None,
        }
    }

    /// What to do about it, where the server's word tells.
    pub fn advice(&self) -> Option<&'static str> {
        Some(match self.code()? {
            "NOAUTH" | "WRONGPASS" => "redis.url must have the right user and password",
            "NOPERM" => {
                "the user in redis.url may not do that: docs/operating.md, \"Rights in Redis\", has all that it needs"
            }
            "MOVED" | "ASK" | "CROSSSLOT" | "CLUSTERDOWN" => {
                "Redis runs in cluster mode, which is not supported: use a single server"
            }
            "READONLY" => "this is a replica: redis.url must lead to the primary",
            "OOM" | "MISCONF" => "Redis takes no writes: look at its memory and its disk",
            _ => return None,
        })
    }
}
