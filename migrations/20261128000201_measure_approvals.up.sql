-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- How many bytes an approval takes, with its votes: whoever lists approvals, waits for one or decides many knows it
-- before they read (docs/decisions/0023). Counted by whoever writes: making one counts what was asked, and each vote and
-- the outcome add what they bring. NULL where a version wrote the row that did not count.
ALTER TABLE approval_requests ADD COLUMN size integer;
GRANT UPDATE (size) ON approval_requests TO signoff_commit;

-- The same for rows without a count. Names count a little more than they are long, as they do where it is counted.
CREATE FUNCTION approval_size(
    context json, checkpoint json, metadata json, result json, title text, description text, policy jsonb
) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT 1024 + octet_length(context::text) + coalesce(octet_length(checkpoint::text), 0)
           + octet_length(metadata::text) + coalesce(octet_length(result::text), 0) + coalesce(octet_length(title), 0)
           + coalesce(octet_length(description), 0) + octet_length(policy::text)
           + 64 * coalesce(jsonb_array_length(CASE WHEN jsonb_typeof(policy -> 'allowed_approvers') = 'array'
                                                   THEN policy -> 'allowed_approvers' END), 0);
END;
