//! Presses in Slack, as far as the database knows them: whether a request came before, which card was pressed, and which
//! person has the account.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use sqlx::PgConnection;

use super::{
    Slack,
    installation::{Installation, Whose},
    modal::{About, Place},
};
use crate::{
    domain::{
        credential::Origin,
        ids::{PrincipalId, WorkspaceId},
        redaction::Redactor,
        slack::Account,
    },
    notify::Redactions,
    store::{
        self, audit, principals,
        slack::{self as stored, Posted},
        slack_installations,
    },
};

/// The longest time that noting a request may take.
const NOTE: Duration = Duration::from_secs(1);
/// The longest time that a look may take. Slack waits three seconds for all of it.
const LOOK: Duration = Duration::from_millis(1_500);

/// A card that was pressed.
pub struct Pressed {
    pub card: Posted,
    /// The app that posted the card and signed the press.
    pub app: Installation,
    /// The person who has the account, if one has.
    pub holder: Option<PrincipalId>,
    /// Takes out what the card's workspace doesn't show.
    pub redactor: Arc<Redactor>,
}

/// The workspaces that have an app of their own among these.
pub fn workspaces(apps: &[Installation]) -> impl Iterator<Item = WorkspaceId> {
    apps.iter().filter_map(|app| match &app.whose {
        Whose::Service => None,
        Whose::Workspace { workspace, .. } => Some(*workspace),
    })
}

impl Slack {
    /// Notes a request that these apps have signed. Whether it is fresh and comes for the first time.
    pub async fn is_first(
        &self,
        apps: &[Installation],
        hash: &[u8; 32],
        made_at: i64,
    ) -> Result<bool, store::Error> {
        let take = async |conn: &mut PgConnection| stored::take(conn, hash, made_at).await;
        self.run(apps, NOTE, take).await
    }

    /// Lets a request come again.
    pub async fn give_back(&self, apps: &[Installation], hash: &[u8; 32]) -> Result<(), store::Error> {
        self.run(apps, NOTE, async |conn: &mut PgConnection| stored::give_back(conn, hash).await).await
    }

    /// Looks for a card that one of these apps has posted, and for the person who has the account in the card's
    /// workspace.
    pub async fn pressed(
        &self,
        redactions: &Redactions,
        apps: &[Installation],
        (about, place): (&About, &Place),
        account: &Account,
    ) -> Result<Option<Pressed>, store::Error> {
        let looking = async |conn: &mut PgConnection| {
            let what = (about.approval, about.level);
            let posted = stored::posted(&mut *conn, what, &place.channel, &place.ts).await?;
            let Some(card) = posted else { return Ok(None) };
            if let Some(home) = self.home() {
                home.find(&mut *conn).await?;
            }
            let Some(app) = apps.iter().find(|app| self.has_posted(app, &card)).cloned() else {
                return Ok(None);
            };
            // The secret of an app that was replaced or removed counts for nothing from that moment on.
            if let Whose::Workspace { workspace, revision, .. } = &app.whose {
                let now = slack_installations::revisions_of(&mut *conn, &[*workspace]).await?;
                if now.get(workspace) != Some(revision) {
                    return Ok(None);
                }
            }
            let holder = stored::holder(&mut *conn, card.workspace, account).await?;
            let redactors = redactions.of(conn, [card.workspace].into()).await?;
            let redactor = redactors.into_values().next();
            Ok(redactor.map(|redactor| Pressed { card, app, holder, redactor }))
        };
        self.run(apps, LOOK, looking).await
    }

    /// Whether this app posted the card. A press counts only for cards of the app's own workspace.
    fn has_posted(&self, app: &Installation, card: &Posted) -> bool {
        match &app.whose {
            Whose::Service => {
                let may_be = card.app.is_none() || card.may_be_services;
                may_be && self.home().is_some_and(|home| home.is_of(card.workspace))
            }
            Whose::Workspace { workspace, app, .. } => {
                *workspace == card.workspace && card.app.as_deref() == Some(app)
            }
        }
    }

    /// Binds an account to the one person who has this address. `None`: there is no such person, there are several, or
    /// the person has another account already.
    pub async fn bind_by_address(
        &self,
        workspace: WorkspaceId,
        account: &Account,
        email: &str,
        origin: &Origin,
    ) -> Result<Option<PrincipalId>, store::Error> {
        let bind = async |conn: &mut PgConnection| {
            let found = stored::with_address(&mut *conn, workspace, email).await?;
            let &[person] = found.as_slice() else { return Ok(None) };
            if !stored::accounts(&mut *conn, workspace, &[person]).await?.is_empty()
                || !stored::bind(&mut *conn, workspace, person, Some(account), stored::By::Email).await?
            {
                return Ok(None);
            }
            record(conn, workspace, person, account, origin).await?;
            Ok(Some(person))
        };
        self.database.tenant.within(workspace, LOOK, bind).await
    }

    /// Does `work` within `limit`, on a connection for notifications. Where workspaces' own apps have signed a request, it
    /// takes no more of the connections than a workspace's share.
    async fn run<T>(
        &self,
        apps: &[Installation],
        limit: Duration,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, store::Error>,
    ) -> Result<T, store::Error> {
        let pool = &self.database.notify;
        match workspaces(apps).next() {
            Some(workspace) => pool.shared(workspace, limit, work).await,
            None => pool.run(limit, work).await,
        }
    }
}

async fn record(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    person: PrincipalId,
    account: &Account,
    origin: &Origin,
) -> Result<(), store::Error> {
    let who = principals::Who::Id(person);
    let Some(person) = principals::get(&mut *conn, workspace, who).await? else { return Ok(()) };
    let entry = audit::Entry {
        workspace,
        action: "principal.slack_bound",
        subject: Some(&person.name),
        run: None,
        actor: None,
        via: "sign_in",
        origin,
        before: None,
        after: Some(json!({ "slack": account.to_string() })),
        detail: json!({ "by": "email" }),
    };
    audit::append(conn, entry).await
}
