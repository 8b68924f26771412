"""What is known of stored commits beside their own rows, as far as a season asks for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from tgl_server.access.ids import RepoId
from tgl_server.leagues.landing import landed_since
from tgl_server.leagues.rules import Counting
from tgl_server.leagues.terms import Fields, Reader, ScoredSeason


class Facts(Struct, frozen=True):
    """When commits landed, by sha."""

    landed: Mapping[bytes, datetime] = {}


async def load_facts(reader: Reader, season: ScoredSeason, repo_id: RepoId, commits: Sequence[Fields]) -> Facts:
    """What the season asks of these commits; nothing is read for what its rules do not use."""
    if season.repos[repo_id].counting is not Counting.LANDED:
        return Facts()
    return Facts(await landed_since(reader, repo_id, [commit["sha"] for commit in commits]))
