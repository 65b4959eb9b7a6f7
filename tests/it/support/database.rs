//! A database for each test, copied from a template that has the schema.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, postgres::PgConnectOptions};

use super::{unique, variable};

/// Whom the instances sign in as: owns nothing, and is nothing but a member of signoff_app.
const LOGIN: &str = "signoff_it";

/// Dropped, with all that is connected to it, when the test is over.
pub struct TestDatabase {
    pub name: String,
    /// As the instances see it.
    pub url: String,
    /// As superuser.
    pub admin_url: String,
}

impl TestDatabase {
    pub async fn new() -> Self {
        let name = unique("it");
        let mut admin = admin().await;
        ensure_template(&mut admin).await;
        // Copying a template allows nobody else to be connected to it; take turns.
        admin.execute("SELECT pg_advisory_lock(7302)").await.unwrap();
        let create = format!("CREATE DATABASE {name} TEMPLATE {}", template());
        admin.execute(AssertSqlSafe(create)).await.unwrap();
        admin.close().await.unwrap();
        let admin_url = with_database(&name);
        let url = as_login(&admin_url);
        Self { name, url, admin_url }
    }

    /// Without any schema.
    pub async fn empty() -> Self {
        let name = unique("it");
        let mut admin = admin().await;
        admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        admin.close().await.unwrap();
        let admin_url = with_database(&name);
        let url = as_login(&admin_url);
        Self { name, url, admin_url }
    }

    /// A connection as superuser, for looking and for breaking things.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.admin_url).await.unwrap()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let drop_database = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // The test's runtime may be going away; this one needs nothing of it.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { admin().await.execute(AssertSqlSafe(drop_database)).await.map(drop) })
        });
        if let Ok(Err(error)) = dropping.join() {
            eprintln!("a test database stays behind: {error}");
        }
    }
}

pub async fn admin() -> PgConnection {
    PgConnection::connect(&variable("DATABASE_ADMIN_URL")).await.expect("the admin database")
}

fn with_database(name: &str) -> String {
    let admin = variable("DATABASE_ADMIN_URL");
    let (base, _) = admin.rsplit_once('/').expect("a URL with a database");
    format!("{base}/{name}")
}

/// The same database, as the instances' login.
fn as_login(admin_url: &str) -> String {
    let (scheme, rest) = admin_url.split_once("://").expect("a URL");
    let (_, place) = rest.rsplit_once('@').unwrap_or(("", rest));
    format!("{scheme}://{LOGIN}:{LOGIN}@{place}")
}

/// Named after the migrations, so that new ones make a new template.
fn template() -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    let mut files: Vec<_> =
        std::fs::read_dir("migrations").unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        hash.update(std::fs::read(file).unwrap());
    }
    let digest = hash.finalize();
    format!("it_template_{:02x}{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2], digest[3])
}

async fn ensure_template(admin: &mut PgConnection) {
    admin.execute("SELECT pg_advisory_lock(7301)").await.unwrap();
    let name = template();
    let there: Option<i32> = sqlx::query_scalar("SELECT 1 FROM pg_database WHERE datname = $1")
        .bind(&name)
        .fetch_optional(&mut *admin)
        .await
        .unwrap();
    if there.is_none() {
        let building = unique("it_building");
        admin.execute(AssertSqlSafe(format!("CREATE DATABASE {building}"))).await.unwrap();
        let options: PgConnectOptions = with_database(&building).parse().unwrap();
        signoff::store::migrations::up(&options).await.unwrap();
        let login = format!(
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{LOGIN}') THEN
                 CREATE ROLE {LOGIN} LOGIN PASSWORD '{LOGIN}'; END IF; END $$;
             GRANT signoff_app TO {LOGIN}"
        );
        admin.execute(AssertSqlSafe(login)).await.unwrap();
        let rename = format!("ALTER DATABASE {building} RENAME TO {name}");
        admin.execute(AssertSqlSafe(rename)).await.unwrap();
    }
    admin.execute("SELECT pg_advisory_unlock(7301)").await.unwrap();
}

/// Adds so many pending approvals like this one, asked for at this moment, past everything that would tell of them.
pub async fn copies(conn: &mut sqlx::PgConnection, id: &str, count: i32) {
    sqlx::query(
        "INSERT INTO approval_requests (id, workspace_id, run_id, task_id, approval_type, context, policy, status,
                timeout_action, metadata, requested_by, requested_by_name, version, created_at, updated_at, expires_at)
         SELECT gen_random_uuid(), a.workspace_id, a.run_id, a.task_id, a.approval_type, a.context, a.policy, a.status,
                a.timeout_action, a.metadata, a.requested_by, a.requested_by_name, 1, now(), now(), a.expires_at
           FROM approval_requests a, generate_series(1, $2) n WHERE a.id = $1::uuid",
    )
    .bind(id)
    .bind(count)
    .execute(conn)
    .await
    .unwrap();
}
