-- What an approval belongs to besides its run: a workflow, by name. And which part of its context is the proposal.
--
-- Both are for those who look: nothing decides by them. A version that knows neither leaves them empty.

-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

ALTER TABLE approval_requests
    ADD COLUMN workflow text,
    ADD COLUMN view json,
    ADD CONSTRAINT approval_requests_workflow_check CHECK (workflow ~ '^[A-Za-z0-9._:-]{1,200}$') NOT VALID;

-- The terms of the version before, and the workflow's: as a term of its own (f), and as words.
CREATE FUNCTION approval_terms(
    approval uuid, workspace uuid, run_id text, approval_type text, title text, description text, status text,
    resolution text, requested_by text, resolved_by text, workflow text
) RETURNS tsvector
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    home text := right(workspace::text, 6);
    terms tsvector := approval_terms(approval, workspace, run_id, approval_type, title, description, status,
                                     resolution, requested_by, resolved_by);
    more text[];
    word text;
BEGIN
    IF workflow IS NULL THEN
        RETURN terms;
    END IF;
    more := ARRAY[home || 'f' || workflow];
    FOREACH word IN ARRAY approval_words(workflow) LOOP
        more := array_append(more, home || 'w' || word);
    END LOOP;
    RETURN terms || array_to_tsvector(more);
END
$$;

-- What a search asks of them: what the version before asks, and the workflow.
CREATE FUNCTION approval_query(
    workspace uuid, run_id text, status text, resolution text, requested_by text, decided_by text, words text,
    shortest integer, workflow text
) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN workflow IS NULL THEN q.query ELSE coalesce(q.query && f.query, f.query) END
      FROM (SELECT approval_query(workspace, run_id, status, resolution, requested_by, decided_by, words, shortest)
                   AS query) q
     CROSS JOIN (SELECT ('''' || replace(replace(right(workspace::text, 6) || 'f' || workflow, '\', '\\'), '''', '''''')
                         || '''')::tsquery AS query) f;
END;
