//! What `up --with-notify` adds: maildev, which catches mail, and echo.mjs, which plays Slack and a receiver of webhooks.
//! Both listen on loopback alone, and keep what they get in memory.

use std::{process::Command, time::Duration};

use anyhow::bail;
use rustix::process::Signal;

use crate::{
    instances::await_page,
    node::Npm,
    place::{Place, Wish, remove},
    process::{detach, in_own_session, program},
    program::Signoff,
    say::{note, say},
};

/// Of no use to anyone: it signs what the echo sends to instances of this machine.
const SECRET: &str = "echo-signs-with-this";

pub const BOTH: [&str; 2] = ["maildev", "echo"];

impl Place {
    pub fn with_notify(&self) -> bool {
        self.run("notify").exists()
    }

    pub fn local_url(&self, name: &str) -> String {
        format!("http://127.0.0.1:{}", self.port_of(name).unwrap_or_default())
    }

    pub fn start_notify(&self) -> anyhow::Result<()> {
        if !self.with_notify() {
            return Ok(());
        }
        say("Mail and echo");
        self.need_node()?;
        let directory = self.dev("notify");
        Npm::of(self).install_with_programs(
            &self.root.join("deploy/dev/notify"),
            &directory,
            &["echo.mjs"],
        )?;
        if self.running("instance-1").is_none() {
            self.claim_port("instance-1", Wish::From(8081))?;
        }
        self.start_catcher("maildev", 1080, |page| {
            let smtp = self.claim_port("smtp", Wish::From(1025))?;
            let mut command = program("node");
            command.arg("node_modules/maildev/bin/maildev").args([
                "--ip",
                "127.0.0.1",
                "--web-ip",
                "127.0.0.1",
            ]);
            command.args(["--smtp", &smtp.to_string(), "--web", &page.to_string()]);
            Ok(command)
        })?;
        // It must know where the first instance will be, which is started later.
        self.start_catcher("echo", 3600, |port| {
            let mut command = program("node");
            command.args(["echo.mjs", &port.to_string()]).env("SLACK_SIGNING_SECRET", SECRET);
            command.env("SIGNOFF_URL", self.instance_url(1));
            Ok(command)
        })
    }

    fn start_catcher(
        &self,
        name: &str,
        first: u16,
        command: impl Fn(u16) -> anyhow::Result<Command>,
    ) -> anyhow::Result<()> {
        if let Some(pid) = self.running(name) {
            note(format_args!("{name} already runs (pid {pid}, {})", self.local_url(name)));
            return Ok(());
        }
        let port = self.claim_port(name, Wish::From(first))?;
        let mut command = command(port)?;
        command.current_dir(self.dev("notify"));
        let log = self.log(&format!("{name}.log"));
        let pid = detach(in_own_session(&command), &log)?;
        self.remember(name, pid)?;
        await_page(self, name, port, "/", Duration::from_secs(30), "does not answer", &log)?;
        note(format_args!("{name} started (pid {pid}, {})", self.local_url(name)));
        Ok(())
    }

    /// The settings by which instances use them; none where they are not wanted.
    pub fn notify_settings(&self) -> Vec<(String, String)> {
        if !self.with_notify() {
            return Vec::new();
        }
        let echo = self.local_url("echo");
        let settings = [
            ("SIGNOFF_SMTP_HOST", "127.0.0.1".to_owned()),
            ("SIGNOFF_SMTP_PORT", self.port_of("smtp").unwrap_or_default().to_string()),
            ("SIGNOFF_SMTP_SECURITY", "none".to_owned()),
            ("SIGNOFF_SMTP_FROM", "Signoff <signoff@example.com>".to_owned()),
            ("SIGNOFF_SLACK_BOT_TOKEN", "xoxb-echo".to_owned()),
            ("SIGNOFF_SLACK_SIGNING_SECRET", SECRET.to_owned()),
            ("SIGNOFF_SLACK_CHANNEL", "C0APPROVALS".to_owned()),
            ("SIGNOFF_SLACK_API_URL", format!("{echo}/api/")),
            ("SIGNOFF_SLACK_HOOKS_URL", format!("{echo}/respond/")),
            ("SIGNOFF_WEBHOOKS_URL", format!("{echo}/hook/dev")),
            ("SIGNOFF_WEBHOOKS_SECRET", SECRET.to_owned()),
            // Endpoints that a member makes may be on this machine, too.
            ("SIGNOFF_WEBHOOKS_ALLOWED_NETWORKS", "127.0.0.0/8".to_owned()),
            ("SIGNOFF_WEBHOOKS_ALLOW_HTTP", "true".to_owned()),
        ];
        settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    pub fn stop_notify(&self) -> anyhow::Result<()> {
        for name in BOTH {
            self.stop(name, Signal::TERM, Duration::from_secs(10))?;
        }
        remove(&self.run("notify"))
    }
}

/// ana, who decides, has an address, and an account in Slack: U0ANA in the team that the echo plays.
pub fn introduce_ana(signoff: &Signoff) -> anyhow::Result<()> {
    let told = [
        "principals",
        "set",
        "ana",
        "--workspace",
        "dev",
        "--email",
        "ana@example.com",
        "--slack",
        "T0DEV/U0ANA",
    ];
    if signoff.place.with_notify() && signoff.ask(&told)?.is_none() {
        bail!("could not give ana an address");
    }
    Ok(())
}
