//! G19, the second wall: what the code forgot, the database refuses. The application's own statements, run as the
//! role that runs them, with another workspace's name in the transaction, or none.

use std::time::Duration;

use serde_json::json;
use signoff::{
    auth::key::ApiKey,
    domain::{
        event::TaskKey,
        ids::{ApprovalId, KeyId, PrincipalId, WorkspaceId},
        names::{CallerName, PrincipalName},
        policy::{Actor, Kind, Member, admission::Voter},
    },
    store::{
        approvals, audit, checkpoints, claims, connections, decisions, delegations, deliveries, eligible,
        events, in_app, keys, listing, notification_preferences, notifications, preferences, principals,
        purge, recent, roles, runs, slack_installations, verifications, webhooks, workspaces,
    },
};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::support::{
    Cluster, Setup, Socket,
    delegating::{allow, delegate},
    eventually,
};

/// Signed in as instances are, in one of their roles.
pub async fn act_as(cluster: &Cluster, role: &str) -> PgConnection {
    let options: sqlx::postgres::PgConnectOptions = cluster.database.url.parse().unwrap();
    PgConnection::connect_with(&options.options([("role", role)])).await.unwrap()
}

pub async fn workspace(cluster: &Cluster, name: &str) -> WorkspaceId {
    let mut conn = cluster.database.connect().await;
    let id: Uuid = sqlx::query_scalar("SELECT id FROM workspaces WHERE name = $1")
        .bind(name)
        .fetch_one(&mut conn)
        .await
        .unwrap();
    WorkspaceId(id)
}

pub async fn enter(conn: &mut PgConnection, workspace: Option<WorkspaceId>) {
    let name = workspace.map_or_else(String::new, |it| it.0.to_string());
    sqlx::query("SELECT set_config('signoff.workspace', $1, true)").bind(name).execute(conn).await.unwrap();
}

/// How many rows each of the application's readings finds, asked for `of` as the code would.
async fn seen(
    conn: &mut PgConnection,
    of: WorkspaceId,
    id: ApprovalId,
    key: &TaskKey,
    principal: Uuid,
) -> Vec<usize> {
    let filter = listing::Filter {
        workspace: of,
        run_id: None,
        session_id: None,
        task_id: None,
        approval_types: Vec::new(),
        workflows: Vec::new(),
        requesters: Vec::new(),
        text: None,
    };
    let actor = Actor { id: PrincipalId(principal), name: PrincipalName::new("agent").unwrap() };
    let member = Member { actor, roles: [].into(), groups: [].into() };
    let voter = Voter { member, kind: Kind::Person, seats: Vec::new() };
    let paging = listing::Paging {
        voter: &voter,
        mine: false,
        extent: approvals::Extent::Whole,
        sort: listing::Sort::default(),
        after: None,
        limit: 10,
    };
    let which = connections::Which { limit: 10, ..connections::Which::default() };
    let ttl = std::time::Duration::from_mins(1);
    let reading = events::Reading { key: key.clone(), after: 0, generation: None };
    let who = principals::Who::Id(PrincipalId(principal));
    let meant = eligible::Meant {
        groups: [PrincipalName::new("team").unwrap()].into(),
        ..eligible::Meant::default()
    };
    let asking =
        eligible::Asking { roles: &meant.roles, groups: &meant.groups, permissions: &[], built_in: &[] };
    vec![
        listing::pending(conn, &filter, paging).await.unwrap().len(),
        usize::try_from(listing::count(conn, &filter, &voter).await.unwrap().all).unwrap(),
        listing::facets(conn, &filter, &voter, 50).await.unwrap().len().min(1),
        recent::lately(conn, &[of], Duration::from_mins(1), 10).await.unwrap().len(),
        approvals::load_brief(conn, &[id]).await.unwrap().found.len(),
        approvals::load(conn, &[id], approvals::Votes::Read).await.unwrap().found.len(),
        decisions::decisions(conn, of, id, (0, 10)).await.unwrap().0.len(),
        audit::of_approval(conn, of, id, (0, 10)).await.unwrap().0.len().min(1),
        events::pages(conn, &[reading], 10).await.unwrap().first().map_or(0, |page| page.events.len().min(1)),
        events::heads(conn, std::slice::from_ref(key)).await.unwrap().len(),
        connections::list(conn, of, &which, ttl).await.unwrap().len(),
        usize::from(workspaces::get(conn, of).await.unwrap().is_some()),
        usize::from(principals::get(conn, of, who).await.unwrap().is_some()),
        roles::list(conn, of).await.unwrap().len(),
        keys::list(conn, Some(of), Some("agent"), None, 10).await.unwrap().len(),
        audit::page(conn, of, &audit::Filter::default(), None, 10).await.unwrap().items.len().min(1),
        checkpoints::of_workspace(conn, of.0, (i64::MAX, ""), 10).await.unwrap().len(),
        delegations::page(conn, of, &delegations::Which::default(), 10).await.unwrap().items.len(),
        usize::from(preferences::get(conn, of, PrincipalId(principal)).await.unwrap().is_some()),
        notification_preferences::get(conn, of, PrincipalId(principal)).await.unwrap().muted.len(),
        usize::from(verifications::get(conn, of, None, ttl).await.unwrap().is_some()),
        usize::from(runs::overview(conn, of, &key.task).await.unwrap().is_some()),
        eligible::candidates(conn, of, &meant, &asking, ttl).await.unwrap().0.len(),
        webhooks::list(conn, of).await.unwrap().len(),
        usize::from(slack_installations::get(conn, of).await.unwrap().is_some()),
        deliveries::subscribers(conn, &[of].into()).await.unwrap().len(),
        notifications::list(conn, of, &notifications::Filter::default(), 10).await.unwrap().0.items.len(),
        in_app::list(conn, (of, PrincipalId(principal)), false, None, 10).await.unwrap().items.len(),
        claims::find(conn, &[id]).await.unwrap().len(),
        usize::try_from(in_app::unread(conn, (of, PrincipalId(principal))).await.unwrap()).unwrap(),
    ]
}

