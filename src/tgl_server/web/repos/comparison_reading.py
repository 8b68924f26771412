"""The last comparison of a repository, as its pages show it."""

from msgspec import Struct

from tgl_protocol.comparison import ComparisonInfo
from tgl_server.migration.asking import last_comparison
from tgl_server.web.repos.comparison_words import Told, told
from tgl_server.web.repos.header import RepoView


class Shown(Struct, frozen=True):
    """The last comparison, with its result in words once there is one."""

    asked: ComparisonInfo
    told: Told | None


async def read_shown(repo_view: RepoView) -> Shown | None:
    """The last comparison of the repository that somebody asked for; one statement."""
    async with repo_view.database.statements() as connection:
        asked = await last_comparison(connection, repo_view.access.id)
    return None if asked is None else Shown(asked, None if asked.result is None else told(asked.result))
