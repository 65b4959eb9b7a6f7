DROP TABLE audit_progress;
DROP TABLE audit_checkpoints;
DROP TABLE audit_chain;
DROP TRIGGER numbered_last ON audit_log;
DROP FUNCTION audit_log_numbered_last();
ALTER TABLE audit_log
    DROP CONSTRAINT audit_log_at_check,
    DROP COLUMN after,
    DROP COLUMN before,
    DROP COLUMN user_agent,
    DROP COLUMN address,
    DROP COLUMN credential,
    DROP COLUMN on_behalf_of,
    DROP COLUMN subject;
