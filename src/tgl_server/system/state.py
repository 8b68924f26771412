"""The state of a running server: what its database and one of its processes say of themselves.

A handful of statements, none of which reads a table that grows with pushes: sizes are those of files, rows are
estimates, and of the audit log the last rows are read.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct, convert
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_server.broker.ping import broker_answers
from tgl_server.db.embedded import free_bytes
from tgl_server.db.engine import Database
from tgl_server.db.migrate import newest_version, read_version
from tgl_server.db.standby import Standby, StandbyState
from tgl_server.followers.follower import Followers
from tgl_server.followers.service import Lag, lag_of
from tgl_server.mail.state import MailServerState, read_mail
from tgl_server.pull.operating import PullFigures, SeenWorker, pull_figures
from tgl_server.pull.queue import ALIVE
from tgl_server.services import Services
from tgl_server.settings import Hosting, Settings
from tgl_server.system import queries

_TABLES: Final = 8


class Table(Struct, frozen=True):
    """A table with its indexes on the disk; `rows` is PostgreSQL's estimate."""

    name: str
    bytes: int
    rows: int


class DatabaseState(Struct, frozen=True, kw_only=True):
    """What PostgreSQL says. `clock_skew` is how many seconds this machine's clock is ahead of its clock."""

    version: str
    migration: str | None
    needed_migration: str
    bytes: int
    connections: int
    most_connections: int
    is_read_only: bool
    is_durable: bool
    started_at: datetime
    clock_skew: float
    tables: Sequence[Table]
    lag: Mapping[str, Lag]
    pulls: PullFigures = PullFigures()


class UseState(Struct, frozen=True, kw_only=True):
    """How the server is used: `clients` are addresses of the last day as the server recorded them, `workers` those
    that pull."""

    clients: tuple[str, ...] = ()
    workers: tuple[SeenWorker, ...] = ()


class ProcessState(Struct, frozen=True, kw_only=True):
    """What one worker process says of itself. `swept_seconds` is None before its first sweep, `does_broker_answer`
    without a broker."""

    pool: Mapping[str, int]
    argon2_waiting: Mapping[str, int]
    does_limiter_answer: bool
    swept_seconds: float | None
    does_broker_answer: bool | None = None


class SystemState(Struct, frozen=True, kw_only=True):
    """All of it. `process` is None for a command that looks from outside; `free_bytes` for a database elsewhere.

    `use` and `mail` are None for a database of another version, whose tables may be others; `mail` also without mails,
    and `standby` also without one.
    """

    settings: Settings
    hosting: Hosting
    database: DatabaseState
    use: UseState | None
    process: ProcessState | None
    free_bytes: int | None
    mail: MailServerState | None = None
    standby: StandbyState | None = None


async def read_system(
    database: Database, settings: Settings, hosting: Hosting, followers: Followers, process: ProcessState | None = None
) -> SystemState:
    """The state at this moment; raises what a database that is away raises."""
    async with database.statements() as connection:
        found = await _read_database(connection, followers)
        is_ours = found.migration == found.needed_migration
        use = await _read_use(connection) if is_ours else None
        mail = await read_mail(connection, settings) if is_ours else None
        standby = await _read_standby(connection, database.standby, process) if is_ours else None
    return SystemState(
        settings=settings,
        hosting=hosting,
        database=found,
        use=use,
        process=process,
        free_bytes=_free_bytes(hosting),
        mail=mail,
        standby=standby,
    )


async def _read_standby(
    primary: AsyncConnection, standby: Standby | None, process: ProcessState | None
) -> StandbyState | None:
    """A running server knows how far the standby was before; a command waits until it has caught up."""
    if standby is None:
        return None
    return await (standby.settled if process is None else standby.look)(primary)


async def process_state(services: Services) -> ProcessState:
    """What this process says; the counter of requests and the broker are asked, for a second each."""
    return ProcessState(
        pool=services.database.connections(),
        argon2_waiting=services.argon2.waiting(),
        does_limiter_answer=await services.rate_limiter.answers(),
        swept_seconds=services.swept.age,
        does_broker_answer=await broker_answers(services.settings.broker_url),
    )


async def _read_database(connection: AsyncConnection, followers: Followers) -> DatabaseState:
    row = (await connection.execute(queries.DATABASE, {"tables": _TABLES})).mappings().one()
    here = time.time()
    migration, needed = await read_version(connection), newest_version()
    is_ours = migration == needed
    return DatabaseState(
        version=row["version"],
        migration=migration,
        needed_migration=needed,
        bytes=row["bytes"],
        connections=row["connections"],
        most_connections=row["most_connections"],
        is_read_only=row["is_read_only"],
        is_durable=row["is_durable"],
        started_at=row["started_at"],
        clock_skew=here - row["now"].timestamp(),
        tables=convert(row["tables"], list[Table]),
        lag=await lag_of(connection, followers) if is_ours else {},
        pulls=await pull_figures(connection) if is_ours else PullFigures(),
    )


async def _read_use(connection: AsyncConnection) -> UseState:
    row = (await connection.execute(queries.USE, {"alive": ALIVE})).mappings().one()
    return UseState(clients=tuple(row["clients"]), workers=tuple(convert(row["workers"], list[SeenWorker])))


def _free_bytes(hosting: Hosting) -> int | None:
    try:
        return None if hosting.data_dir is None else free_bytes(hosting.data_dir)
    except OSError:
        return None
