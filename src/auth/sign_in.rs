//! Signing in with a browser at the issuer: begun here, continued there, finished here, once, in the same browser.

use std::time::Duration;

use reqwest::Url;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use subtle::ConstantTimeEq;

use super::{
    Rejection,
    authenticator::{Authenticator, LOOK_UP, unavailable},
    newcomer,
    secret::Secret,
    sessions::{Opened, Opener},
};
use crate::{
    domain::credential::Origin,
    oidc::{Authorization, CodeError, Issuer},
    store::sign_ins::{self, SignIn},
};

/// How long a person may take at the issuer.
const PATIENCE: Duration = Duration::from_mins(10);
/// Longest code that is passed on, in bytes.
const LONGEST_CODE: usize = 4096;

/// What the issuer sent a browser back with.
pub struct Return<'a> {
    pub state: &'a str,
    /// A code, or why there is none.
    pub code: Result<&'a str, &'a str>,
    pub iss: Option<&'a str>,
    /// From the cookie that was set when it began.
    pub browser: Option<Secret>,
    /// The session that the browser has, if any.
    pub before: Option<Secret>,
    pub redirect_url: &'a str,
}

impl Authenticator {
    /// Whether people can sign in at an issuer with their browsers.
    pub fn can_sign_in(&self) -> bool {
        self.signs_in_at().is_ok()
    }

    pub fn issuer(&self) -> Option<&Issuer> {
        self.issuer.as_ref()
    }

    fn signs_in_at(&self) -> Result<&Issuer, Rejection> {
        self.issuer.as_ref().filter(|issuer| !issuer.config().client_id.is_empty()).ok_or_else(|| {
            Rejection::Refused("signing in at an issuer is not configured here (oidc.client_id)".to_owned())
        })
    }

    /// What the issuer said, or a complaint.
    fn heard<T>(&self, said: Result<T, impl Into<Rejection>>) -> Result<T, Rejection> {
        said.map_err(Into::into).inspect_err(|rejection| self.complain_of(rejection))
    }

    /// Where to send the browser that has the secret `browser`.
    pub async fn begin_sign_in(
        &self,
        browser: &Secret,
        return_to: &str,
        redirect_url: &str,
    ) -> Result<Url, Rejection> {
        let issuer = self.signs_in_at()?;
        let with = Authorization::generate();
        let url = self.heard(issuer.sign_in_url(&with, redirect_url).await)?;
        let hash = Sha256::digest(&with.state).into();
        let sign_in = SignIn {
            browser: browser.hash().to_vec(),
            nonce: with.nonce,
            verifier: with.verifier,
            return_to: return_to.to_owned(),
        };
        let insert = async |conn: &mut PgConnection| sign_ins::insert(conn, &hash, &sign_in, PATIENCE).await;
        self.database.auth.run(LOOK_UP, insert).await.map_err(unavailable)?;
        Ok(url)
    }

    /// Opens a session for the person who came back; answers also where they wanted to go.
    pub async fn finish_sign_in(
        &self,
        back: Return<'_>,
        origin: &Origin,
    ) -> Result<(Opened, String), Rejection> {
        let issuer = self.signs_in_at()?;
        // Used up whatever comes of it: a second try begins anew.
        let hash = Sha256::digest(back.state).into();
        let take = async |conn: &mut PgConnection| sign_ins::take(conn, &hash).await;
        let begun = self.database.auth.run(LOOK_UP, take).await.map_err(unavailable)?;
        let is_same_browser = |begun: &SignIn| {
            back.browser.as_ref().is_some_and(|browser| browser.hash().ct_eq(&begun.browser).into())
        };
        let begun = begun.filter(is_same_browser).ok_or_else(|| {
            refused(
                "this sign-in is too old, was finished before, or was begun in another browser; begin again",
            )
        })?;
        if !self.heard(issuer.answers_as(back.iss).await)? {
            return Err(refused("the answer is from another issuer"));
        }
        let code = back.code.map_err(|error| {
            let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
            refused(format!(
                "the issuer said no: {}",
                error.chars().take(60).filter(plain).collect::<String>()
            ))
        })?;
        if code.len() > LONGEST_CODE {
            return Err(refused("the code is too long"));
        }
        let with = Authorization { state: String::new(), nonce: begun.nonce, verifier: begun.verifier };
        let token = self.heard(issuer.exchange(code, &with, back.redirect_url).await)?;
        let known = newcomer::admit(&self.database.auth, issuer, &token, origin).await?;
        let whose = Opener { workspace: known.workspace, actor: known.actor, key: None };
        let opened = self.open_session(whose, back.before.as_ref(), origin).await?;
        Ok((opened, begun.return_to))
    }
}

fn refused(why: impl Into<String>) -> Rejection {
    Rejection::Refused(why.into())
}

impl From<CodeError> for Rejection {
    fn from(error: CodeError) -> Self {
        match error {
            CodeError::Token(error) => error.into(),
            CodeError::Denied(_) => refused(error.to_string()),
        }
    }
}
