REVOKE SELECT (id, disabled_at) ON principals FROM signoff_read;
REVOKE SELECT (id, workspace_id, name, disabled_at) ON principals FROM signoff_commit;
DROP POLICY standing ON principals;
