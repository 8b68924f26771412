"""The page `/projects/{slug}/keys`: the keys that can push to a project, whoever owns them."""

from datetime import datetime
from typing import Final

from litestar import Response, get
from litestar.di import NamedDependency
from msgspec import Struct
from sqlalchemy import RowMapping

from tgl_protocol.projects import ProjectRole
from tgl_server.access.guards import changes_project
from tgl_server.web.filters import Filters
from tgl_server.web.keys.rows import KeyRow, key_row
from tgl_server.web.projects.header import ProjectView
from tgl_server.web.projects.queries import PUSHING_KEYS
from tgl_server.web.words import count

PAGE_SIZE: Final = 100


class PushingKey(Struct, frozen=True, kw_only=True):
    """A key with its owner; `pushed_at` is None for one that has not pushed here lately."""

    key: KeyRow
    owner_name: str
    owner_email: str
    role: ProjectRole
    is_own: bool
    where: str
    pushed_at: datetime | None


@get("/projects/{project:str}/keys", guards=[changes_project])
async def show_pushing_keys(project_view: NamedDependency[ProjectView]) -> Response[str]:
    """Every key that can push here, the one that did so last first."""
    place = Filters(project_view.request).place("from")
    asked = {
        "project_id": project_view.access.id,
        "user_id": project_view.principal.user_id,
        "limit": PAGE_SIZE + 1,
        "offset": place,
    }
    async with project_view.database.statements() as connection:
        rows = (await connection.execute(PUSHING_KEYS, asked)).mappings().all()
    more = place + PAGE_SIZE if len(rows) > PAGE_SIZE else None
    return await project_view.show("project_keys.html", keys=[_key(row) for row in rows[:PAGE_SIZE]], more=more)


def _key(row: RowMapping) -> PushingKey:
    reached = row["reached"]
    return PushingKey(
        key=key_row(row),
        owner_name=row["owner_name"],
        owner_email=row["owner_email"],
        role=ProjectRole(row["role"]),
        is_own=row["is_own"],
        where="All repositories" if row["repo_ids"] is None else count(reached, "repository", "repositories"),
        pushed_at=row["pushed_at"],
    )


ROUTES = (show_pushing_keys,)
