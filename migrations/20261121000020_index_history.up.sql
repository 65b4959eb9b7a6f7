-- The history: what has ended, newest first, and found by its words, people and outcomes.

-- How long a workspace keeps what has ended; NULL: for ever.
ALTER TABLE workspaces ADD COLUMN history_retention_days integer
    CHECK (history_retention_days BETWEEN 1 AND 36500);
CREATE INDEX workspaces_that_forget ON workspaces (id) WHERE history_retention_days IS NOT NULL;

-- What an approval that has ended can be found by. Not written by whoever decides, but soon after, by a background
-- service (docs/decisions/0020): until then a search looks at the approval itself.
CREATE TABLE approval_search (
    approval_id  uuid PRIMARY KEY REFERENCES approval_requests (id) ON DELETE CASCADE,
    workspace_id uuid NOT NULL,
    resolved_at  timestamptz NOT NULL,
    terms        tsvector NOT NULL
);
-- Searching reads what is pending in this index from its beginning to its end: it must stay short.
CREATE INDEX approval_search_terms ON approval_search USING gin (terms) WITH (gin_pending_list_limit = 512);

-- A mark in the history of all workspaces: whatever ended before this moment, or in it with a smaller id, has its row in
-- approval_search.
CREATE TABLE approval_search_progress (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),
    resolved_at timestamptz NOT NULL,
    approval_id uuid NOT NULL
);
INSERT INTO approval_search_progress (resolved_at, approval_id)
VALUES ('1970-01-01 00:00:00Z', '00000000-0000-0000-0000-000000000000');

