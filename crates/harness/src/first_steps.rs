//! What `up` says at its end: where everything is, and a first request.

use crate::{
    env_file::EnvFile,
    place::Place,
    say::{note, say},
};

pub fn show(place: &Place, env: &EnvFile) {
    let with_lb = place.run("lb").exists();
    let lb = place.local_url("haproxy");
    say("\nReady:");
    for n in 1..=env.count {
        note(format_args!("instance-{n}   {}   metrics {}", place.instance_url(n), place.metrics_url(n)));
    }
    if with_lb {
        note(format_args!("haproxy      {lb}"));
    }
    if place.with_notify() {
        note(format_args!(
            "mail         {}   what is sent to people arrives here",
            place.local_url("maildev")
        ));
        note(format_args!(
            "echo         {}   plays Slack and a receiver of webhooks",
            place.local_url("echo")
        ));
    }
    let EnvFile { count, api_key, approver_key } = env;
    note(format_args!("key          {api_key}   (workspace dev, principal admin)"));
    note("             all of it is in .dev/env: set -a; . .dev/env; set +a");
    // Where a person opens the app: the balancer, if there is one.
    let first = place.instance_url(1);
    note(format_args!("web app      {}/sign-in", if with_lb { &lb } else { &first }));
    note(format_args!("             sign in as ana, who may decide, with {approver_key}"));
    let other = place.instance_url(if *count > 1 { 2 } else { 1 });
    say(format_args!(
        r#"
Ask on one instance, wait there, decide on the other as ana:

(
A={first} B={other}
KEY={api_key}
ANA={approver_key}
ID=$(curl -sS "$A/api/v1/approvals" -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' -d '{{"run_id":"demo-1","approval_type":"tool_call","title":"Refund order 1042","context":{{"tool":"refund","amount":"49.90"}}}}' | sed 's/"id": *"\([^"]*\)".*/#\1/; s/.*#//')
curl -sS -w '\n' "$A/api/v1/approvals/$ID/wait?timeout=55" -H "Authorization: Bearer $KEY" &
sleep 1
curl -sS -w '\n' "$B/api/v1/approvals/$ID/approve" -H "Authorization: Bearer $ANA" -H 'Content-Type: application/json' -d '{{"comment":"Go ahead."}}'
wait
)
"#
    ));
}
