-- One row for each running process: its lease. Renewed every heartbeat, whatever the instance holds.
CREATE TABLE instances (
    id             text PRIMARY KEY,
    version        text NOT NULL,
    started_at     timestamptz NOT NULL DEFAULT now(),
    last_heartbeat timestamptz NOT NULL DEFAULT now(),
    state          text NOT NULL CHECK (state IN ('serving', 'degraded', 'draining')),
    waiters        integer NOT NULL DEFAULT 0,
    connections    integer NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
