//! G19, for delegations: the wall of the database stands around them, too.

use serde_json::json;
use signoff::{
    domain::{
        delegation::Link,
        ids::{DelegationId, PrincipalId},
        names::PrincipalName,
        policy::Actor,
    },
    store::delegations,
};
use sqlx::Connection;

use super::g19_row_walls::{act_as, enter, within, workspace};
use crate::support::{
    Cluster, Setup,
    delegating::{allow, delegate},
};

/// The same of delegations: none is revoked from elsewhere, and none can be put there.
#[tokio::test(flavor = "multi_thread")]
async fn g19_a_delegation_is_written_within_its_workspace() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let ana = cluster.api(0, &cluster.member("ana").await);
    for (workspace, name) in [("acme", "bo"), ("evil", "ana")] {
        cluster.key(workspace, name, &[]).await;
    }
    allow(&cluster, "own").await;
    let made = delegate(&ana, "bo", json!({})).await.expect(201).body;
    let (acme, evil) = (workspace(&cluster, "acme").await, workspace(&cluster, "evil").await);
    let person = |of: &str| PrincipalId(made[of].as_str().unwrap().parse().unwrap());
    let by = Actor { id: person("from_id"), name: PrincipalName::new("ana").unwrap() };
    let id = DelegationId(made["id"].as_str().unwrap().parse().unwrap());
    let mut conn = act_as(&cluster, "signoff_app").await;
    let mut transaction = conn.begin().await.unwrap();
    enter(&mut transaction, Some(evil)).await;
    assert!(delegations::get(&mut transaction, acme, id).await.unwrap().is_none());
    assert!(!delegations::revoke(&mut transaction, acme, id, &by).await.unwrap());
    transaction.commit().await.unwrap();
    let at = chrono::Utc::now();
    let ends_at = at + chrono::TimeDelta::hours(1);
    let new = delegations::NewDelegation {
        id: DelegationId::generate(),
        workspace: acme,
        link: Link { from: by.id, to: person("to_id"), starts_at: at, ends_at },
        approval_types: None,
        redelegable: false,
        reason: None,
        by: &by,
    };
    let refused = within(&mut conn, evil, async |conn| delegations::insert(conn, &new).await).await;
    assert!(refused.to_string().contains("row-level security"), "{refused}");
}
