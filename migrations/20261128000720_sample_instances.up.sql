-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- What each instance counted, one row a heartbeat, written by the heartbeat's own statement. Counts only grow, from the
-- start of the instance on: a sample that was lost, or written twice, makes no count wrong. Kept for some hours.
CREATE TABLE instance_samples (
    instance_id            text NOT NULL,
    at                     timestamptz NOT NULL DEFAULT now(),
    -- As it was at that moment.
    sockets                integer NOT NULL,
    waiters                integer NOT NULL,
    queued_writes          integer NOT NULL,
    queued_reads           integer NOT NULL,
    bus_up                 boolean NOT NULL,
    -- The worst since the sample before.
    sweep_lag_seconds      float8 NOT NULL,
    longest_commit_seconds float8 NOT NULL,
    -- Since the start of the instance.
    decisions              bigint NOT NULL,
    commits                bigint NOT NULL,
    commit_seconds         float8 NOT NULL,
    -- By source: local, redis, sweep.
    wakes                  bigint[] NOT NULL,
    -- How many waiters were answered within each bound of src/telemetry/tally.rs, and last those beyond all of them.
    wake_delays            integer[] NOT NULL,
    PRIMARY KEY (instance_id, at)
);
CREATE INDEX instance_samples_at ON instance_samples (at);

-- What happened to the service. Kept for some days.
CREATE TABLE cluster_events (
    id          uuid PRIMARY KEY,
    at          timestamptz NOT NULL,
    instance_id text NOT NULL,
    kind        text NOT NULL CHECK (kind IN (
        'started', 'draining', 'stopped', 'lost', 'returned',
        'redis_away', 'redis_back', 'database_away', 'database_back'))
);
CREATE INDEX cluster_events_at ON cluster_events (at, id);

-- When another instance found its lease run out; told once, by who sets it.
ALTER TABLE instances ADD COLUMN lost_at timestamptz;

ALTER TABLE instance_samples ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE cluster_events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY everybody ON instance_samples FOR SELECT TO signoff_app USING (true);
CREATE POLICY everybody ON cluster_events FOR SELECT TO signoff_app USING (true);
CREATE POLICY upkeep ON instance_samples TO signoff_work USING (true);
CREATE POLICY upkeep ON cluster_events TO signoff_work USING (true);
GRANT SELECT ON instance_samples, cluster_events TO signoff_app;
GRANT SELECT, INSERT, DELETE ON instance_samples, cluster_events TO signoff_work;
-- For locking rows; never changed.
GRANT UPDATE (at) ON instance_samples, cluster_events TO signoff_work;