/// Somebody acts on it, though it is pending still.
async fn claimed(cluster: &Cluster, workspace: WorkspaceId, approval: ApprovalId) {
    sqlx::query(
        "INSERT INTO approval_claims (approval_id, workspace_id, id, fence, key, principal_id, principal_name, claimed_at,
                receipt_seconds)
         VALUES ($1, $2, gen_random_uuid(), 1, 'k', gen_random_uuid(), 'agent', now(), 60)",
    )
    .bind(approval.0)
    .bind(workspace.0)
    .execute(&mut cluster.database.connect().await)
    .await
    .unwrap();
}

/// Nothing is sent to it: its secret does not open.
async fn endpoint(cluster: &Cluster, workspace: WorkspaceId) {
    sqlx::query(
        "INSERT INTO webhook_endpoints (id, workspace_id, url, secrets)
         VALUES (gen_random_uuid(), $1, 'https://hooks.example', 'sealed')",
    )
    .bind(workspace.0)
    .execute(&mut cluster.database.connect().await)
    .await
    .unwrap();
}

/// Nothing is sent by it: its secrets do not open.
async fn app_in_slack(cluster: &Cluster, workspace: WorkspaceId) {
    sqlx::query(
        "INSERT INTO slack_installations (workspace_id, revision, team, team_name, bot, secrets)
         VALUES ($1, gen_random_uuid(), 'T1', 'Acme', 'U1', 'sealed')",
    )
    .bind(workspace.0)
    .execute(&mut cluster.database.connect().await)
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn g19_a_statement_that_forgets_the_workspace_sees_nothing() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await;
    let admin = cluster.api(0, &cluster.key("acme", "agent", &["workspace:admin"]).await);
    let ana = cluster.api(0, &cluster.key("acme", "ana", &["approval:approve"]).await);
    cluster.key("evil", "agent", &["workspace:admin"]).await;
    let (acme, evil) = (workspace(&cluster, "acme").await, workspace(&cluster, "evil").await);
    let made = admin.ask(json!({ "task_id": "t", "run_id": "t", "policy": { "min_approvers": 2 } })).await;
    ana.approve(&made).await.expect(200);
    let preferences = admin.request(reqwest::Method::PUT, "/api/v1/me/preferences").json(&json!({}));
    crate::support::Api::send(preferences).await.expect(200);
    let told = json!({ "channels": { "email": "off" } });
    let told = admin.request(reqwest::Method::PUT, "/api/v1/me/notification-preferences").json(&told);
    crate::support::Api::send(told).await.expect(200);
    let verify = admin.request(reqwest::Method::POST, "/api/v1/audit/verifications");
    crate::support::Api::send(verify).await.expect(202);
    let role = admin.request(reqwest::Method::PUT, "/api/v1/roles/own").json(&json!({ "permissions": [] }));
    crate::support::Api::send(role).await.expect(200);
    allow(&cluster, "own").await;
    delegate(&admin, "ana", json!({})).await.expect(201);
    let _socket = Socket::open(&admin, "t").await;
    let id = ApprovalId(made.parse().unwrap());
    endpoint(&cluster, acme).await;
    claimed(&cluster, acme, id).await;
    app_in_slack(&cluster, acme).await;
    let key = TaskKey { workspace: acme, task: CallerName::new("t").unwrap() };
    let mut superuser = cluster.database.connect().await;
    let principal: Uuid =
        sqlx::query_scalar("SELECT id FROM principals WHERE workspace_id = $1 AND name = 'agent'")
            .bind(acme.0)
            .fetch_one(&mut superuser)
            .await
            .unwrap();
    sqlx::query("UPDATE principals SET groups = '{team}' WHERE id = $1")
        .bind(principal)
        .execute(&mut superuser)
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO audit_checkpoints VALUES ($1, 1, sha256('h'), now(), 'key', sha256('k'), sha512('s'))",
    )
    .bind(acme.0)
    .execute(&mut superuser)
    .await
    .unwrap();
    let mut conn = act_as(&cluster, "signoff_app").await;
    // The lease of the instance, by which connections count, is written with its first heartbeat.
    let all = |n: usize| vec![n; 30];
    let found = tokio::sync::Mutex::new(&mut conn);
    eventually("what is there is seen from within", || async {
        let mut conn = found.lock().await;
        let mut transaction = conn.begin().await.unwrap();
        enter(&mut transaction, Some(acme)).await;
        let seen = seen(&mut transaction, acme, id, &key, principal).await;
        transaction.rollback().await.unwrap();
        seen == all(1)
    })
    .await;
    for wrong in [Some(evil), None] {
        let mut transaction = conn.begin().await.unwrap();
        enter(&mut transaction, wrong).await;
        assert_eq!(seen(&mut transaction, acme, id, &key, principal).await, all(0), "{wrong:?}");
        transaction.rollback().await.unwrap();
    }
    // Without any transaction, as a statement that was never meant to run there.
    assert_eq!(seen(&mut conn, acme, id, &key, principal).await, all(0));

    // Nor does writing pass: nothing is changed, and nothing can be put there.
    let mut transaction = conn.begin().await.unwrap();
    enter(&mut transaction, Some(evil)).await;
    let name = PrincipalName::new("mallory").unwrap();
    let by = Actor { id: PrincipalId(principal), name: name.clone() };
    let ttl = std::time::Duration::from_mins(1);
    assert_eq!(connections::close(&mut transaction, &key, &by, ttl).await.unwrap(), None);
    assert!(workspaces::lock(&mut transaction, acme).await.unwrap().is_none());
    let who = principals::Who::Id(PrincipalId(principal));
    assert!(principals::lock(&mut transaction, acme, who).await.unwrap().is_none());
    roles::delete(&mut transaction, acme, "own").await.unwrap();
    transaction.commit().await.unwrap();
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM roles").fetch_one(&mut superuser).await.unwrap();
    assert_eq!(left, 1, "another workspace's role was deleted");
    let denied = "new row violates row-level security policy";
    let refused = |error: signoff::store::Error| assert!(error.to_string().contains(denied), "{error}");
    let key = ApiKey::generate();
    let new = keys::NewKey {
        id: KeyId::generate(),
        workspace: acme,
        principal: PrincipalId(principal),
        prefix: &key.prefix,
        secret_hash: key.hash(),
        label: None,
        permissions: &[],
        roles: &[],
        valid_for: None,
    };
    refused(within(&mut conn, evil, async |conn| keys::insert(conn, &new).await.map(drop)).await);
    refused(
        within(&mut conn, evil, async |conn| principals::ensure(conn, acme, &name, "person").await.map(drop))
            .await,
    );
    refused(
        within(&mut conn, evil, async |conn| roles::insert(conn, acme, "x", None, &[]).await.map(drop)).await,
    );
}

