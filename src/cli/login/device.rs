//! The device flow (RFC 8628): the issuer shows a code here, and asks for it in a browser anywhere.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use reqwest::Url;
use serde::Deserialize;

use super::{
    super::output::{say, say_to_copy},
    keyring::{Stored, Token},
    refresh::Tokens,
};
use crate::oidc::{
    Metadata,
    fetch::{Failure, Fetcher},
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Longest that we wait for a person, even if the issuer allows more.
const LONGEST: Duration = Duration::from_mins(30);

/// The issuer that a service trusts, and as whom to go there.
#[derive(Deserialize)]
pub struct Device {
    issuer: String,
    client_id: String,
    scopes: String,
    audience: String,
    audience_parameter: Option<String>,
}

/// What the issuer answers.
#[derive(Deserialize)]
struct Begun {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: Option<String>,
    expires_in: u64,
    #[serde(default = "five")]
    interval: u64,
}

impl Begun {
    /// Where the person confirms the code.
    fn place(&self) -> anyhow::Result<Url> {
        let text = self.verification_uri_complete.as_deref().unwrap_or(&self.verification_uri);
        let url = Url::parse(text)?;
        ensure!(["http", "https"].contains(&url.scheme()), "a browser can't go to {text}");
        Ok(url)
    }
}

fn five() -> u64 {
    5
}

impl Device {
    /// The service alone says where to go and what for. If it is not the one it seems to be, it would be handed a token
    /// for the real one: so a token for another address is only asked for where the caller has said so.
    pub fn check(&self, base: &str, issuer: Option<&str>, audience: Option<&str>) -> anyhow::Result<()> {
        if let Some(issuer) = issuer
            && issuer != self.issuer
        {
            bail!("{base} names another issuer: {}", self.issuer);
        }
        match audience {
            Some(audience) if audience == self.audience => Ok(()),
            Some(_) => bail!("{base} asks for a token for {}, not for that", self.audience),
            None if self.is_for_another(base) => bail!(
                "{base} asks for a token that is good at {0}. If that is the same service: signoff login --audience {0}",
                self.audience
            ),
            None => Ok(()),
        }
    }

    /// Whether the audience is an address, and not this one. What is no address can't be compared.
    fn is_for_another(&self, base: &str) -> bool {
        let origin = |text: &str| Url::parse(text).ok().filter(Url::has_host).map(|url| url.origin());
        origin(&self.audience).is_some_and(|audience| origin(base) != Some(audience))
    }

    /// For the caller to see before they sign in.
    pub fn purpose(&self) -> String {
        format!("{}, for a token that is good at {}", self.issuer, self.audience)
    }

    pub async fn sign_in(self) -> anyhow::Result<Stored> {
        let fetcher = Fetcher::for_commands(&self.issuer)?;
        let metadata = Metadata::discover(&fetcher, &self.issuer)
            .await
            .with_context(|| format!("the issuer {} can't be asked", self.issuer))?;
        let endpoint = metadata.device_authorization_endpoint.as_deref();
        let endpoint = endpoint.with_context(|| format!("{} has no device flow", self.issuer))?;
        let tokens = metadata.token_endpoint.as_deref().context("the issuer has no token endpoint")?;
        let scopes = self.scopes(&metadata);
        let mut form = vec![("client_id", self.client_id.as_str()), ("scope", scopes.as_str())];
        form.extend(self.audience_parameter());
        let begun: Begun =
            fetcher.post(endpoint, &form, None).await.context("the issuer refused to begin")?;
        // Such an address has no blanks, so nothing in it can look like a line of ours.
        let place = begun.place().with_context(|| format!("{} names no address to go to", self.issuer))?;
        say_to_copy(&format!("open {place}"));
        say(&format!("and confirm the code {}", begun.user_code));
        let answer = self.wait(&fetcher, tokens, &begun).await?;
        Ok(Stored::Token(Token {
            issuer: self.issuer,
            client_id: self.client_id,
            expires_at: answer.expires_at(),
            access_token: answer.access_token,
            refresh_token: answer.refresh_token,
        }))
    }

    /// With a token to renew the other with, where the issuer has such.
    fn scopes(&self, metadata: &Metadata) -> String {
        let offline = "offline_access";
        let has = metadata.scopes_supported.iter().any(|scope| scope == offline);
        let asks = self.scopes.split_whitespace().any(|scope| scope == offline);
        if has && !asks { format!("{} {offline}", self.scopes) } else { self.scopes.clone() }
    }

    fn audience_parameter(&self) -> Option<(&str, &str)> {
        let name = self.audience_parameter.as_deref()?;
        ["resource", "audience"].contains(&name).then_some((name, self.audience.as_str()))
    }

    /// Asks until the person has decided, as often as the issuer lets us.
    async fn wait(&self, fetcher: &Fetcher, endpoint: &str, begun: &Begun) -> anyhow::Result<Tokens> {
        let mut form = vec![
            ("grant_type", GRANT),
            ("device_code", begun.device_code.as_str()),
            ("client_id", self.client_id.as_str()),
        ];
        form.extend(self.audience_parameter());
        let mut interval = Duration::from_secs(begun.interval.clamp(1, 60));
        let asking = async {
            loop {
                tokio::time::sleep(interval).await;
                match fetcher.post(endpoint, &form, None).await {
                    Ok(tokens) => return Ok(tokens),
                    Err(Failure::Denied(denial)) => match denial.error.as_str() {
                        "authorization_pending" => {}
                        "slow_down" => interval += Duration::from_secs(5),
                        "access_denied" => bail!("it was refused there"),
                        "expired_token" => bail!("nobody confirmed the code in time"),
                        _ => return Err(denial).context("the issuer refused"),
                    },
                    // It may be a moment's trouble; the code is good for minutes.
                    Err(Failure::Trouble(why)) => {
                        tracing::debug!(why, "the issuer is in trouble");
                        interval += Duration::from_secs(1);
                    }
                }
            }
        };
        let patience = Duration::from_secs(begun.expires_in).min(LONGEST);
        tokio::time::timeout(patience, asking).await.context("nobody confirmed the code in time")?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(uri: &str) -> anyhow::Result<String> {
        let begun = serde_json::json!({
            "device_code": "d", "user_code": "u", "verification_uri": uri, "expires_in": 600,
        });
        Ok(serde_json::from_value::<Begun>(begun).unwrap().place()?.to_string())
    }

    #[test]
    fn an_address_to_go_to_has_no_blanks() {
        let good = "https://id.example.com/device?user_code=WDJB-MJHT";
        assert_eq!(place(good).unwrap(), good);
        assert_eq!(place("https://id.example.com/a b").unwrap(), "https://id.example.com/a%20b");
        for bad in ["", "/device", "javascript:alert( 1 )", "data:text/plain,a b"] {
            assert!(place(bad).is_err(), "{bad}");
        }
    }
}
