-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- An approval doesn't count while its approver is disabled and nothing is decided. The roles that decide, and that read
-- for waiters, must see that. Of a principal they see besides the name, by which policies call it.
CREATE POLICY standing ON principals FOR SELECT TO signoff_commit, signoff_read USING (true);
GRANT SELECT (id, workspace_id, name, disabled_at) ON principals TO signoff_commit;
GRANT SELECT (id, disabled_at) ON principals TO signoff_read;
