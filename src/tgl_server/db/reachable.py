"""One sentence about why a database cannot be used, before a command asks it for anything else."""

import os

from sqlalchemy import URL, NullPool
from sqlalchemy.exc import DBAPIError

from tgl_server.db.engine import database_url, open_engine
from tgl_server.errors import ServerError, StartupError

_CORRECT = "correct DATABASE_URL"
# What to do about a refused connection, by its SQLSTATE.
_REMEDIES = {
    "28P01": "correct user and password in DATABASE_URL",
    "28000": "correct user and password in DATABASE_URL, or the server's pg_hba.conf",
    "3D000": f"make it with `createdb`, or {_CORRECT}",
    "53300": "close some, or raise its max_connections",
    "57P03": "try again in a moment",
}


class DatabaseUnreachable(StartupError):
    """The database cannot be reached, or does not let us in."""


class DatabaseLost(ServerError):
    """The database went away while a command used it."""

    def __init__(self, text: str, error: Exception) -> None:
        super().__init__(
            f"the database at {_place(database_url(text))} went away in the middle: {_reason(error)}; "
            "look into its log, check whether this was done, and run the command again"
        )


async def check_reachable(text: str) -> None:
    """Raises `DatabaseUnreachable`, which names host and port of a DATABASE_URL and never its password."""
    url = database_url(text)
    engine = open_engine(text, poolclass=NullPool)
    try:
        async with engine.connect():
            pass
    except (OSError, OverflowError, UnicodeError) as error:
        raise DatabaseUnreachable(
            f"cannot reach the database at {_place(url)}: {_reason(error)}; start PostgreSQL there, or {_CORRECT}"
        ) from None
    except DBAPIError as error:
        remedy = _REMEDIES.get(str(getattr(error.orig, "sqlstate", "")), _CORRECT)
        raise DatabaseUnreachable(f"the database at {_place(url)} cannot be used: {error.orig}; {remedy}") from None
    finally:
        await engine.dispose()


def place_of(text: str) -> str:
    """Host and port of a DATABASE_URL, for messages."""
    return _place(database_url(text))


def _place(url: URL) -> str:
    """Host and port to show; what the URL leaves out, asyncpg takes from the environment."""
    host = url.host or url.query.get("host") or os.environ.get("PGHOST", "localhost")
    port = url.port or url.query.get("port") or os.environ.get("PGPORT", "5432")
    return f"{_joined(host)} port {_joined(port)}"


def _joined(value: str | int | tuple[str, ...]) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _reason(error: Exception) -> str:
    if isinstance(error, DBAPIError):
        return str(error.orig)
    if isinstance(error, TimeoutError) and not error.strerror:
        return "it does not answer"
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    return getattr(error, "strerror", None) or str(error)