-- The words of a text: what stands between anything that is neither letter nor digit, in lower case, cut at 64
-- characters, so that no word is too long for an index.
--
-- This and the next are PL/pgSQL, which keeps its plans: they are called for each outcome, and took four times as long
-- in SQL. A word that occurs twice is there twice, which changes nothing for those who ask.
CREATE FUNCTION approval_words(content text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    words text[] := '{}';
    word text;
BEGIN
    FOREACH word IN ARRAY regexp_split_to_array(lower(normalize(content, NFKC)), '[^[:alnum:]]+') LOOP
        IF word <> '' THEN
            words := array_append(words, left(word, 64));
        END IF;
    END LOOP;
    RETURN words;
END
$$;

-- All that an approval can be found by: its words (w), its run (r), its status (s), its resolution (o), who asked (b),
-- and who decided (d): whoever cast a vote, or ended it by hand.
--
-- Each term begins with a part of the workspace's id, so that the terms of a workspace lie together in the index, and
-- looking for the beginning of a word never comes across those of others.
CREATE FUNCTION approval_terms(
    approval uuid, workspace uuid, run_id text, approval_type text, title text, description text, status text,
    resolution text, requested_by text, resolved_by text
) RETURNS tsvector
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    home text := right(workspace::text, 6);
    terms text[] := ARRAY[home || 'r' || run_id, home || 's' || status, home || 'o' || coalesce(resolution, 'none'),
                          home || 'b' || requested_by];
    word text;
BEGIN
    FOREACH word IN ARRAY approval_words(concat_ws(' ', title, description, approval_type, run_id)) LOOP
        terms := array_append(terms, home || 'w' || word);
    END LOOP;
    IF resolved_by IS NOT NULL THEN
        terms := array_append(terms, home || 'd' || resolved_by);
    END IF;
    FOR word IN SELECT d.principal_name FROM approval_decisions d WHERE d.approval_id = approval LOOP
        terms := array_append(terms, home || 'd' || word);
    END LOOP;
    RETURN array_to_tsvector(terms);
END
$$;

-- What a search asks of those terms: each of the given ones, and for each of `words` one that begins like it. Words
-- shorter than `shortest` are left out where there are longer ones.
CREATE FUNCTION approval_query(
    workspace uuid, run_id text, status text, resolution text, requested_by text, decided_by text, words text,
    shortest integer
) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT string_agg(
               '''' || replace(replace(right(workspace::text, 6) || p.term, '\', '\\'), '''', '''''') || p.how, ' & '
           )::tsquery
      FROM (VALUES ('r' || run_id, ''''), ('s' || status, ''''), ('o' || resolution, ''''),
                   ('b' || requested_by, ''''), ('d' || decided_by, ''''),
                   -- Nothing is called that: a text without a word in it finds nothing.
                   (CASE WHEN approval_words(words) = '{}' THEN '' END, '''')
            UNION ALL
            SELECT 'w' || w.word, ''':*'
              FROM (SELECT u.word, length(u.word) AS length, max(length(u.word)) OVER () AS longest
                      FROM unnest(approval_words(words)) AS u(word)) w
             WHERE w.length >= shortest OR w.longest < shortest) AS p(term, how)
     WHERE p.term IS NOT NULL;
END;

-- What has ended in a workspace, newest first, within the given bounds: at most so many.
--
-- A function for its settings: left alone, the planner takes the smaller index on the time or on the run, and reads
-- other workspaces' approvals, or all of this one's, to find a page.
CREATE FUNCTION approval_history(
    workspace uuid, since timestamptz, before timestamptz, before_id uuid, most bigint
) RETURNS TABLE (approval_id uuid, resolved_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
SET enable_seqscan = off SET enable_sort = off SET enable_incremental_sort = off
BEGIN ATOMIC
    SELECT a.id, a.resolved_at
      FROM approval_requests a
     WHERE a.workspace_id = workspace AND a.resolved_at >= since AND (a.resolved_at, a.id) < (before, before_id)
     ORDER BY a.resolved_at DESC, a.id DESC
     LIMIT most;
END;

-- The approvals of a workspace that a query finds in the index, newest first, within the given bounds; where there
-- are more than `most`, any so many of them. What `narrow` finds is looked up, and `query` is asked of that.
--
-- It runs as its owner: where rows are kept apart by row-level security, Postgres looks at a row's workspace before it
-- lets a search see the row, and so can't use the index. Here the workspace is an argument, which must be the
-- transaction's.
CREATE FUNCTION search_approvals(
    workspace uuid, narrow tsquery, query tsquery, since timestamptz, before timestamptz, before_id uuid, most bigint
) RETURNS TABLE (approval_id uuid, resolved_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
SET enable_seqscan = off
-- Nothing that it calls may be taken from the caller's temporary schema, which comes first unless it is named.
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT f.approval_id, f.resolved_at
      FROM (SELECT s.approval_id, s.resolved_at
              FROM approval_search s
             WHERE s.terms @@ narrow AND s.workspace_id = workspace
               -- As a policy would: whoever names another workspace than the transaction does, finds nothing.
               AND workspace = current_workspace()
               AND s.resolved_at >= since AND (s.resolved_at, s.approval_id) < (before, before_id)
               -- Not as a condition on the index: the beginnings of short words are found far too often.
               AND (s.terms @@ query) IS TRUE
             LIMIT most) f
     ORDER BY f.resolved_at DESC, f.approval_id DESC;
END;

REVOKE EXECUTE ON FUNCTION search_approvals FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_approvals TO signoff_app;

-- Whoever imports outcomes, or changes their moments by hand, puts them where the indexer has been already: it is sent
-- back. What the service itself writes ends now, and costs no more than the look at the clock.
CREATE FUNCTION send_search_back() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM approval_search WHERE approval_id = NEW.id;
    END IF;
    -- Locked in any case: until this is committed the indexer can't see it, and must not go past it.
    PERFORM FROM approval_search_progress FOR UPDATE;
    -- By a day more than needed, or many of them in one statement would mean as many updates of this one row.
    UPDATE approval_search_progress
       SET resolved_at = NEW.resolved_at - interval '1 day'
     WHERE resolved_at >= NEW.resolved_at;
    RETURN NULL;
END
$$;
CREATE TRIGGER approval_ended_long_ago
    AFTER INSERT OR UPDATE OF resolved_at ON approval_requests
    FOR EACH ROW WHEN (NEW.resolved_at < clock_timestamp() - interval '10 s')
    EXECUTE FUNCTION send_search_back();

-- Until the end of this migration no approval can be written, and these take a few seconds for each million of them.
-- Where there are very many, make both beforehand, with CREATE INDEX CONCURRENTLY and otherwise as they are here; then
-- they are found.
CREATE INDEX IF NOT EXISTS approval_requests_history ON approval_requests (workspace_id, resolved_at, id)
    WHERE resolved_at IS NOT NULL;
-- Instead of the one on the moment alone: the indexer has to get past any number of outcomes of the same moment.
CREATE INDEX IF NOT EXISTS approval_requests_ended ON approval_requests (resolved_at, id)
    WHERE resolved_at IS NOT NULL;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_index i WHERE NOT i.indisvalid AND i.indexrelid IN (
                   'approval_requests_history'::regclass, 'approval_requests_ended'::regclass)) THEN
        RAISE EXCEPTION 'an index that was made concurrently was not finished: drop it and make it again';
    END IF;
END
$$;
DROP INDEX approval_requests_outcomes;

-- Their walls. The owner of the search's function may read the terms, and nothing else: the function runs as it.
ALTER TABLE approval_search ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE approval_search_progress ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_workspace ON approval_search TO signoff_app
    USING (workspace_id IS NOT DISTINCT FROM (SELECT current_workspace())) WITH CHECK (workspace_id = (SELECT current_workspace()));
CREATE POLICY searching ON approval_search FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY indexing ON approval_search TO signoff_work, signoff_commit USING (true);
CREATE POLICY everybody ON approval_search_progress TO signoff_app, signoff_work, signoff_commit USING (true);
GRANT SELECT ON approval_search, approval_search_progress TO signoff_app, signoff_work, signoff_commit;
GRANT INSERT ON approval_search TO signoff_work;
-- Where a trigger sends the indexer back.
GRANT DELETE ON approval_search TO signoff_work, signoff_commit;
GRANT UPDATE (resolved_at, approval_id) ON approval_search_progress TO signoff_work, signoff_commit;
GRANT UPDATE (history_retention_days) ON workspaces TO signoff_app, signoff_operator;
