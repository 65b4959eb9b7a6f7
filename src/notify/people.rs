//! The people whom notifications may be for. Many approvals mean the same people, so they are remembered for some
//! seconds.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sqlx::PgConnection;

use crate::{
    approvals::eligible::people::{candidates, delegates, meant},
    domain::{
        approval::Approval,
        ids::{PrincipalId, WorkspaceId},
        names::PrincipalName,
        notification::{Person, Wanted},
        policy::{Names, admission::Voter},
    },
    store::{
        Error,
        eligible::{Candidate, Meant, Whom},
        notification_preferences::{self, Preferences},
        slack,
    },
};

/// How long people are remembered.
const FRESH: Duration = Duration::from_secs(3);
/// How many sets of people are remembered at most, and how many people in all of them.
const MOST: usize = 1_000;
const MOST_PEOPLE: usize = 50_000;

/// Whom an approval means.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    workspace: WorkspaceId,
    people: Names,
    roles: Names,
    groups: Names,
}

/// Sets of people, and since when they are known.
type Known = HashMap<Key, (Instant, Arc<[Person]>)>;

/// The people that are remembered. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct People {
    known: Arc<Mutex<Known>>,
    lease_ttl: Duration,
    /// Whether accounts in Slack are read, too.
    with_accounts: bool,
}

impl People {
    pub fn new(lease_ttl: Duration, with_accounts: bool) -> Self {
        Self { known: Arc::default(), lease_ttl, with_accounts }
    }

    /// The people whom an approval means. They are: those whom the current policy means, their delegates, those whom
    /// the request wants told, the requester, the one on whose behalf it was asked, and `others`. A policy that names
    /// no one adds no one.
    pub async fn of(
        &self,
        conn: &mut PgConnection,
        approval: &Approval,
        wanted: &Wanted,
        others: &[PrincipalName],
    ) -> Result<Arc<[Person]>, Error> {
        let Meant { mut people, mut roles, groups, .. } = meant(approval.policy_now(), Whom::Enabled);
        people.insert(approval.requested_by.name.clone());
        people.extend(approval.on_behalf_of.clone());
        people.extend(wanted.users.iter().chain(others).cloned());
        roles.extend(wanted.roles.iter().cloned());
        let key = Key { workspace: approval.workspace, people, roles, groups };
        if let Some(known) = self.known(&key) {
            return Ok(known);
        }
        let begun = Instant::now();
        let read = self.read(conn, &key).await?;
        self.remember(key, begun, &read);
        Ok(read)
    }

    async fn read(&self, conn: &mut PgConnection, key: &Key) -> Result<Arc<[Person]>, Error> {
        let meant = Meant {
            people: key.people.clone(),
            roles: key.roles.clone(),
            groups: key.groups.clone(),
            anyone: false,
            whom: Whom::EnabledPeople,
        };
        let ttl = self.lease_ttl;
        let (found, _) = candidates(&mut *conn, key.workspace, &meant, &meant, ttl).await?;
        let (delegates, _) = delegates(&mut *conn, key.workspace, &meant, &found, ttl).await?;
        let mut people: HashMap<PrincipalId, Person> = HashMap::new();
        let all = found.iter().chain(delegates.iter().map(|(it, _)| it));
        let ids: Vec<PrincipalId> = all.map(|it| it.member.actor.id).collect();
        let chosen = notification_preferences::of_people(conn, &ids).await?;
        for candidate in found {
            let voter = Voter { member: candidate.member.clone(), kind: candidate.kind, seats: Vec::new() };
            people.insert(voter.member.actor.id, person(candidate, voter, &chosen));
        }
        for (candidate, voter) in delegates {
            people.insert(voter.member.actor.id, person(candidate, voter, &chosen));
        }
        if self.with_accounts {
            let ids: Vec<PrincipalId> = people.keys().copied().collect();
            for (id, account) in slack::accounts(conn, key.workspace, &ids).await? {
                if let Some(person) = people.get_mut(&id) {
                    person.slack = Some(account.to_string());
                }
            }
        }
        let mut people: Vec<Person> = people.into_values().collect();
        people.sort_by(|one, other| one.name().cmp(other.name()));
        Ok(people.into())
    }

    fn known(&self, key: &Key) -> Option<Arc<[Person]>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, people) = known.get(key)?;
        (since.elapsed() < FRESH).then(|| people.clone())
    }

    fn remember(&self, key: Key, since: Instant, people: &Arc<[Person]>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (since, _)| since.elapsed() < FRESH);
        let held: usize = known.values().map(|(_, people)| people.len()).sum();
        if known.len() < MOST && held + people.len() <= MOST_PEOPLE {
            known.insert(key, (since, people.clone()));
        }
    }
}

fn person(candidate: Candidate, voter: Voter, chosen: &HashMap<PrincipalId, Preferences>) -> Person {
    let muted = chosen.get(&voter.member.actor.id).map(|it| it.muted.clone()).unwrap_or_default();
    let Candidate { may_approve: may_decide, disabled, email, .. } = candidate;
    Person { voter, may_decide, disabled, email, slack: None, muted }
}
