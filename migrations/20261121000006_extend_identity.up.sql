-- Who somebody is, beyond a name: kinds, roles, groups, how they sign in, and what a workspace allows.

ALTER TABLE workspaces
    -- Without it nobody in the workspace may ask for `timeout_action: approve`.
    ADD COLUMN allow_timeout_approve boolean NOT NULL DEFAULT false,
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();

-- `roles` and `groups` are given here; `claimed_roles` and `claimed_groups` are what the issuer said at the last
-- sign-in. What somebody may do comes from both. `issuer` and `subject` are bound at the first sign-in: whoever
-- comes with the same name and another subject is somebody else. `claimed_at` is when the issuer said so, by its own
-- clock: what an older token says doesn't bring back what a newer one has taken away.
ALTER TABLE principals
    ADD COLUMN kind text NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'service')),
    ADD COLUMN display_name text CHECK (char_length(display_name) BETWEEN 1 AND 200),
    ADD COLUMN email text CHECK (char_length(email) BETWEEN 3 AND 320),
    ADD COLUMN roles text[] NOT NULL DEFAULT '{}',
    ADD COLUMN groups text[] NOT NULL DEFAULT '{}',
    ADD COLUMN claimed_roles text[] NOT NULL DEFAULT '{}',
    ADD COLUMN claimed_groups text[] NOT NULL DEFAULT '{}',
    ADD COLUMN claimed_at timestamptz,
    ADD COLUMN issuer text,
    ADD COLUMN subject text,
    ADD COLUMN disabled_at timestamptz,
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
    ADD CONSTRAINT principals_known_whole CHECK ((issuer IS NULL) = (subject IS NULL));
CREATE UNIQUE INDEX principals_of_subject ON principals (workspace_id, issuer, subject) WHERE subject IS NOT NULL;

-- Named sets of permissions that a workspace makes for itself; the built-in ones are in the code.
CREATE TABLE roles (
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name         text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    description  text CHECK (char_length(description) <= 1000),
    permissions  text[] NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, name)
);

-- A key allows what it names and what its roles stand for.
ALTER TABLE api_keys
    ADD COLUMN label text CHECK (char_length(label) BETWEEN 1 AND 200),
    ADD COLUMN roles text[] NOT NULL DEFAULT '{}',
    ADD COLUMN expires_at timestamptz,
    -- To the minute or so: it is written now and then, not with each use.
    ADD COLUMN last_used_at timestamptz,
    -- The key that took its place.
    ADD COLUMN rotated_to uuid REFERENCES api_keys (id) ON DELETE SET NULL;
CREATE INDEX api_keys_of_principal ON api_keys (principal_id);
CREATE INDEX api_keys_rotated ON api_keys (rotated_to) WHERE rotated_to IS NOT NULL;

-- People in browsers. Of the cookie only a hash is kept. A session that was opened with a key allows what the key
-- does, and ends with it; one that the issuer vouched for allows what the principal's roles do.
CREATE TABLE browser_sessions (
    id           uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    principal_id uuid NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    key_id       uuid REFERENCES api_keys (id) ON DELETE CASCADE,
    hash         bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    revoked_at   timestamptz,
    address      text,
    user_agent   text
);
CREATE INDEX browser_sessions_of_principal ON browser_sessions (principal_id);
CREATE INDEX browser_sessions_of_key ON browser_sessions (key_id) WHERE key_id IS NOT NULL;
CREATE INDEX browser_sessions_of_workspace ON browser_sessions (workspace_id);
CREATE INDEX browser_sessions_age ON browser_sessions (expires_at);

-- Sign-ins under way at the issuer: what was sent there, to be compared with what comes back, once.
CREATE TABLE sign_ins (
    -- Of the state, which the issuer hands back.
    hash       bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    -- Of the cookie that binds it to one browser.
    browser    bytea NOT NULL CHECK (octet_length(browser) = 32),
    nonce      text NOT NULL,
    verifier   text NOT NULL,
    return_to  text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sign_ins_age ON sign_ins (expires_at);

-- A ticket stands for the credential that asked for it: a key, a browser session, or an issuer's token (then the
-- principal, for as long as the token is good).
ALTER TABLE ws_tickets
    ALTER COLUMN key_id DROP NOT NULL,
    ADD COLUMN session_id uuid REFERENCES browser_sessions (id) ON DELETE CASCADE,
    ADD COLUMN principal_id uuid REFERENCES principals (id) ON DELETE CASCADE,
    ADD COLUMN token_expires_at timestamptz,
    ADD CONSTRAINT ws_tickets_stand_for_one CHECK (
        num_nonnulls(key_id, session_id, principal_id) = 1
        AND (principal_id IS NULL) = (token_expires_at IS NULL));
CREATE INDEX ws_tickets_of_session ON ws_tickets (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX ws_tickets_of_principal ON ws_tickets (principal_id) WHERE principal_id IS NOT NULL;

-- For whom the requester acted: they count as the requester does, for whoever may not decide their own request.
ALTER TABLE approval_requests ADD COLUMN on_behalf_of text;
