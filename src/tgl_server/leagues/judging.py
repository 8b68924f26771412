"""Judging many stored commits by one statement: what it is given. Whose work a commit is, is decided here.

Commits that name co-authors are given one by one, all others by their authors.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct

from tgl_server.access.ids import RepoId
from tgl_server.leagues.credit import co_authors
from tgl_server.leagues.judging_queries import NAMING
from tgl_server.leagues.rules import CoAuthors, Counting, Dates, Late
from tgl_server.leagues.scoring import week_of
from tgl_server.leagues.terms import Credit, Reader, ScoredSeason, Whose, whose_work
from tgl_server.players.identifying import Author


class Naming(Struct, frozen=True):
    """A commit whose trailers name co-authors, in their order."""

    repo_id: UUID
    sha: bytes
    author: Author
    named: Sequence[Author]


async def commits_naming(reader: Reader, season: ScoredSeason, repo_ids: Sequence[RepoId]) -> list[Naming]:
    """The commits of these repositories that name co-authors; none where the rules do not ask for them."""
    if season.rules.coauthors is not CoAuthors.SPLIT:
        return []
    rows = await reader.execute(NAMING, {"repo_ids": list(repo_ids), "since": season.since})
    found = (
        Naming(
            row.repo_id,
            row.sha,
            Author(row.author_email, row.author_name),
            [Author(email, name) for name, email in co_authors(row.message_body)],
        )
        for row in rows
    )
    return [each for each in found if each.named]


def whose(season: ScoredSeason, naming: Sequence[Naming], credited: Mapping[Author, Credit]) -> list[Whose | None]:
    """Whose work each of these commits is; None where somebody is not credited yet."""
    return [
        whose_work(season.rules, each.author, each.named, credited)
        if credited.keys() >= {each.author, *each.named}
        else None
        for each in naming
    ]


def given(
    season: ScoredSeason,
    repo_ids: Sequence[RepoId],
    credited: Mapping[Author, Credit],
    naming: Sequence[Naming],
    works: Sequence[Whose | None],
) -> dict[str, Any]:
    """What the statement `JUDGED` takes: of the season, of its repositories, and of whose work the commits are."""
    authors = list(credited)
    own = [whose_work(season.rules, author, (), credited) for author in authors]
    terms = [season.repos[repo_id] for repo_id in repo_ids]
    return {
        **_season(season),
        "repo_ids": list(repo_ids),
        "positions": [each.position for each in terms],
        "counts_from": [each.counts_from for each in terms],
        "taken_in": [each.taken_in for each in terms],
        "trusted_until": [each.trusted_until for each in terms],
        "is_landed": [each.counting is Counting.LANDED for each in terms],
        "emails": [author.email for author in authors],
        "names": [author.name for author in authors],
        **_credits(own, "identity_ids", "player_ids", "are_bots", "opted_out"),
        "named_repo_ids": [each.repo_id for each in naming],
        "named_shas": [each.sha for each in naming],
        **_credits(works, "named_identity_ids", "named_player_ids", "named_are_bots", "named_opted_out"),
        "named_sharers": [as_array(each.sharers if each else ()) for each in works],
    }


def as_array(players: Sequence[UUID]) -> str:
    """As PostgreSQL writes an array; arrays of arrays would need one length."""
    return f"{{{','.join(map(str, players))}}}"


def _credits(works: Sequence[Whose | None], identity: str, player: str, is_bot: str, opted_out: str) -> dict[str, Any]:
    return {
        identity: [each and each.credit.identity_id for each in works],
        player: [each and each.credit.player_id for each in works],
        is_bot: [each and each.is_bot for each in works],
        opted_out: [each and each.credit.opted_out for each in works],
    }


def _season(season: ScoredSeason) -> dict[str, Any]:
    rules, span = season.rules, season.span
    return {
        "since": season.since,
        "offset": rules.day_offset_minutes,
        "grace_days": rules.grace_days,
        "as_written": rules.dates is Dates.AS_WRITTEN,
        "is_void": rules.late is Late.VOID,
        "line_cap": rules.line_cap,
        "first_day": span.first_day,
        "last_day": span.last_day,
        "first_week": week_of(span.first_day),
        "closes": list(span.closes),
    }
