//! Limits on requests: exact over all instances, sane without Redis, and nobody's business but that of who is limited.

mod addresses;
mod bodies;
mod credentials;
mod debts;
mod exact;
mod grants;
mod headers;
mod herds;
mod lies;
mod neighbours;
mod quota;
mod script;
mod shares;
mod sign_ins;
mod sockets;
mod weight;
mod without_redis;

use crate::support::{Api, Cluster, Reply, Setup, eventually};

/// A limit on one kind of subject that is used up and hardly comes back: what is counted doesn't depend on time.
fn limit(kind: &str, burst: u32) -> Vec<(&'static str, String)> {
    let (rate, most) = match kind {
        "principal" => ("rate_limits.principal_requests_per_second", "rate_limits.principal_burst"),
        "workspace" => ("rate_limits.workspace_requests_per_second", "rate_limits.workspace_burst"),
        "address" => ("rate_limits.address_requests_per_second", "rate_limits.address_burst"),
        _ => panic!("{kind}"),
    };
    vec![(rate, "0.001".to_owned()), (most, burst.to_string())]
}

/// Instances that all count in Redis, and wait for it also on a machine that has much else to do.
async fn counting(instances: usize, flags: Vec<(&'static str, String)>) -> Cluster {
    counting_with(Setup { instances, flags, ..Setup::default() }).await
}

async fn counting_with(mut setup: Setup) -> Cluster {
    setup.flags.push(("rate_limits.redis_timeout_ms", "5000".to_owned()));
    let cluster = Cluster::with(setup).await;
    shared(&cluster, true).await;
    cluster
}

/// Waits until all instances count in Redis, or none does.
async fn shared(cluster: &Cluster, shared: bool) {
    for instance in &cluster.instances {
        eventually(if shared { "Redis counts" } else { "each counts for itself" }, || async {
            (instance.metric("signoff_rate_limits_shared").await > 0.5) == shared
        })
        .await;
    }
}

/// A request that does as little as can be.
async fn look(api: &Api) -> Reply {
    api.get("/api/v1/approvals/pending?limit=1").await
}

/// How many of so many requests to each, all at once, are let in. The others are told why not.
async fn admitted(apis: &[Api], each: usize) -> usize {
    let requests = apis.iter().flat_map(|api| std::iter::repeat_n(api.clone(), each));
    let requests: Vec<_> = requests.map(|api| tokio::task::spawn(async move { look(&api).await })).collect();
    let mut count = 0;
    for request in requests {
        let reply = request.await.unwrap();
        if reply.status == 200 {
            count += 1;
        } else {
            reply.problem(429, "rate_limited");
        }
    }
    count
}
