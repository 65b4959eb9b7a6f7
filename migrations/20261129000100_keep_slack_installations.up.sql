-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- Apps in Slack that workspaces have of their own. docs/slack.md explains.
CREATE TABLE slack_installations (
    workspace_id uuid PRIMARY KEY REFERENCES workspaces (id) ON DELETE CASCADE,
    -- Another one with each change: by it instances notice that it is another.
    revision     uuid NOT NULL,
    -- As Slack named them when the token was tried.
    team         text NOT NULL,
    team_name    text NOT NULL,
    enterprise   text,
    bot          text NOT NULL,
    -- Where cards go whose request names no channel. NULL: to each person.
    channel      text,
    -- Sealed: the bot's token, and what Slack signs with.
    secrets      bytea NOT NULL,
    -- Since when Slack has refused the token, and how.
    refused_at   timestamptz,
    refused_why  text,
    set_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT slack_installations_refused CHECK ((refused_at IS NULL) = (refused_why IS NULL))
);
-- One app of a team serves one workspace: its signature says no more than which app it is.
CREATE UNIQUE INDEX slack_installations_app ON slack_installations (team, bot);

ALTER TABLE slack_installations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_workspace ON slack_installations TO signoff_app
    USING (workspace_id IS NOT DISTINCT FROM (SELECT current_workspace()))
    WITH CHECK (workspace_id = (SELECT current_workspace()));
GRANT SELECT, INSERT, DELETE ON slack_installations TO signoff_app;
CREATE POLICY delivering ON slack_installations TO signoff_notify USING (true);
GRANT SELECT, UPDATE (refused_at, refused_why) ON slack_installations TO signoff_notify;
