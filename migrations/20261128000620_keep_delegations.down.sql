DROP TABLE delegations;
ALTER TABLE workspaces DROP COLUMN delegation;
