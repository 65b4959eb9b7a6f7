-- The log of what happens to a task, and where in it each task stands.

-- `last_seq` is handed on under this row's lock, so that a reader with a cursor can't skip what commits late. It
-- starts at the microseconds of the row's making: a task that was forgotten and comes back never reuses a number.
-- `start` is the number before the first event, so that a reader from the beginning can tell whether that is still
-- there.
-- `added` is how far the latest append moved it; `pending` counts the task's pending approvals. Nothing that
-- changes with an append is indexed, so that it stays a heap-only update.
CREATE TABLE tasks (
    workspace_id uuid NOT NULL,
    task_id      text NOT NULL CHECK (char_length(task_id) BETWEEN 1 AND 200),
    run_id       text,
    session_id   text,
    start        bigint NOT NULL,
    last_seq     bigint NOT NULL,
    added        integer NOT NULL DEFAULT 0,
    pending      integer NOT NULL DEFAULT 0,
    used         boolean NOT NULL DEFAULT false,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, task_id)
) WITH (fillfactor = 70);
CREATE INDEX tasks_unused ON tasks (created_at) WHERE NOT used;

CREATE TABLE task_events (
    workspace_id uuid NOT NULL,
    task_id      text NOT NULL,
    seq          bigint NOT NULL,
    event_type   text NOT NULL,
    run_id       text,
    session_id   text,
    data         json NOT NULL,
    -- Of `data`, in bytes: a page of events is cut by it without reading what it leaves out.
    size         integer NOT NULL,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, task_id, seq)
);
CREATE INDEX task_events_age ON task_events (created_at);

-- What a socket is told when it opens.
CREATE INDEX approval_requests_of_task ON approval_requests (workspace_id, task_id, id) WHERE status = 'pending';

INSERT INTO tasks (workspace_id, task_id, run_id, session_id, start, last_seq, pending)
SELECT workspace_id, task_id, max(run_id), max(session_id), max(s.start), max(s.start), count(*)
  FROM approval_requests CROSS JOIN (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS start) s
 WHERE status = 'pending'
 GROUP BY workspace_id, task_id;
