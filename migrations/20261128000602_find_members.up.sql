-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- Who has a role, or is in a group, looked up by its name. The lists stand with the principals, but behind row-level
-- security no index on a list is used. A trigger keeps this table, whichever statement writes.
CREATE TABLE principal_memberships (
    workspace_id uuid NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('role', 'group')),
    name         text NOT NULL,
    principal_id uuid NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    PRIMARY KEY (workspace_id, kind, name, principal_id)
);
CREATE INDEX principal_memberships_of ON principal_memberships (principal_id);

ALTER TABLE principals NO FORCE ROW LEVEL SECURITY;
INSERT INTO principal_memberships (workspace_id, kind, name, principal_id)
SELECT p.workspace_id, m.kind, m.name, p.id
  FROM principals p
 CROSS JOIN LATERAL (SELECT 'role' AS kind, unnest(p.roles || p.claimed_roles) AS name
                     UNION SELECT 'group', unnest(p.groups || p.claimed_groups)) m;
ALTER TABLE principals FORCE ROW LEVEL SECURITY;

CREATE FUNCTION keep_memberships() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM principal_memberships m
     WHERE m.principal_id = NEW.id
       AND NOT m.name = ANY (CASE m.kind WHEN 'role' THEN NEW.roles || NEW.claimed_roles
                                         ELSE NEW.groups || NEW.claimed_groups END);
    INSERT INTO principal_memberships (workspace_id, kind, name, principal_id)
    SELECT NEW.workspace_id, m.kind, m.name, NEW.id
      FROM (SELECT 'role' AS kind, unnest(NEW.roles || NEW.claimed_roles) AS name
            UNION SELECT 'group', unnest(NEW.groups || NEW.claimed_groups)) m
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER keep_memberships AFTER INSERT OR UPDATE OF roles, groups, claimed_roles, claimed_groups ON principals
    FOR EACH ROW EXECUTE FUNCTION keep_memberships();

ALTER TABLE principal_memberships ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_workspace ON principal_memberships TO signoff_app
    USING (workspace_id IS NOT DISTINCT FROM (SELECT current_workspace()))
    WITH CHECK (workspace_id = (SELECT current_workspace()));
CREATE POLICY credentials ON principal_memberships TO signoff_auth USING (true);
CREATE POLICY administration ON principal_memberships TO signoff_operator USING (true);
GRANT SELECT, INSERT, DELETE ON principal_memberships TO signoff_app, signoff_auth, signoff_operator;
