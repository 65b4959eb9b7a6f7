//! An issuer that others wrote: npm's oidc-provider, as a process of its own (tests/oidc/provider.mjs).

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use super::{Setup, client, forge::AUDIENCE, variable};

/// Ends with the test.
pub struct Provider {
    child: Child,
    pub url: String,
}

impl Provider {
    pub async fn start(environment: &[(&str, &str)]) -> Self {
        let directory = variable("SIGNOFF_OIDC_PROVIDER");
        let program = Path::new(&directory).join("provider.mjs");
        let shown = program.display();
        assert!(program.exists(), "{shown} is missing; run the tests by ./dev test, which installs it");
        let mut command = Command::new("node");
        command.arg(program).envs(environment.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("node runs");
        let stdout = child.stdout.take().unwrap();
        let first = tokio::task::spawn_blocking(move || BufReader::new(stdout).lines().next());
        let url = first.await.unwrap().expect("oidc-provider starts").unwrap();
        Self { child, url }
    }

    /// How instances are told to trust it.
    pub fn setup(&self, flags: &[(&'static str, &str)]) -> Setup {
        let mut all = vec![
            ("oidc.issuer", self.url.clone()),
            ("oidc.audience", AUDIENCE.to_owned()),
            ("oidc.audience_parameter", "resource".to_owned()),
            ("oidc.workspace", "acme".to_owned()),
            ("oidc.client_id", "web".to_owned()),
            ("oidc.client_secret", "web secret: 100%".to_owned()),
            ("oidc.cli_client_id", "cli".to_owned()),
        ];
        all.extend(flags.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Setup { instances: 1, flags: all, ..Setup::default() }
    }

    /// `POST /test/…` of the program.
    pub async fn tell(&self, what: &str, body: &Value) {
        let url = format!("{}/test/{what}", self.url);
        let told = client::http().post(url).json(body).send().await.unwrap();
        assert_eq!(told.status(), 204);
    }

    /// A token of a client that speaks for itself.
    pub async fn robots_token(&self) -> String {
        let form = [("grant_type", "client_credentials"), ("resource", AUDIENCE)];
        let request = client::http().post(format!("{}/token", self.url)).form(&form);
        let answer = request.basic_auth("robot", Some("robot secret")).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
