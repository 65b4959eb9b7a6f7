-- The login that takes backups, copies and anonymised extracts (docs/operating.md, "Backups"). Row-level security is
-- forced on every table, so that not even their owner sees all rows: pg_dump fails as the owner, and with
-- --enable-row-security it succeeds and holds none. This login passes by it, may read everything, and changes nothing.
--
-- To be run once on a server, by a superuser, in any database:
--
--   psql -f deploy/postgres/backup.sql
--
-- Then give it a password (\password signoff_backup), and let it in where you let others in (pg_hba.conf).
-- It sees what every workspace asked, and the hashes of keys: keep it as you keep the backups.

CREATE ROLE signoff_backup LOGIN BYPASSRLS CONNECTION LIMIT 4;
GRANT pg_read_all_data TO signoff_backup;
ALTER ROLE signoff_backup SET default_transaction_read_only = on;
