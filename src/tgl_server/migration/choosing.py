"""Choosing repositories: all, those of a project, or some by id, name or project/name."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_protocol.projects import SyncMethod
from tgl_server.access.guards import as_uuid
from tgl_server.access.ids import RepoId
from tgl_server.errors import ServerError
from tgl_server.http.text_rules import is_storable
from tgl_server.migration import queries


class Choice(Struct, frozen=True, kw_only=True):
    """Which repositories to take: those named, in the project if there is one; without names all of them.

    `inactive` leaves out those that had a success since.
    """

    names: tuple[str, ...] = ()
    project: str | None = None
    inactive: timedelta | None = None


class Chosen(Struct, frozen=True, kw_only=True):
    """A repository that was chosen; `is_active` for one that has synced since the choice's time."""

    id: RepoId
    project: str
    name: str
    sync_method: SyncMethod
    is_active: bool

    @property
    def path(self) -> str:
        return f"{self.project}/{self.name}"


async def choose(reader: AsyncConnection | AsyncSession, choice: Choice) -> list[Chosen]:
    """The repositories of a choice, by project and name, with those that are active; raises `ServerError` for a name
    that is none, or more than one."""
    names = [_plain(name) for name in choice.names]
    wanted = {"project": choice.project, "names": names or None, "inactive": choice.inactive}
    found = [
        Chosen(**{**row, "sync_method": SyncMethod(row["sync_method"])})
        for row in (await reader.execute(queries.CHOSEN, wanted)).mappings()
    ]
    for name in names:
        _check_one(name, [each for each in found if name in (str(each.id), each.name, each.path)], choice.project)
    return found


def _plain(name: str) -> str:
    """A name as it is stored; an id in the spelling of the database."""
    id_: UUID | None = as_uuid(name)
    return str(id_) if id_ else name if is_storable(name) else ""


def _check_one(name: str, found: Sequence[Chosen], project: str | None) -> None:
    where = f"the project {project} has" if project else "there is"
    if not found:
        raise ServerError(f"{where} no repository {name}; `tgl-server repos list PROJECT` shows those that there are")
    if len(found) > 1:
        paths = ", ".join(each.path for each in found)
        raise ServerError(f"several repositories are called {name}: {paths}; write the project too")
