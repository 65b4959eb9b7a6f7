-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- What one credential stands for is looked up with every few seconds of its use. So the lists behind it are short by
-- rule: nothing that a workspace writes can make the look at its credentials slow for all.
--
-- Names that stand there twice say nothing. What is beyond the limits can't have been granted through the API but by
-- repeating names; the first ones stay.
ALTER TABLE roles NO FORCE ROW LEVEL SECURITY;
ALTER TABLE api_keys NO FORCE ROW LEVEL SECURITY;
ALTER TABLE principals NO FORCE ROW LEVEL SECURITY;

CREATE FUNCTION pg_temp.few(names text[], most integer) RETURNS text[] LANGUAGE sql AS $$
    SELECT coalesce((array_agg(n.name ORDER BY n.place))[1:most], '{}')
      FROM (SELECT u.name, min(u.place) AS place
              FROM unnest(names) WITH ORDINALITY AS u(name, place) GROUP BY u.name) n
$$;

UPDATE roles SET permissions = pg_temp.few(permissions, 64)
 WHERE permissions <> pg_temp.few(permissions, 64);
UPDATE api_keys SET permissions = pg_temp.few(permissions, 64), roles = pg_temp.few(roles, 100)
 WHERE permissions <> pg_temp.few(permissions, 64) OR roles <> pg_temp.few(roles, 100);
UPDATE principals SET roles = pg_temp.few(roles, 100), groups = pg_temp.few(groups, 100)
 WHERE cardinality(roles) > 100 OR cardinality(groups) > 100;

-- Above what there is today: a newer version may know more permissions.
ALTER TABLE roles ADD CONSTRAINT permissions_are_few CHECK (cardinality(permissions) <= 64);
ALTER TABLE api_keys ADD CONSTRAINT grants_are_few
    CHECK (cardinality(permissions) <= 64 AND cardinality(roles) <= 100);
ALTER TABLE principals ADD CONSTRAINT grants_are_few
    CHECK (cardinality(roles) <= 100 AND cardinality(groups) <= 100
           AND cardinality(claimed_roles) <= 100 AND cardinality(claimed_groups) <= 100);

ALTER TABLE roles FORCE ROW LEVEL SECURITY;
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
ALTER TABLE principals FORCE ROW LEVEL SECURITY;