/// Runs something in a transaction for `workspace`, in which it must fail.
pub async fn within(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<(), signoff::store::Error>,
) -> signoff::store::Error {
    let mut transaction = conn.begin().await.unwrap();
    enter(&mut transaction, Some(workspace)).await;
    let error = work(&mut transaction).await.unwrap_err();
    transaction.rollback().await.unwrap();
    error
}

/// What runs as its owner, for whoever calls it, finds nothing of the caller's: a type in a temporary schema, which
/// comes before all others, could bring code of the caller's along.
#[tokio::test(flavor = "multi_thread")]
async fn g19_nobody_borrows_the_owners_rights() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    cluster.member("agent").await;
    let acme = workspace(&cluster, "acme").await;
    let mut conn = PgConnection::connect(&cluster.database.url).await.unwrap();
    for trap in [
        "CREATE FUNCTION pg_temp.trap(x pg_catalog.text) RETURNS boolean LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'caught as %', current_user; END $$",
        "CREATE DOMAIN pg_temp.uuid AS pg_catalog.uuid CHECK (pg_temp.trap(value::pg_catalog.text))",
        "CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (pg_temp.trap(value))",
        "CREATE DOMAIN pg_temp.tsquery AS pg_catalog.tsquery CHECK (pg_temp.trap(value::pg_catalog.text))",
    ] {
        sqlx::query(trap).execute(&mut conn).await.unwrap();
    }
    let mut transaction = conn.begin().await.unwrap();
    enter(&mut transaction, Some(acme)).await;
    sqlx::query(
        "SELECT * FROM public.search_approvals($1, 'a', 'a', '-infinity', now(), gen_random_uuid(), 1)",
    )
    .bind(acme.0)
    .fetch_all(&mut *transaction)
    .await
    .unwrap();
    transaction.rollback().await.unwrap();
    // And whatever comes to be added: named, bound when it is made, not for everybody.
    let loose: Vec<String> = sqlx::query_scalar(
        "SELECT p.proname::text FROM pg_proc p
          WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
            AND (p.prosqlbody IS NULL
                 OR NOT coalesce(array_to_string(p.proconfig, ';') ~ 'search_path=pg_catalog, pg_temp', false)
                 OR has_function_privilege('public', p.oid, 'EXECUTE'))
         UNION ALL
         SELECT p.proname::text FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
          WHERE p.pronamespace = 'public'::regnamespace AND l.lanname = 'sql' AND p.prosqlbody IS NULL",
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    assert_eq!(loose, Vec::<String>::new());
}

