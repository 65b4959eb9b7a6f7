//! A requester and two approvers, on two instances.

use super::{Api, Cluster};

pub struct Team {
    pub cluster: Cluster,
    pub agent: Api,
    pub ana: Api,
    pub bo: Api,
}

impl Team {
    pub async fn new() -> Self {
        let cluster = Cluster::start().await.connected().await;
        let agent = cluster.api(0, &cluster.member("agent").await);
        let ana = cluster.api(0, &cluster.member("ana").await);
        let bo = cluster.api(1, &cluster.member("bo").await);
        Self { cluster, agent, ana, bo }
    }
}
