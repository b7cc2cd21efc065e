# Makes Temporal's two databases if they are missing, and migrates their schemas. SQL_* names the server.
set -eu

for database in temporal temporal_visibility; do
  temporal-sql-tool --database "$database" create-database
  temporal-sql-tool --database "$database" setup-schema --version 0.0
  temporal-sql-tool --database "$database" update-schema \
    --schema-dir "/etc/temporal/schema/postgresql/v12/${database#temporal_}/versioned"
done
