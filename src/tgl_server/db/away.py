"""Whether an error means that the database is away."""

from asyncpg import InternalClientError, PostgresError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

#: asyncpg raises the second for a connection that is cut between two messages of its opening.
_OF_A_CUT_CONNECTION = OSError | InternalClientError


def is_database_away(error: Exception) -> bool:
    """True if the connection could not be made or was cut, so that another try may succeed."""
    if isinstance(error, OperationalError | InterfaceError | _OF_A_CUT_CONNECTION):
        return True
    code = sqlstate_of(error)
    if code is not None and (code.startswith(("08", "57P")) or code == "53300"):
        return True
    return isinstance(error, DBAPIError) and (
        error.connection_invalidated or isinstance(error.orig and error.orig.__cause__, _OF_A_CUT_CONNECTION)
    )


def may_pass(error: Exception) -> bool:
    """True also for a deadlock, a serialization failure, and a lock that others held for too long."""
    code = sqlstate_of(error) or ""
    return is_database_away(error) or code.startswith("40") or code == "55P03"


def is_database_lost(error: Exception) -> bool:
    """True also for a database that does not let us in, or that is not there."""
    return is_database_away(error) or (sqlstate_of(error) or "").startswith(("28", "3D"))


def sqlstate_of(error: Exception) -> str | None:
    """The SQLSTATE of an error, five characters, however it is wrapped; None for any other exception."""
    found = error if isinstance(error, PostgresError) else getattr(error, "orig", None)
    code = getattr(found, "sqlstate", None)
    return code if isinstance(code, str) else None
