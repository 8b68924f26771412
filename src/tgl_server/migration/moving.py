"""Moving many repositories, each in a transaction of its own: one that fails leaves the others alone."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

from msgspec import Struct
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tgl_protocol.comparison import Comparison
from tgl_protocol.migration import MethodSwitch
from tgl_protocol.projects import SyncMethod
from tgl_server.access.ids import RepoId
from tgl_server.audit.service import Actor
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError
from tgl_server.http.database_errors import database_refusal
from tgl_server.migration.choosing import Chosen
from tgl_server.migration.service import plan_switch, switch_method
from tgl_server.remotes import RemotePolicy

Prove = Callable[[RepoId], Awaitable[Comparison]]


class Order(Struct, frozen=True, kw_only=True):
    """What to do with each repository, and in whose name; `prove` compares it before, and stops it where it must."""

    target: SyncMethod
    by: Actor
    policy: RemotePolicy
    dry_run: bool = False
    keep_credentials: bool = False
    prove: Prove | None = None


class Moved(Struct, frozen=True, kw_only=True):
    """What became of one repository: the switch, or the reason why it failed and is as it was."""

    project: str
    name: str
    switch: MethodSwitch | None = None
    comparison: Comparison | None = None
    error: str | None = None


async def move(database: Database, chosen: Iterable[Chosen], order: Order) -> AsyncIterator[Moved]:
    """Move repositories one after the other, and tell of each."""
    for each in chosen:
        comparison = None
        try:
            if order.prove is not None and each.sync_method is not order.target:
                comparison = await order.prove(each.id)
                _check(comparison)
            switch = await _switch(database, each.id, order)
        except (ServerError, SQLAlchemyError) as error:
            reason = _reason(error)
            yield Moved(project=each.project, name=each.name, comparison=comparison, error=reason)
        else:
            yield Moved(project=each.project, name=each.name, switch=switch, comparison=comparison)


async def _switch(database: Database, repo_id: RepoId, order: Order) -> MethodSwitch:
    if order.dry_run:
        async with database.statements() as connection:
            return await plan_switch(connection, repo_id, order.target, keep_credentials=order.keep_credentials)
    async with database.transaction() as tx:
        return await switch_method(
            tx, order.policy, repo_id, order.target, order.by, keep_credentials=order.keep_credentials
        )


def _check(comparison: Comparison) -> None:
    if not comparison.is_covered:
        raise ServerError(
            f"the comparison found {comparison.only_there} commits that are missing here and {comparison.different} "
            "that differ; `tgl-server repos compare` shows them"
        )


def _reason(error: ServerError | SQLAlchemyError) -> str:
    """What happened, in words; raises what is a bug, or an end of the database."""
    if isinstance(error, DBAPIError):
        refusal = database_refusal(error)
        if refusal is None:
            raise error
        return str(refusal)
    if isinstance(error, SQLAlchemyError):
        raise error
    return str(error).rstrip(".")
