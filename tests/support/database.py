"""Questions to the database on a connection of the test's own, and ways to cut the connections of others."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.support.waiting import LONGEST_SECONDS, until
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

Lose = Callable[[Database, int], Awaitable[object]]

#: Whose turn comes after our lock.
_WAITING = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = CAST('{}' AS regclass)"
_LOCK_WAITS = """
    SELECT count(*) >= :count FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()
"""

# The marks first: a server that follows is waited for, and then has nothing to follow.
_DELETE_ALL = """
    DO $$ DECLARE name text; BEGIN
        FOR name IN
            SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
            ORDER BY tablename <> 'follower_marks'
        LOOP
            EXECUTE format('DELETE FROM %I', name);
        END LOOP;
    END $$
"""


async def rows(database: Database, query: str, **parameters: Any) -> list[Any]:
    """All rows of a query."""
    async with database.statements() as connection:
        return list((await connection.execute(text(query), parameters)).all())


@asynccontextmanager
async def changes_fail(database: Database, table: str, change: str, code: str) -> AsyncIterator[None]:
    """Let every INSERT or UPDATE of a table fail with an SQLSTATE while the block runs."""
    await execute(
        database,
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION 'as told' USING ERRCODE = '{code}'; END $$",
        f"CREATE TRIGGER fail BEFORE {change} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION fail()",
    )
    try:
        yield
    finally:
        await execute(database, "DROP FUNCTION fail() CASCADE")


async def scalar(database: Database, query: str, **parameters: Any) -> Any:
    """The query's one value."""
    async with database.statements() as connection:
        return await connection.scalar(text(query), parameters)


_DEADLOCK = "40P01"

#: Tables that a running server writes by itself, whatever a test does.
IN_THE_BACKGROUND = {
    *("events", "event_marks", "follower_marks", "repo_troubles", "outgoing_mail", "endpoint_deliveries"),
    *(
        "author_days",
        "author_months",
        "author_totals",
        "repo_days",
        "repo_weeks",
        "repo_roots",
        "repo_authors",
        "pull_workers",
    ),
    *("api_key_days", "auth_sessions", "players", "identities", "identity_events", "notices", "chat_notices"),
    *("ledger", "player_days", "player_weeks", "standings", "season_authors", "season_weeks"),
}


async def every_row(database: Database, *, without: Collection[str] = ()) -> str:
    """Every row of every table as text, as in a dump."""
    tables = await rows(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    found = [
        await rows(database, f"SELECT CAST(t AS text) FROM {table} t") for (table,) in tables if table not in without
    ]
    return "\n".join(text for table in found for (text,) in table)


async def execute(database: Database, *statements: str, **parameters: Any) -> None:
    """Execute statements together in a transaction of their own."""
    async with database.transaction() as tx:
        for statement in statements:
            await tx.execute(text(statement), parameters)


async def delete_all_rows(database: Database) -> None:
    """Delete the rows of every table, without foreign keys and the trigger that keeps the audit log append-only.

    A server of other tests may be at work on them, in an order of its own: where the two wait for each other, again.
    """
    while True:
        try:
            await execute(database, "SET LOCAL session_replication_role = replica", _DELETE_ALL)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _DEADLOCK:
                raise
        else:
            return


async def count(database: Database, table: str) -> int:
    """The number of rows in the table."""
    return int(await scalar(database, f"SELECT count(*) FROM {table}"))


async def rows_of_repo(database: Database, repo_id: str) -> dict[str, int]:
    """The number of a repository's rows in each table."""
    stored = "commits", "repo_refs", "ref_updates", "sync_runs", "sync_run_errors", "repo_states", "ingest_log"
    remote = "repo_pulls", "remote_tips", "landed"
    followed = (
        "follower_marks",
        "repo_roots",
        "author_days",
        "author_months",
        "author_totals",
        "repo_days",
        "repo_weeks",
        "repo_authors",
    )
    owned = dict.fromkeys((*stored, *remote, *followed), "repo_id") | {"repos": "id"}
    return {
        table: await scalar(database, f"SELECT count(*) FROM {table} WHERE {column} = :id", id=UUID(repo_id))
        for table, column in owned.items()
    }


async def audited(database: Database, action: str) -> list[Any]:
    """Outcome, details, resource and actors of each audit entry with this action, oldest first."""
    query = "SELECT outcome, details, resource_id, actor_user_id, actor_key_id FROM audit_logs WHERE action = :action"
    return await rows(database, f"{query} ORDER BY id", action=action)


async def until_query(database: Database, query: str, *, seconds: float = LONGEST_SECONDS, **parameters: Any) -> None:
    """Wait until the query's one value is true."""
    await until(lambda: scalar(database, query, **parameters), seconds)


async def until_locks_wait(database: Database, number: int) -> None:
    """Wait until that many sessions wait for a lock."""
    await until_query(database, _LOCK_WAITS, count=number)


async def end_backend(database: Database, pid: int) -> None:
    """End a session, as an administrator does."""
    assert await scalar(database, f"SELECT pg_terminate_backend({pid})")


@contextmanager
def lost_while_reading(url: str, table: str, lose: Lose, mode: str = "ACCESS EXCLUSIVE") -> Iterator[None]:
    """Make readers of the table wait for a lock of ours, until `lose` gets the process that serves them.

    With mode EXCLUSIVE only those wait who read rows to change them.
    """
    locked = threading.Event()

    async def watch() -> None:
        database = Database(Settings(database_url=url))
        with suppress(DBAPIError):  # the end of ours, where all are ended
            async with database.transaction() as holding:
                await holding.execute(text(f"LOCK TABLE {table} IN {mode} MODE"))
                locked.set()
                await lose(database, await until(lambda: scalar(database, _WAITING.format(table))))
        await database.close()

    watching = threading.Thread(target=lambda: asyncio.run(watch()))
    watching.start()
    assert locked.wait(30)
    yield
    watching.join()
