"""Errors of the database that are not bugs: those that mean "come back later", with the message for each.

By SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html), as the class of an exception differs
between the driver, SQLAlchemy, and a COPY on the raw connection.
"""

import structlog
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tgl_server import errors
from tgl_server.db.away import is_database_away, sqlstate_of
from tgl_server.logs.outages import reason_of

log = structlog.get_logger()

_NOT_LET_IN = "The database refuses the server's connection; the server's administrator must check its settings."
_BUSY = "Other requests changed the same data at this moment; try again."

# Messages by the whole SQLSTATE, or else by its class, which is its first two characters.
_REASONS = {
    "08": "",
    "28": _NOT_LET_IN,
    "3D000": _NOT_LET_IN,
    "25006": "The database takes no writes at the moment; try again later.",
    "40": _BUSY,
    "53": "The database has no room for this at the moment; try again later.",
    "53300": "",
    "55P03": _BUSY,
    "57": "",
    "57014": "The database was too slow to do this; try again.",
    "58": "The database cannot use its disk at the moment; try again later.",
}


def database_refusal(error: Exception) -> errors.Unavailable | None:
    """A 503 error for a database that is unreachable, full, read-only, locked or slow, which is logged; else None."""
    if isinstance(error, PoolTimeoutError):
        log.warning("database_pool_exhausted")
        return errors.Unavailable("All connections to the database are in use; try again.")
    code = sqlstate_of(error)
    if code is not None and (reason := _REASONS.get(code, _REASONS.get(code[:2]))) is not None:
        log.warning("database_unavailable", sqlstate=code, reason=reason_of(error))
        return errors.Unavailable(reason)
    if is_database_away(error):
        log.warning("database_unavailable", reason=reason_of(error))
        return errors.Unavailable()
    return None
