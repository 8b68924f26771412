"""The database: engine, transactions, COPY, migrations, the embedded PostgreSQL.

No feature's SQL belongs here: only `migrate` asks for the database's version, and `pooler` for its process.
"""
