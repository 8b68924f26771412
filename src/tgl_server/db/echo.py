"""SQLALCHEMY_ECHO: every statement as a line of the log at debug level, and never its values."""

from typing import Any

import structlog
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

log = structlog.get_logger()


def echo_statements(engine: AsyncEngine) -> None:
    """Log what the engine executes from now on. SQLAlchemy's own `echo` prints beside the log, with people's names."""
    event.listen(engine.sync_engine, "before_cursor_execute", _log)


def _log(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
    log.debug("statement", sql=" ".join(statement.split()))
