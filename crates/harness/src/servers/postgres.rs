//! A Postgres of a place's own, as an unprivileged child. Knows nothing of Signoff's tables.

use std::{
    fs,
    io::Write,
    os::unix::fs::DirBuilderExt,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use rustix::process::Signal;

use super::home::Home;
use crate::{
    interrupt,
    place::{Place, Wish, read, remove, secret, size, write_private},
    process::{birth, detach, in_own_session, output, succeeds},
    say::note,
    tools::PostgresPrograms,
};

/// How a cluster is to be.
pub struct Wanted {
    pub connections: u32,
    /// Whether its owner may make databases: tests do.
    pub createdb: bool,
    /// Its data need not last: it is in memory where there is room, for each test makes a database and drops it, which is
    /// a thousand files. And passwords are md5, on loopback: with SCRAM each connection hashes them 4,096 times, in code
    /// that tests have unoptimized.
    pub throwaway: bool,
    /// Counts what statements take, where it can; nothing until it is told to.
    pub count_statements: bool,
}

impl Wanted {
    pub fn with(connections: u32) -> Self {
        Self { connections, createdb: false, throwaway: false, count_statements: false }
    }
}

/// Who signs in.
#[derive(Clone, Copy)]
pub enum Role {
    /// The superuser.
    Admin,
    /// Has the tables.
    Owner,
    /// Whom instances sign in as. Owns nothing.
    Instances,
}

impl Role {
    const ALL: [Self; 3] = [Self::Admin, Self::Owner, Self::Instances];

    fn name(self) -> &'static str {
        match self {
            Self::Admin => "postgres",
            Self::Owner => "signoff_owner",
            Self::Instances => "signoff",
        }
    }

    fn secret(self) -> &'static str {
        match self {
            Self::Admin => "postgres.admin",
            Self::Owner => "postgres.owner",
            Self::Instances => "postgres.app",
        }
    }
}

/// One with its data, in the versions that belong together.
struct Cluster<'a> {
    place: &'a Place,
    programs: PostgresPrograms,
    home: Home,
}

impl Place {
    fn postgres_secret(&self, role: Role) -> anyhow::Result<String> {
        read(&self.data(role.secret())).context("no Postgres was started here")
    }

    fn make_postgres_secrets(&self) -> anyhow::Result<()> {
        for role in Role::ALL {
            let file = self.data(role.secret());
            if size(&file) == 0 {
                write_private(&file, &secret()?)?;
            }
        }
        Ok(())
    }

    pub fn postgres_url(&self, role: Role) -> anyhow::Result<String> {
        let port = self.port_of("postgres").context("no Postgres was started here")?;
        Ok(format!("postgres://{}:{}@127.0.0.1:{port}/signoff", role.name(), self.postgres_secret(role)?))
    }

    /// Starts it if it does not run, and sees to its roles and its database.
    pub fn start_postgres(&self, wanted: &Wanted) -> anyhow::Result<PostgresPrograms> {
        let major = self.existing_home().and_then(|home| read(&home.join("pg/PG_VERSION"))?.parse().ok());
        // First: the package brings the user that it is to run as.
        let programs = self.need_postgres(major)?;
        let cluster = Cluster { place: self, programs, home: self.home(wanted.throwaway)? };
        self.make_postgres_secrets()?;
        if let Some(pid) = cluster.find_running()? {
            let port = self.port_of("postgres").unwrap_or_default();
            note(format_args!("postgres already runs (pid {pid}, port {port})"));
        } else {
            cluster.init(wanted)?;
            let (pid, port) = cluster.launch_patiently(wanted)?;
            note(format_args!("postgres started (pid {pid}, port {port})"));
        }
        cluster.prepare_database(wanted)?;
        Ok(cluster.programs)
    }

    /// SIGINT is its fast shutdown: sessions are cut, nothing is lost.
    pub fn stop_postgres(&self) -> anyhow::Result<()> {
        self.stop("postgres", Signal::INT, Duration::from_mins(1))
    }
}

