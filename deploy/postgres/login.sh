#!/bin/sh
# Run once by the Postgres image, when it makes its data directory: the login that instances use. It owns nothing.
set -eu
psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set=ON_ERROR_STOP=1 --set=password="$POSTGRES_PASSWORD" <<'SQL'
CREATE ROLE signoff LOGIN PASSWORD :'password';
SQL
