-- A vote of somebody who was disabled after it doesn't count while the approval is pending; whoever decides, and
-- whoever reads for those who wait, must see that. Nothing else of a principal is theirs to see but the name, by which
-- policies call them.
CREATE POLICY standing ON principals FOR SELECT TO signoff_commit, signoff_read USING (true);
GRANT SELECT (id, workspace_id, name, disabled_at) ON principals TO signoff_commit;
GRANT SELECT (id, disabled_at) ON principals TO signoff_read;