/// What is too narrow shows here rather than in a log at night.
#[tokio::test(flavor = "multi_thread")]
async fn g19_background_work_may_do_its_work() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    cluster.member("agent").await;
    let mut conn = act_as(&cluster, "signoff_work").await;
    let age = std::time::Duration::from_secs(1);
    purge::approvals_of_deleted_runs(&mut conn, age, 10).await.unwrap();
    purge::ended_approvals(&mut conn, 10).await.unwrap();
    purge::deleted_runs(&mut conn, age, 10).await.unwrap();
    purge::idempotency_keys(&mut conn, age, 10).await.unwrap();
    purge::events(&mut conn, age, 10).await.unwrap();
    purge::unused_tasks(&mut conn, age, 10).await.unwrap();
    purge::tickets(&mut conn, 10).await.unwrap();
    purge::sign_ins(&mut conn, 10).await.unwrap();
    purge::browser_sessions(&mut conn, 10).await.unwrap();
    purge::samples(&mut conn, age, 10).await.unwrap();
    purge::cluster_events(&mut conn, age, 10).await.unwrap();
    purge::links(&mut conn, age, 10).await.unwrap();
}

/// Each role can do its work and no other: what it would take to lie about the past, or to read what it has no
/// business with, is denied by the database.
#[tokio::test(flavor = "multi_thread")]
async fn g19_each_role_is_as_narrow_as_its_work() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let member = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let id = member.ask(json!({})).await;
    ana.approve(&id).await.expect(200);
    let everybody = [
        "signoff_app",
        "signoff_commit",
        "signoff_read",
        "signoff_work",
        "signoff_notify",
        "signoff_auth",
        "signoff_operator",
    ];
    let mut refused = Vec::new();
    for role in everybody {
        let mut conn = act_as(&cluster, role).await;
        // What nobody may.
        for forbidden in [
            "UPDATE audit_log SET action = 'nothing'",
            "DELETE FROM audit_log",
            "TRUNCATE audit_log",
            "INSERT INTO audit_log (seq, workspace_id, at, action, via, detail) OVERRIDING SYSTEM VALUE
             VALUES (9, gen_random_uuid(), now(), 'x', 'x', '{}')",
            "UPDATE audit_chain SET position = 7",
            "DELETE FROM audit_chain",
            "UPDATE approval_decisions SET verdict = 'rejected'",
            "UPDATE delegations SET ends_at = 'infinity'",
            "UPDATE delegations SET to_id = gen_random_uuid()",
            "DELETE FROM delegations",
            "UPDATE approval_requests SET context = '{}'",
            "UPDATE principals SET workspace_id = gen_random_uuid()",
            "ALTER TABLE approval_requests DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE audit_log DISABLE TRIGGER ALL",
            "DROP POLICY own_workspace ON approval_requests",
            "DROP TABLE audit_log",
            "CREATE ROLE mallory",
            "CREATE TABLE mine (x int)",
        ] {
            let error =
                sqlx::query(forbidden).execute(&mut conn).await.expect_err(&format!("{role}: {forbidden}"));
            let code = error.as_database_error().and_then(|error| error.code().map(|it| it.to_string()));
            assert_eq!(code.as_deref(), Some("42501"), "{role}: {forbidden}: {error}");
        }
        // Who may read secrets' hashes, and who may see which tables at all.
        let reads = "SELECT count(secret_hash) FROM api_keys";
        if sqlx::query(reads).execute(&mut conn).await.is_err() {
            refused.push(role);
        }
    }
    assert_eq!(
        refused,
        [
            "signoff_app",
            "signoff_commit",
            "signoff_read",
            "signoff_work",
            "signoff_notify",
            "signoff_operator"
        ]
    );
    // What sends messages decides nothing, and sees nothing that anybody could come back with.
    let mut conn = act_as(&cluster, "signoff_notify").await;
    for forbidden in [
        "UPDATE approval_requests SET status = 'cancelled'",
        "INSERT INTO approval_decisions (approval_id) VALUES (gen_random_uuid())",
        "DELETE FROM approval_requests",
        "SELECT hash FROM browser_sessions",
        "SELECT count(*) FROM audit_log",
    ] {
        assert!(sqlx::query(forbidden).execute(&mut conn).await.is_err(), "{forbidden}");
    }
    // Background work sees nothing that anybody could come back with.
    let mut conn = act_as(&cluster, "signoff_work").await;
    for secret in ["SELECT hash FROM browser_sessions", "SELECT verifier FROM sign_ins"] {
        assert!(sqlx::query(secret).execute(&mut conn).await.is_err(), "{secret}");
    }
    // An outcome is final for whoever decides, and nobody else brings one about.
    let undo = "UPDATE approval_requests SET version = 99 WHERE status <> 'pending'";
    assert!(sqlx::query(undo).execute(&mut conn).await.is_err());
    let mut conn = act_as(&cluster, "signoff_commit").await;
    assert!(sqlx::query("SELECT count(*) FROM notification_causes").fetch_one(&mut conn).await.is_err());
    assert_eq!(sqlx::query(undo).execute(&mut conn).await.unwrap().rows_affected(), 0);
    // The login itself sees what a transaction without a workspace sees: nothing, and owns nothing.
    let mut conn = PgConnection::connect(&cluster.database.url).await.unwrap();
    let seen: i64 =
        sqlx::query_scalar("SELECT count(*) FROM approval_requests").fetch_one(&mut conn).await.unwrap();
    assert_eq!(seen, 0);
    let owned: i64 =
        sqlx::query_scalar("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole")
            .fetch_one(&mut conn)
            .await
            .unwrap();
    assert_eq!(owned, 0);
    // Every table has its wall, and the owner is not above it.
    let open: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class
          WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> '_sqlx_migrations'
            AND NOT (relrowsecurity AND relforcerowsecurity)",
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    assert_eq!(open, Vec::<String>::new(), "tables without forced row-level security");
}