/// Whether it takes connections.
pub fn answers(programs: &PostgresPrograms, port: u16) -> bool {
    let mut ask = Command::new(programs.program("pg_isready"));
    ask.args([
        "-q",
        "-h",
        "127.0.0.1",
        "-p",
        &port.to_string(),
        "-U",
        "postgres",
        "-d",
        "postgres",
        "-t",
        "2",
    ]);
    succeeds(&mut ask)
}

impl Cluster<'_> {
    /// Made beside its place and moved there, so that half a cluster is never used.
    fn init(&self, wanted: &Wanted) -> anyhow::Result<()> {
        let (pg, new, secret) =
            (self.home.cluster(), self.home.path.join("new"), self.home.path.join("secret"));
        if pg.is_dir() {
            return Ok(());
        }
        remove(&new)?;
        fs::DirBuilder::new().mode(0o700).create(&new)?;
        self.home.user.give(&new)?;
        write_private(&secret, &self.place.postgres_secret(Role::Admin)?)?;
        self.home.user.give(&secret)?;
        let log = self.place.log("initdb.log");
        let said = fs::File::create(&log)?;
        let mut init = Command::new(self.programs.program("initdb"));
        init.arg("-D").arg(&new).arg("-U").arg("postgres");
        init.arg(format!("--pwfile={}", secret.display()));
        init.arg(format!("--auth={}", if wanted.throwaway { "md5" } else { "scram-sha-256" }));
        init.args(["--encoding=UTF8", &format!("--locale={}", locale())]);
        init.current_dir("/").stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said);
        if !self.home.user.run(&mut init).status()?.success() {
            self.place.show_log(&log, 0);
            bail!("initdb failed");
        }
        remove(&secret)?;
        let mut config = fs::File::options().append(true).open(new.join("postgresql.conf"))?;
        config.write_all(b"include 'signoff.conf'\n")?;
        Ok(fs::rename(new, pg)?)
    }

    /// A file rather than flags: who restarts this Postgres keeps the settings.
    fn configure(&self, port: u16, wanted: &Wanted) -> anyhow::Result<()> {
        let counting = if wanted.count_statements && self.can_count() {
            "shared_preload_libraries = 'pg_stat_statements'\npg_stat_statements.track = none\n"
        } else {
            ""
        };
        let file = self.home.cluster().join("signoff.conf");
        let connections = wanted.connections;
        fs::write(
            &file,
            format!(
                "listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = {connections}
shared_buffers = 256MB
fsync = on
synchronous_commit = on
full_page_writes = on
timezone = 'UTC'
log_timezone = 'UTC'
# A connection that comes while its database is dropped waits for the drop, and
# the drop for it: until this is over.
authentication_timeout = 10s
log_line_prefix = '%m [%p] %q%u@%d '
log_checkpoints = off
{counting}"
            ),
        )?;
        self.home.user.give(&file)
    }

    fn can_count(&self) -> bool {
        output(Command::new(self.programs.program("pg_config")).arg("--pkglibdir"))
            .is_some_and(|place| Path::new(&place).join("pg_stat_statements.so").exists())
    }

    /// The pid of a postmaster that serves our data, no matter who started it. After a reboot the pid in the file may be
    /// another Postgres, which would keep ours from starting: then the file is removed.
    fn postmaster(&self) -> anyhow::Result<Option<u32>> {
        let file = self.home.cluster().join("postmaster.pid");
        let first = read(&file).and_then(|text| text.lines().next()?.parse().ok());
        let Some(pid) = first.filter(|pid| birth(*pid).is_some()) else { return Ok(None) };
        let process = Path::new("/proc").join(pid.to_string());
        let ours = if process.is_dir() {
            fs::read_link(process.join("cwd")).is_ok_and(|it| it == self.home.cluster())
        } else {
            output(Command::new("ps").args(["-o", "command=", "-p", &pid.to_string()]))
                .is_some_and(|it| it.contains(&self.home.cluster().display().to_string()))
        };
        if ours {
            return Ok(Some(pid));
        }
        remove(&file)?;
        Ok(None)
    }

    fn find_running(&self) -> anyhow::Result<Option<u32>> {
        if let Some(pid) = self.place.running("postgres") {
            return Ok(Some(pid));
        }
        let Some(pid) = self.postmaster()? else { return Ok(None) };
        let port = read(&self.home.cluster().join("postmaster.pid"))
            .and_then(|text| text.lines().nth(3)?.parse().ok())
            .context("postmaster.pid has no port")?;
        self.place.set_port("postgres", port)?;
        self.place.remember("postgres", pid)?;
        Ok(Some(pid))
    }

    /// A killed postmaster's children need some seconds to notice; until then the shared memory is in use and a new
    /// postmaster refuses to start.
    fn launch_patiently(&self, wanted: &Wanted) -> anyhow::Result<(u32, u16)> {
        let log = self.place.log("postgres.log");
        let offset = size(&log);
        for _ in 0..10 {
            if let Some(launched) = self.launch(wanted)? {
                return Ok(launched);
            }
            thread::sleep(Duration::from_secs(1));
            interrupt::check()?;
        }
        self.place.show_log(&log, offset);
        bail!("Postgres does not start");
    }

    /// One attempt; nothing if the process ended. A kill -9 leaves work to recover, which may take a while.
    fn launch(&self, wanted: &Wanted) -> anyhow::Result<Option<(u32, u16)>> {
        let port = self.place.claim_port("postgres", Wish::Any)?;
        self.configure(port, wanted)?;
        let mut command = Command::new(self.programs.program("postgres"));
        command.arg("-D").arg(self.home.cluster()).current_dir("/");
        let mut command = in_own_session(&command);
        self.home.user.run(&mut command);
        let started = detach(command, &self.place.log("postgres.log"))?;
        // At once, so that it can be stopped whatever comes; what serves may have another pid.
        self.place.remember("postgres", started)?;
        let until = Instant::now() + Duration::from_mins(2);
        while birth(started).is_some() {
            if answers(&self.programs, port)
                && let Some(pid) = self.postmaster()?
            {
                self.place.remember("postgres", pid)?;
                return Ok(Some((pid, port)));
            }
            if Instant::now() > until {
                bail!("Postgres does not accept connections after 120 s");
            }
            interrupt::pause()?;
        }
        Ok(None)
    }

    /// Repeated at each start: an earlier run may have been interrupted before it, and in older ones the instances' login
    /// owned everything.
    fn prepare_database(&self, wanted: &Wanted) -> anyhow::Result<()> {
        let createdb = if wanted.createdb { "CREATEDB" } else { "" };
        let owner = self.place.postgres_secret(Role::Owner)?;
        let app = self.place.postgres_secret(Role::Instances)?;
        let sql = format!(
            r"SELECT 'CREATE ROLE ' || name FROM unnest(ARRAY['signoff', 'signoff_owner']) AS name
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE signoff_owner LOGIN NOSUPERUSER CREATEROLE {createdb} PASSWORD '{owner}';
ALTER ROLE signoff LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD '{app}';
SELECT 'CREATE DATABASE signoff OWNER signoff_owner'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'signoff') \gexec
ALTER DATABASE signoff OWNER TO signoff_owner;
\connect signoff
REASSIGN OWNED BY signoff TO signoff_owner;
"
        );
        let mut psql = Command::new(self.programs.program("psql"));
        let port = self.place.port_of("postgres").context("no Postgres was started here")?;
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", &port.to_string()]);
        psql.args(["-U", "postgres", "-d", "postgres"]);
        psql.env("PGCONNECT_TIMEOUT", "10").env("PGPASSWORD", self.place.postgres_secret(Role::Admin)?);
        let mut child = psql.stdin(Stdio::piped()).spawn()?;
        let written = child.stdin.take().context("psql has no standard input")?.write_all(sql.as_bytes());
        // Where it ended early, it has said why.
        if !child.wait()?.success() || written.is_err() {
            bail!("could not prepare the database");
        }
        Ok(())
    }
}

/// Upper and lower case of all of Unicode, sorted by code point, where the system offers that.
fn locale() -> &'static str {
    let known = output(Command::new("locale").arg("-a")).unwrap_or_default();
    let wanted = ["C.UTF-8", "C.utf8", "en_US.UTF-8", "en_US.utf8"];
    wanted.into_iter().find(|name| known.lines().any(|line| line == *name)).unwrap_or("C")
}
