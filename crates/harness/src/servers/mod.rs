//! Postgres and Redis: servers of a place's own, or those that the environment gives.

mod home;
mod postgres;
mod redis;

use std::{fs, path::PathBuf};

pub use postgres::{Role, Wanted, answers as postgres_answers};

use crate::{
    place::{Place, read, write_private},
    say::{note, say},
    tools::PostgresPrograms,
};

/// Where both are.
#[derive(Debug, Clone)]
pub struct Servers {
    /// As instances sign in.
    pub database: String,
    /// As whom migrations run: the owner of the tables.
    pub owner: String,
    /// A superuser's.
    pub admin: String,
    pub redis: String,
    /// The Redis server's program, if there is one here.
    pub redis_server: Option<PathBuf>,
    /// Postgres' programs, if there are some here.
    pub postgres: Option<PostgresPrograms>,
}

/// Servers that the environment gives, and not we.
#[derive(Debug, Clone, Default)]
pub struct Given {
    pub database: Option<String>,
    pub admin: Option<String>,
    pub redis: Option<String>,
}

const KINDS: [&str; 3] = ["database", "admin", "redis"];

impl Given {
    /// Addresses of our own servers, past ones too, come from a shell that has read `.dev/env`: they don't mean "use
    /// this server".
    pub fn by_environment(place: &Place) -> Self {
        let own = fs::read_to_string(place.dev("own-urls")).unwrap_or_default();
        let env = fs::read_to_string(place.dev("env")).unwrap_or_default();
        let variable = |name: &str, kind: &str| {
            let value = std::env::var(name).ok().filter(|it| !it.is_empty())?;
            // What `.dev/env` says is ours, unless it was given when it was written.
            let is_given = place.dev("run").join(format!("given.{kind}")).exists();
            let line = format!("{name}={value}");
            let is_own =
                own.lines().any(|line| line == value) || !is_given && env.lines().any(|it| it == line);
            (!is_own).then_some(value)
        };
        Self {
            database: variable("DATABASE_URL", "database"),
            admin: variable("DATABASE_ADMIN_URL", "database"),
            redis: variable("REDIS_URL", "redis"),
        }
    }

    /// Or gave, when this set was started.
    pub fn now_or_before(place: &Place) -> Self {
        let now = Self::by_environment(place);
        let before = |kind| read(&place.run(&format!("given.{kind}")));
        Self {
            database: now.database.or_else(|| before("database")),
            admin: now.admin.or_else(|| before("admin")),
            redis: now.redis.or_else(|| before("redis")),
        }
    }

    /// For a later `up`, `status` and `down`.
    pub fn remember(&self, place: &Place) -> anyhow::Result<()> {
        for (kind, url) in KINDS.into_iter().zip([&self.database, &self.admin, &self.redis]) {
            if let Some(url) = url {
                write_private(&place.run(&format!("given.{kind}")), &format!("{url}\n"))?;
            }
        }
        Ok(())
    }

    pub fn forget(place: &Place) -> anyhow::Result<()> {
        for kind in KINDS {
            crate::place::remove(&place.run(&format!("given.{kind}")))?;
        }
        Ok(())
    }
}

impl Servers {
    /// Starts what isn't given.
    pub fn start(place: &Place, given: &Given, wanted: &Wanted) -> anyhow::Result<Self> {
        say("Servers");
        let (database, owner, admin, postgres) = if let Some(database) = &given.database {
            note("postgres: the one that DATABASE_URL gives");
            let admin = given.admin.as_ref().unwrap_or(database);
            (database.clone(), admin.clone(), admin.clone(), PostgresPrograms::find(None))
        } else {
            let programs = place.start_postgres(wanted)?;
            let [database, owner, admin] =
                [Role::Instances, Role::Owner, Role::Admin].map(|role| place.postgres_url(role));
            let (database, owner, admin) = (database?, owner?, admin?);
            (database, owner, admin, Some(programs))
        };
        let (redis, redis_server) = if let Some(redis) = &given.redis {
            note("redis: the one that REDIS_URL gives");
            (redis.clone(), place.find_redis())
        } else {
            let server = place.start_redis()?;
            (place.redis_url()?, Some(server))
        };
        Ok(Self { database, owner, admin, redis, redis_server, postgres })
    }

    /// So that a shell that has read `.dev/env` does not take them for given ones.
    pub fn remember_own(&self, place: &Place, given: &Given) -> anyhow::Result<()> {
        let file = place.dev("own-urls");
        let mut known = fs::read_to_string(&file).unwrap_or_default();
        let ours = [
            given.database.is_none().then_some(&self.database),
            given.database.is_none().then_some(&self.admin),
            given.redis.is_none().then_some(&self.redis),
        ];
        for url in ours.into_iter().flatten() {
            if !known.lines().any(|line| line == url) {
                known.push_str(url);
                known.push('\n');
            }
        }
        write_private(&file, &known)
    }
}

/// The same server with another database.
pub fn with_database(url: &str, name: &str) -> String {
    let (base, query) =
        url.split_once('?').map_or((url, String::new()), |(base, query)| (base, format!("?{query}")));
    let server = base.rsplit_once('/').map_or(base, |(server, _)| server);
    format!("{server}/{name}{query}")
}

/// Whom a URL signs in as.
pub fn login_of(url: &str) -> &str {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest).split('/').next().unwrap_or_default();
    let user = authority.rsplit_once('@').map_or(authority, |(user, _)| user);
    user.split(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_its_login() {
        assert_eq!(login_of("postgres://ana:s@127.0.0.1:5432/signoff"), "ana");
        assert_eq!(login_of("postgres://ana@127.0.0.1/signoff?x=y"), "ana");
    }

    #[test]
    fn a_database_is_exchanged() {
        assert_eq!(with_database("postgres://a:b@h:1/signoff", "other"), "postgres://a:b@h:1/other");
        assert_eq!(with_database("postgres://h/signoff?sslmode=x", "other"), "postgres://h/other?sslmode=x");
    }
}