/// A wall is no way to the rows: with an index of its own it makes whoever asks for ten approvals read all that are
/// pending, or all of the workspace. Tables that were never analysed are where it shows.
#[tokio::test(flavor = "multi_thread")]
async fn g19_walls_lead_to_no_index() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    cluster.member("agent").await;
    for (role, statement, index) in [
        ("signoff_commit", "SELECT 1 FROM approval_requests a WHERE a.id = ANY ($1) FOR UPDATE", "_due"),
        ("signoff_app", "SELECT context FROM approval_requests a WHERE a.id = ANY ($1)", "_of_run"),
        ("signoff_app", "SELECT verdict FROM approval_decisions d WHERE d.id = ANY ($1)", "workspace_id ="),
    ] {
        let mut conn = act_as(&cluster, role).await;
        for setting in ["enable_seqscan = off", "plan_cache_mode = force_generic_plan"] {
            sqlx::query(sqlx::AssertSqlSafe(format!("SET {setting}"))).execute(&mut conn).await.unwrap();
        }
        let prepare = format!("PREPARE asked(uuid[]) AS {statement}");
        sqlx::query(sqlx::AssertSqlSafe(prepare)).execute(&mut conn).await.unwrap();
        let plan: Vec<String> = sqlx::query_scalar("EXPLAIN (COSTS OFF) EXECUTE asked('{}')")
            .persistent(false)
            .fetch_all(&mut conn)
            .await
            .unwrap();
        let conditions: Vec<&String> =
            plan.iter().filter(|line| line.contains("Index") && line.contains(index)).collect();
        assert!(conditions.is_empty(), "{role}: {plan:#?}");
        assert!(plan.iter().any(|line| line.contains("_pkey")), "{role}: {plan:#?}");
    }
}
