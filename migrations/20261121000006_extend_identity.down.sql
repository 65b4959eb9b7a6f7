ALTER TABLE approval_requests DROP COLUMN on_behalf_of;
DELETE FROM ws_tickets WHERE key_id IS NULL;
ALTER TABLE ws_tickets
    DROP CONSTRAINT ws_tickets_stand_for_one,
    DROP COLUMN token_expires_at,
    DROP COLUMN principal_id,
    DROP COLUMN session_id,
    ALTER COLUMN key_id SET NOT NULL;
DROP TABLE sign_ins;
DROP TABLE browser_sessions;
DROP INDEX api_keys_of_principal;
ALTER TABLE api_keys
    DROP COLUMN rotated_to,
    DROP COLUMN last_used_at,
    DROP COLUMN expires_at,
    DROP COLUMN roles,
    DROP COLUMN label;
DROP TABLE roles;
ALTER TABLE principals
    DROP CONSTRAINT principals_known_whole,
    DROP COLUMN updated_at,
    DROP COLUMN disabled_at,
    DROP COLUMN claimed_at,
    DROP COLUMN subject,
    DROP COLUMN issuer,
    DROP COLUMN claimed_groups,
    DROP COLUMN claimed_roles,
    DROP COLUMN groups,
    DROP COLUMN roles,
    DROP COLUMN email,
    DROP COLUMN display_name,
    DROP COLUMN kind;
ALTER TABLE workspaces
    DROP COLUMN updated_at,
    DROP COLUMN allow_timeout_approve;
