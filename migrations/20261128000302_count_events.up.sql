-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- How many bytes of events each workspace has sent in a day (UTC, by this database's clock): what the daily quota is held
-- against. Instances add what they took every few seconds; no publish reads it. Without a foreign key, which would lock
-- the workspace's row each time.
CREATE TABLE event_usage (
    workspace_id uuid NOT NULL,
    day          date NOT NULL,
    bytes        bigint NOT NULL CHECK (bytes >= 0),
    PRIMARY KEY (workspace_id, day)
);
-- Rows are few, and are written over and over.
ALTER TABLE event_usage SET (fillfactor = 50);
CREATE INDEX event_usage_age ON event_usage (day);

ALTER TABLE event_usage ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY upkeep ON event_usage TO signoff_work USING (true);
CREATE POLICY administration ON event_usage FOR SELECT TO signoff_operator USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (bytes) ON event_usage TO signoff_work;
GRANT SELECT ON event_usage TO signoff_operator;
