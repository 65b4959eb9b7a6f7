//! `signoff login`: what is kept, where, and what it is good for.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use serde_json::Value;

use crate::support::{
    Cluster, Setup, between::Between, browser::Browser, command::Running, forge::AUDIENCE, process::signoff,
    provider::Provider, unique,
};

/// A home of its own. Goes when the test is over.
struct Home(PathBuf);

impl Home {
    fn new() -> Self {
        let path = std::env::temp_dir().join(unique("home"));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("signoff/credentials.toml")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap_or_default()
    }

    fn environment<'a>(&'a self, url: &'a str) -> [(&'a str, &'a str); 2] {
        [("XDG_CONFIG_HOME", self.0.to_str().unwrap()), ("SIGNOFF_URL", url)]
    }

    /// For nobody else to read.
    fn write(&self, text: &str) {
        std::fs::create_dir_all(self.file().parent().unwrap()).unwrap();
        std::fs::write(self.file(), text).unwrap();
        std::fs::set_permissions(self.file(), std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    async fn run(&self, url: &str, arguments: &[&str]) -> (i32, String, String) {
        told(signoff(arguments, &self.environment(url)).await)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // What is left is in the system's place for temporary things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn told(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_kept_for_nobody_else_to_read() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let (url, key, home) = (cluster.instances[0].url.as_str(), cluster.member("ana").await, Home::new());
    let (code, _, said) = home.run(url, &["whoami"]).await;
    assert!(code == 14 && said.contains("signoff login"), "{said}");
    // There is no issuer here.
    let (code, _, said) = home.run(url, &["login"]).await;
    assert!(code == 14 && said.contains("--key"), "{said}");
    let login = async |key: &str| {
        let mut running = Running::start(&["login", "--key"], &home.environment(url));
        drop(running.write(key));
        running.end().await
    };
    for bad in ["", "no key", "so_abcdefghijkl_0123456789abcdef0123456789"] {
        let (code, _, said) = login(bad).await;
        assert!(code != 0 && !home.file().exists(), "{said:?}");
    }
    let (code, out, said) = login(&format!("{key}\n")).await;
    assert_eq!(code, 0, "{said:?}");
    assert!(said.join("").contains("ana in acme"), "{said:?}");
    assert!(!format!("{out:?}{said:?}").contains(&key));
    assert_eq!((mode(&home.file()), mode(home.file().parent().unwrap())), (0o600, 0o700));
    let (code, out, _) = home.run(url, &["whoami"]).await;
    assert!(code == 0 && out.contains("ana in acme") && out.contains("approval:approve"), "{out}");
    assert_eq!(home.run(url, &["pending"]).await.0, 0);
    // Only there, and not where a key is given.
    assert_eq!(home.run("http://localhost:9", &["pending"]).await.0, 14);
    let mut environment = home.environment(url).to_vec();
    environment.push(("SIGNOFF_API_KEY", "so_abcdefghijkl_0123456789abcdef0123456789"));
    assert_eq!(told(signoff(&["pending"], &environment).await).0, 12);
    // A file that others can read is not used.
    std::fs::set_permissions(home.file(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let (code, _, said) = home.run(url, &["pending"]).await;
    assert!(code == 14 && said.contains("chmod 600") && !said.contains(&key), "{said}");
    std::fs::set_permissions(home.file(), std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(home.run(url, &["logout"]).await.0, 0);
    assert!(!home.text().contains(&key));
    assert_eq!(home.run(url, &["pending"]).await.0, 14);
    // One that was broken by hand doesn't show what is in it.
    std::fs::write(home.file(), format!("key = {key}")).unwrap();
    let (code, _, said) = home.run(url, &["pending"]).await;
    assert!(code == 14 && !said.contains(&key), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_from_a_terminal_by_their_browsers() {
    // Tokens that are as good as run out: each command renews them.
    let provider = Provider::start(&[("ACCESS_TOKEN_SECONDS", "30")]).await;
    let cluster = Cluster::with(provider.setup(&[])).await;
    cluster.member("agent").await;
    let (url, home) = (cluster.instances[0].url.as_str(), Home::new());
    // A service that asks for a token for somebody else gets none, unless that is meant.
    let (code, _, said) = home.run(url, &["login"]).await;
    assert!(code != 0 && said.contains(&format!("login --audience {AUDIENCE}")), "{said}");
    for arguments in [["login", "--audience", "other"], ["login", "--issuer", "https://other.example"]] {
        let (code, _, said) = home.run(url, &arguments).await;
        assert!(code != 0 && !said.contains("open http"), "{said}");
    }
    let (code, _, said) = home.run("http://192.0.2.1", &["login"]).await;
    assert!(code != 0 && said.contains("--insecure"), "{said}");
    // Where nothing can be kept, nothing is asked of the person.
    for unwritable in [&home.0.join("file/signoff"), &home.0.join("left")] {
        std::fs::create_dir_all(home.0.join("left/signoff/credentials.new")).unwrap();
        std::fs::write(home.0.join("file"), "").unwrap();
        let place = [("XDG_CONFIG_HOME", unwritable.to_str().unwrap()), ("SIGNOFF_URL", url)];
        for arguments in [&["login", "--audience", AUDIENCE][..], &["login", "--key"]] {
            let (code, _, said) = told(signoff(arguments, &place).await);
            assert!(code == 14 && said.contains(unwritable.to_str().unwrap()), "{said}");
            assert!(!said.contains("open http") && !said.contains("API key"), "{said}");
        }
    }
    let mut login = Running::start(&["login", "--audience", AUDIENCE], &home.environment(url));
    let place = login.stderr.until("open http").await;
    let place = place.trim_start_matches("open ").trim().to_owned();
    let browser = Browser::new();
    let page = browser.sign_in_at_issuer(&place.parse().unwrap(), "ana", "nowhere").await.unwrap_err();
    assert_eq!(page.status, 200, "{page:#?}");
    let (code, _, said) = login.end().await;
    assert_eq!(code, 0, "{said:?}");
    assert!(said.join("").contains("ana in acme (token)"), "{said:?}");
    let kept = home.text();
    assert!(kept.contains("refresh_token") && !format!("{said:?}").contains("eyJ"), "{said:?}");
    let (code, out, said) = home.run(url, &["whoami", "--json"]).await;
    assert_eq!(code, 0, "{said}");
    let who: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(who["principal"]["name"], "ana");
    let renewed = home.text();
    assert_ne!(renewed, kept, "it was renewed");
    assert_eq!(mode(&home.file()), 0o600);
    // Many at once take turns: a refresh token that is used twice would end them all.
    let many = (0..4).map(|_| home.run(url, &["pending"]));
    for (code, _, said) in futures_util::future::join_all(many).await {
        assert_eq!(code, 0, "{said}");
    }
    // A socket that is told to come back with a new credential does; so does one that is not let in any more.
    let between = Between::before(url).await;
    let elsewhere = home.text().replace(url, &between.url);
    let other = Home::new();
    other.write(&elsewhere);
    let mut tail = Running::start(&["tail", "t"], &other.environment(&between.url));
    tail.stderr.until("connected to").await;
    let before = other.text();
    between.close_sockets(4401, "the credential has expired");
    tail.stderr.until("coming back with a new one").await;
    tail.stderr.until("nothing missed").await;
    assert_ne!(other.text(), before, "the token is another one");
    drop(tail);
    home.write(&other.text().replace(&between.url, url));
    // With the issuer away, what is left of the token is enough. Without any left, that is trouble: nobody has signed
    // anybody out.
    let kept = home.text();
    let away = kept.replace(&provider.url, "http://127.0.0.1:9");
    home.write(&away);
    let (code, _, said) = home.run(url, &["pending"]).await;
    assert_eq!(code, 0, "{said}");
    let expiry = kept.lines().find(|line| line.starts_with("expires_at")).unwrap();
    let stale = |text: &str| text.replace(expiry, "expires_at = \"2020-01-01T00:00:00Z\"");
    home.write(&stale(&away));
    let (code, _, said) = home.run(url, &["pending"]).await;
    assert!(code == 13 && said.contains("http://127.0.0.1:9") && !said.contains("signed out"), "{said}");
    assert!(!said.contains("eyJ"));
    let id = cluster.api(0, &cluster.member("agent").await).ask(serde_json::json!({ "run_id": "r" })).await;
    let mut wait = Running::start(&["wait", &id], &home.environment(url));
    let mut tail = Running::start(&["tail", "t"], &home.environment(url));
    wait.stderr.until("trying again").await;
    tail.stderr.until("trying again").await;
    home.write(&stale(&kept));
    tail.stderr.until("connected to").await;
    wait.stderr.until("it answers again").await;
    cluster.api(0, &cluster.member("bo").await).approve(&id).await.expect(200);
    assert_eq!(wait.end().await.0, 0);
    drop(tail);
    // An issuer that says no has signed one out.
    let refresh = home.text();
    let refresh = refresh.lines().find(|line| line.starts_with("refresh_token")).unwrap();
    home.write(&stale(&kept).replace(
        kept.lines().find(|line| line.starts_with("refresh_token")).unwrap(),
        "refresh_token = \"none\"",
    ));
    let (code, _, said) = home.run(url, &["pending"]).await;
    assert!(code == 12 && said.contains("signoff login") && !said.contains(refresh), "{said}");
    tokio::time::timeout(Duration::from_secs(5), home.run(url, &["logout"])).await.unwrap();
    assert!(!home.text().contains("refresh_token"));
}
