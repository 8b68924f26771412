"""What is known of stored commits beside their own rows, as far as a season asks for it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from tgl_server.access.ids import RepoId
from tgl_server.leagues.credit import co_authors
from tgl_server.leagues.facts_queries import BODIES
from tgl_server.leagues.landing import landed_since
from tgl_server.leagues.rules import CoAuthors, Counting
from tgl_server.leagues.terms import Fields, Reader, ScoredSeason
from tgl_server.players.identifying import Author


class Facts(Struct, frozen=True):
    """When commits landed, and whom their trailers name as co-authors, by sha."""

    landed: Mapping[bytes, datetime] = {}
    named: Mapping[bytes, Sequence[Author]] = {}

    def authors(self, commits: Iterable[Fields]) -> set[Author]:
        """The authors of commits, and all co-authors."""
        own = {Author(commit["author_email"], commit["author_name"]) for commit in commits}
        return own.union(*self.named.values())


async def load_facts(reader: Reader, season: ScoredSeason, repo_id: RepoId, commits: Sequence[Fields]) -> Facts:
    """What the season asks of these commits; nothing is read for what its rules do not use."""
    shas = [commit["sha"] for commit in commits]
    is_landed = season.repos[repo_id].counting is Counting.LANDED
    return Facts(
        await landed_since(reader, repo_id, shas) if is_landed else {},
        await named_in(reader, repo_id, shas) if season.rules.coauthors is CoAuthors.SPLIT else {},
    )


async def named_in(reader: Reader, repo_id: RepoId, shas: Sequence[bytes]) -> dict[bytes, list[Author]]:
    """The co-authors that trailers of these commits name, in their order; by sha."""
    rows = await reader.execute(BODIES, {"repo_id": repo_id, "shas": shas})
    found = {row.sha: [Author(email, name) for name, email in co_authors(row.message_body)] for row in rows}
    return {sha: named for sha, named in found.items() if named}
