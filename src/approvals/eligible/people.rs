//! Whom a policy means, and to whom their seats are open: read within one transaction, or by those who read of all
//! workspaces.

use std::{collections::HashMap, time::Duration};

use sqlx::PgConnection;

use crate::{
    auth::{Permission, role},
    domain::{
        ids::{PrincipalId, WorkspaceId},
        policy::{
            Kind, Member, Names, Policy, Selector,
            admission::{Seat, Voter},
        },
    },
    store::{
        Error,
        eligible::{self, Asking, Candidate, Meant, Whom},
        open_seats,
    },
};

/// Whom a policy means.
pub fn meant(policy: &Policy, whom: Whom) -> Meant {
    let mut meant = Meant { whom, ..Meant::default() };
    for selector in policy.approvers() {
        match selector {
            Selector::Person(name) => drop(meant.people.insert(name)),
            Selector::Role(name) => drop(meant.roles.insert(name)),
            Selector::Group(name) => drop(meant.groups.insert(name)),
            Selector::Anyone => meant.anyone = true,
            Selector::Veto => {}
        }
    }
    meant
}

/// Those who are meant, and of which of the policy's roles and groups they are members; and whether there are more than
/// are looked at.
pub async fn candidates(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    meant: &Meant,
    policy: &Meant,
    lease_ttl: Duration,
) -> Result<(Vec<Candidate>, bool), Error> {
    let (permissions, built_in) = role::that_allow(Permission::ApprovalApprove);
    let (roles, groups): (&Names, &Names) = (&policy.roles, &policy.groups);
    let asking = Asking { roles, groups, permissions: &permissions, built_in: &built_in };
    eligible::candidates(conn, workspace, meant, &asking, lease_ttl).await
}

/// Those to whom the seats of `owners` are open, and whether there are more than are looked at.
pub async fn delegates(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    policy: &Meant,
    owners: &[Candidate],
    lease_ttl: Duration,
) -> Result<(Vec<(Candidate, Voter)>, bool), Error> {
    let open = owners.iter().filter(|it| !it.disabled && it.kind == Kind::Person);
    let open: HashMap<PrincipalId, &Member> = open.map(|it| (it.member.actor.id, &it.member)).collect();
    let ids: Vec<PrincipalId> = open.keys().copied().collect();
    let most = i64::from(eligible::MOST);
    let mut found = open_seats::delegates(conn, workspace, &ids, most + 1).await?;
    let is_cut = i64::try_from(found.len()).is_ok_and(|count| count > most);
    found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    if found.is_empty() {
        return Ok((Vec::new(), is_cut));
    }
    let people = found.iter().map(|it| it.delegate.name.clone()).collect();
    let meant = Meant { people, ..Meant::default() };
    let (candidates, _) = candidates(conn, workspace, &meant, policy, lease_ttl).await?;
    let mut seats: HashMap<PrincipalId, Vec<Seat>> = HashMap::new();
    for it in found {
        let Some(owner) = open.get(&it.owner) else { continue };
        seats.entry(it.delegate.id).or_default().push(Seat {
            owner: (*owner).clone(),
            delegations: it.delegations,
            through: it.through,
            approval_types: it.approval_types,
            until: it.until,
        });
    }
    let delegates = candidates.into_iter().filter_map(|candidate| {
        let seats = seats.remove(&candidate.member.actor.id)?;
        let voter = Voter { member: candidate.member.clone(), kind: candidate.kind, seats };
        Some((candidate, voter))
    });
    Ok((delegates.collect(), is_cut))
}
