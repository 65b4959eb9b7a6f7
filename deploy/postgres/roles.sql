-- The roles that Signoff's work is divided among (docs/database-roles.md), for servers where whoever migrates may not
-- create roles. To be run once on a server, by a superuser or a role with CREATEROLE, in any database:
--
--   psql -f deploy/postgres/roles.sql
--
-- Then let the instances' login be one of them:  GRANT signoff_app TO signoff;

CREATE ROLE signoff_app NOLOGIN NOINHERIT;
CREATE ROLE signoff_commit NOLOGIN NOINHERIT;
CREATE ROLE signoff_read NOLOGIN NOINHERIT;
CREATE ROLE signoff_work NOLOGIN NOINHERIT;
CREATE ROLE signoff_auth NOLOGIN NOINHERIT;
CREATE ROLE signoff_operator NOLOGIN NOINHERIT;
CREATE ROLE signoff_notify NOLOGIN NOINHERIT;
GRANT signoff_commit, signoff_read, signoff_work, signoff_auth, signoff_operator, signoff_notify
      TO signoff_app;
