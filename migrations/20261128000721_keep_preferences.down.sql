ALTER TABLE workspaces DROP COLUMN reject_reasons;
DROP TABLE preferences;
