//! What each person was told in the app, looked at now and then while a screen of theirs is open. The router of any
//! instance may have written it, and any instance may have marked it as read: so the table itself is looked at.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use sqlx::PgConnection;

use super::{
    Feeds,
    mailbox::{Mailbox, Standing},
    messages::Topic,
    rounds::{LOOK, next},
};
use crate::{
    domain::ids::{PrincipalId, WorkspaceId},
    store::{self, in_app},
};

/// How often it is looked whether there is something new.
const NEWS: Duration = Duration::from_millis(500);
/// How often it is counted anew what is unread: another screen may have marked something as read.
const COUNTING: Duration = Duration::from_secs(5);

/// Who looks, by workspace.
type Followers = HashMap<WorkspaceId, HashMap<PrincipalId, Vec<Arc<Mailbox>>>>;
type Standings = HashMap<PrincipalId, Standing>;

pub(super) async fn run(feeds: Feeds) {
    let mut known: HashMap<WorkspaceId, Standings> = HashMap::new();
    let mut counted = Instant::now();
    loop {
        next(&feeds.0.looked.notifications, NEWS).await;
        let followers = followers(&feeds);
        known.retain(|workspace, _| followers.contains_key(workspace));
        let is_count_due = counted.elapsed() >= COUNTING;
        if is_count_due {
            counted = Instant::now();
        }
        for (workspace, people) in followers {
            let before = known.entry(workspace).or_default();
            before.retain(|person, _| people.contains_key(person));
            let look = async |conn: &mut PgConnection| {
                stand(conn, workspace, &people.keys().copied().collect(), before, is_count_due).await
            };
            match feeds.database.tenant.within(workspace, LOOK, look).await {
                Ok(changed) => before.extend(changed),
                Err(error) => {
                    tracing::debug!(%error, "notifications could not be looked at; it is tried again");
                    continue;
                }
            }
            for (person, standing) in before {
                for mailbox in people.get(person).into_iter().flatten() {
                    mailbox.notified(standing);
                }
            }
        }
    }
}

fn followers(feeds: &Feeds) -> Followers {
    let mut followers = Followers::new();
    for mailbox in feeds.all().into_iter().filter(|it| it.follows(&Topic::Notifications)) {
        let person = mailbox.caller().actor.id;
        followers.entry(mailbox.workspace).or_default().entry(person).or_default().push(mailbox);
    }
    followers
}

/// How those stand of whom something is new, or of all of them.
async fn stand(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    people: &HashSet<PrincipalId>,
    before: &Standings,
    all: bool,
) -> Result<Standings, store::Error> {
    let asked: Vec<PrincipalId> = people.iter().copied().collect();
    let mut changed = Standings::new();
    for (person, newest) in in_app::newest(&mut *conn, workspace, &asked).await? {
        let known = before.get(&person);
        let is_new = known.is_none_or(|it| it.newest_id() != newest);
        if !is_new && !all {
            continue;
        }
        let whose = (workspace, person);
        let newest = if let Some(known) = known.filter(|_| !is_new) {
            known.newest.clone()
        } else {
            let page = in_app::list(&mut *conn, whose, false, None, 1).await?;
            page.items.into_iter().next().map(|it| Arc::new(it.into()))
        };
        changed.insert(person, Standing { newest, unread: in_app::unread(&mut *conn, whose).await? });
    }
    Ok(changed)
}
