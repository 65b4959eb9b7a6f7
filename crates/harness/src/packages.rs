//! Installs programs that are missing, on Debian and Ubuntu. No service of a package is started or changed.

use std::{
    fs::File,
    io::IsTerminal,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::bail;

use crate::{
    place::{Place, size},
    process::{find, succeeds},
    say::say,
};

/// A service that a package brings asks this program whether it may start; 101 is no.
const POLICY: &str = "/usr/sbin/policy-rc.d";
/// Where Debian's package of Postgres reads whether to make a cluster.
const NO_CLUSTER: &str = "/etc/postgresql-common/createcluster.d/signoff-dev.conf";

/// How to become root: not at all, or by sudo, which asks for a password only where one can be typed.
fn as_root(program: &str) -> Option<Command> {
    if rustix::process::getuid().is_root() {
        return Some(Command::new(program));
    }
    find("sudo")?;
    if !succeeds(Command::new("sudo").args(["-n", "true"])) && !std::io::stdin().is_terminal() {
        return None;
    }
    let mut command = Command::new("sudo");
    command.arg(program);
    Some(command)
}

fn root(script: &str, arguments: &[&str], log: &Path) -> bool {
    let run = || {
        let mut command = as_root("sh")?;
        let log = File::options().create(true).append(true).open(log).ok()?;
        command.args(["-c", script, "sh"]).args(arguments);
        command.stdin(Stdio::inherit()).stdout(log.try_clone().ok()?).stderr(log);
        command.status().ok()
    };
    run().is_some_and(|status| status.success())
}

/// The policy stands only while packages are installed. One that is there already is left alone. The package lists may
/// be missing, as in containers, or out of date.
const INSTALL: &str = r#"
policy=$1 cluster=$2
shift 2
made=
trap 'rm -f "$cluster" $made' EXIT
trap 'exit 130' INT TERM
if [ ! -e "$policy" ]; then
  made=$policy
  printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
fi
mkdir -p "${cluster%/*}" && echo 'create_main_cluster = false' >"$cluster"
export DEBIAN_FRONTEND=noninteractive
quietly() { apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@"; }
quietly install --no-install-recommends "$@" || { quietly update && quietly install --no-install-recommends "$@"; }
"#;

impl Place {
    /// Installs packages; what apt-get said is shown only if it fails. Whether it did.
    pub fn install(&self, what: &str, packages: &[&str]) -> bool {
        if find("apt-get").is_none() || as_root("true").is_none() {
            return false;
        }
        say(format_args!(
            "Installing {what} ({} by apt-get; its services are not started) …",
            packages.join(" ")
        ));
        let log = self.log("apt.log");
        let offset = size(&log);
        let installed = root(INSTALL, &[&[POLICY, NO_CLUSTER], packages].concat(), &log);
        if !installed {
            self.show_log(&log, offset);
        }
        installed
    }

    /// The policy keeps a new service from starting now, this one from starting at the next boot.
    pub fn disable_service(&self, name: &str) {
        if find("systemctl").is_some() {
            root("systemctl disable --quiet \"$1\" || true", &[name], &self.log("apt.log"));
        }
    }

    /// Sees to it that a program is there.
    pub fn need(&self, program: &str, package: &str) -> anyhow::Result<()> {
        let there = find(program).is_some() || self.install(program, &[package]) && find(program).is_some();
        if !there {
            bail!("{program} is missing; install it (Debian's package: {package})");
        }
        Ok(())
    }
}
