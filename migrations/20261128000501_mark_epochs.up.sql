-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- Which life of the database this is. A cursor is a number in a task's log, and a number is worth nothing in a
-- database that was set back: events that came after the backup lend their numbers to others. So the life has a mark,
-- which belongs to each cursor. A database that was restored, or that took over for another, gets a new mark.
--
-- A database knows that it was restored by what a copy can't take along: the server's identifier and its timeline, the
-- database's own number, and which transaction wrote this row.

-- Its names are bound here and now.
CREATE FUNCTION database_identity() RETURNS text LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT CASE WHEN NOT pg_is_in_recovery() THEN
               (SELECT s.system_identifier FROM pg_control_system() AS s)::text || '/'
               || left(pg_walfile_name(pg_current_wal_lsn()), 8) || '/'
               || (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())::text
           END;
END;

CREATE TABLE log_epoch (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    -- 0 is the first life.
    epoch    bigint NOT NULL CHECK (epoch BETWEEN 0 AND 4294967295),
    since    timestamptz NOT NULL DEFAULT now(),
    -- Where this row was written, and by which transaction. NULL: no instance has looked yet.
    identity text,
    writer   text
);

INSERT INTO log_epoch (epoch) VALUES (0);

ALTER TABLE log_epoch ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
-- It says nothing of any workspace.
CREATE POLICY everybody ON log_epoch FOR SELECT
    TO signoff_app, signoff_commit, signoff_read, signoff_work, signoff_auth, signoff_operator USING (true);
CREATE POLICY marking ON log_epoch FOR UPDATE TO signoff_work, signoff_operator USING (true);
GRANT SELECT ON log_epoch
    TO signoff_app, signoff_commit, signoff_read, signoff_work, signoff_auth, signoff_operator;
GRANT UPDATE (epoch, since, identity, writer) ON log_epoch TO signoff_work, signoff_operator;
