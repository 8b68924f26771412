"""The database: engine, transactions, COPY, migrations, the embedded PostgreSQL."""
