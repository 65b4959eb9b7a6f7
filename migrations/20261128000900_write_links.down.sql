SET LOCAL lock_timeout = '2s';

DROP TABLE notification_preferences, decision_links;
ALTER TABLE workspaces DROP COLUMN redaction;
