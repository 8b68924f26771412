"""A preview of rules: a season computed under them in memory, and who would move. Nothing is stored."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.league_changes import Moved, RulesPreview
from tgl_protocol.leagues import CommitVerdict, SeasonState
from tgl_protocol.players import IdentityKind
from tgl_server import errors
from tgl_server.access.ids import RepoId
from tgl_server.leagues import queries
from tgl_server.leagues.crediting import hidden_players
from tgl_server.leagues.facts import named_in
from tgl_server.leagues.landing import landed_by_history
from tgl_server.leagues.models import League, Season
from tgl_server.leagues.naming import names_of_players
from tgl_server.leagues.reference import JudgedCopy, SeasonResult, season_result
from tgl_server.leagues.rescoring import stored_commits
from tgl_server.leagues.rules import CoAuthors, Counting, Dates, Rules, rules_hash
from tgl_server.leagues.scoring import Placed, Terms, span_of
from tgl_server.leagues.scoring_queries import COMMITS_AS_COMMITTED, COMMITS_SINCE
from tgl_server.leagues.seasons import find_season
from tgl_server.leagues.service import last_rules, load_rules
from tgl_server.leagues.strikes_queries import STRUCK
from tgl_server.leagues.terms import Credit, Fields, ScoredSeason, judged, second_of, terms_of, trait_of, whose_work
from tgl_server.players.identifying import Author, find_identities

#: Weeks of a preview without a season.
_WEEKS: Final = 12
_MOST_MOVED: Final = 200
#: More commits than a server should hold in memory for one request.
_MOST_COMMITS: Final = 200_000
#: A share of late work from which a longer grace is proposed, and the graces to propose.
_MUCH_LATE_PERCENT: Final = 20
_LONGER_GRACES: Final = (14, 28)


class Work(Struct, frozen=True):
    """A stored commit, the repository's terms, its author, and whom its trailers name.

    `landed` is None for what has not landed, and nothing has where `can_land` is false: no default branch is known.
    """

    terms: Terms
    commit: Fields
    author: Author
    named: Sequence[Author]
    landed: datetime | None
    can_land: bool


class Stored(Struct, frozen=True):
    """The commits of the weeks, and whom each author is."""

    works: Sequence[Work]
    credited: Mapping[Author, Credit]


class Tried(Struct, frozen=True):
    """What rules are tried on: weeks, of a season or up to now, and the rules that it has now."""

    season_id: UUID | None
    number: int | None
    starts: date
    weeks: int
    begun: int
    rules: Rules
    is_opened: bool = False


async def preview_rules(
    tx: AsyncSession,
    league: League,
    rules: Rules,
    number: int | None,
    viewer: UUID | None,
    now: datetime | None = None,
    most: int = _MOST_COMMITS,
) -> RulesPreview:
    """Compute the weeks of a season, or the last twelve, by its rules and by others; raises `Conflict` if too large."""
    moment = now or datetime.now(UTC)
    tried = await _tried(tx, league, number, moment)
    stored = await _stored(tx, league.id, tried, most)
    struck = set(await tx.scalars(STRUCK, {"season_id": tried.season_id}))
    found = await asyncio.to_thread(_computed, tried, rules, stored, struck)
    return await _told(tx, tried, rules, found, viewer)


class Found(Struct, frozen=True):
    """Both tables, and how much of the work is late under the rules that are tried."""

    before: SeasonResult
    after: SeasonResult
    commits: int
    late_percent: int
    proposed: int | None


def late_percent(copies: Sequence[JudgedCopy]) -> int:
    """Of the commits that count or are too late, copies included, those that arrived after their week, in percent."""
    late = sum(copy.judged.verdict in (CommitVerdict.LATE, CommitVerdict.TOO_LATE) for copy in copies)
    all_ = late + sum(copy.judged.verdict in (CommitVerdict.COUNTED, CommitVerdict.FUTURE) for copy in copies)
    return 100 * late // all_ if all_ else 0


def _computed(tried: Tried, rules: Rules, stored: Stored, struck: set[bytes]) -> Found:
    before = _judge(tried, tried.rules, stored)
    after = _judge(tried, rules, stored)
    late = late_percent(after)
    proposed = None
    if late > _MUCH_LATE_PERCENT and rules.dates is Dates.WITNESSED:
        longer = [days for days in _LONGER_GRACES if days > rules.grace_days]
        fewer = (d for d in longer if late_percent(_judge(tried, replace(rules, grace_days=d), stored)) <= late // 2)
        proposed = next(fewer, longer[-1] if longer else None)
    tables = _result(tried, tried.rules, before, struck), _result(tried, rules, after, struck)
    return Found(*tables, len(after), late, proposed)


def _season(tried: Tried, rules: Rules) -> ScoredSeason:
    span = span_of(rules, tried.starts, tried.weeks)
    nobody = UUID(int=0)
    return ScoredSeason(nobody, nobody, SeasonState.OPEN, rules, span, tried.begun, {})


def _judge(tried: Tried, rules: Rules, stored: Stored) -> list[JudgedCopy]:
    season = _season(tried, rules)
    found = []
    for work in stored.works:
        named = work.named if rules.coauthors is CoAuthors.SPLIT else ()
        whose = whose_work(rules, work.author, named, stored.credited)
        verdict = judged(season, _counting(tried, rules, work), work.commit, whose, work.landed)
        if verdict is not None:
            whom, sha = whose.credit.player_id, work.commit["sha"]
            found.append(JudgedCopy(whom, work.terms.position, sha, trait_of(work.commit), verdict, whose.sharers))
    return found


def _counting(tried: Tried, rules: Rules, work: Work) -> Terms:
    """The repository's terms: how it counts is fixed once its season has opened."""
    if tried.is_opened:
        return work.terms
    is_landed = rules.counting is Counting.LANDED and work.can_land
    return replace(work.terms, counting=Counting.LANDED if is_landed else Counting.PUSHED)


def _result(tried: Tried, rules: Rules, copies: list[JudgedCopy], struck: set[bytes]) -> SeasonResult:
    return season_result(rules, _season(tried, rules).span, tried.begun, copies, struck)


async def _tried(tx: AsyncSession, league: League, number: int | None, now: datetime) -> Tried:
    if number is None:
        rules = await load_rules(tx, league.id, await last_rules(tx, league.id))
        today = (now + timedelta(minutes=rules.day_offset_minutes)).date()
        starts = today - timedelta(days=today.weekday(), weeks=_WEEKS - 1)
        return Tried(None, None, starts, _WEEKS, _WEEKS, rules)
    season: Season = await find_season(tx, league.id, number)
    rules = await load_rules(tx, league.id, season.rules_version)
    begun = span_of(rules, season.starts, season.weeks).begun(second_of(now), rules.day_offset_minutes)
    # What an open season stores agrees with its table.
    begun = season.begun if season.state != SeasonState.DRAFT else begun
    return Tried(season.id, number, season.starts, season.weeks, begun, rules, season.state != SeasonState.DRAFT)


async def _stored(tx: AsyncSession, league_id: UUID, tried: Tried, most: int) -> Stored:
    """The commits of the weeks, as far as their authors are known."""
    rows = (await tx.execute(queries.REPOS, {"league_id": league_id, "season_id": tried.season_id})).mappings().all()
    first_day = span_of(tried.rules, tried.starts, tried.weeks).first_day
    repos = {RepoId(row["repo_id"]): terms_of(row, first_day) for row in rows}
    since = datetime.combine(tried.starts, datetime.min.time(), UTC) - timedelta(days=1)
    until = since + timedelta(weeks=tried.weeks, days=2)
    found: list[Work] = []
    for repo_id, terms in repos.items():
        # Nothing arrives before a repository was taken in; a league that begins now is tried on what was there.
        is_past = tried.season_id is None
        counted = replace(terms, taken_in=0) if is_past else terms
        statement = COMMITS_AS_COMMITTED if is_past else COMMITS_SINCE
        landed = await landed_by_history(tx, repo_id)
        async for commits in stored_commits(tx, statement, {"repo_id": repo_id, "since": since}):
            of_weeks = [commit for commit in commits if commit["author_date"] < until]
            named = await named_in(tx, repo_id, [commit["sha"] for commit in of_weeks])
            found += [_work(counted, each, named, landed, is_past) for each in of_weeks]
            if len(found) > most:
                raise errors.Conflict(
                    f"There are more than {most:,} commits: `tgl-server league preview` computes them."
                )
    return await _known(tx, found)


def _work(
    terms: Terms,
    commit: Fields,
    named: Mapping[bytes, Sequence[Author]],
    landed: Mapping[bytes, datetime],
    is_past: bool,
) -> Work:
    """Of the past it is known what has landed, and of no commit when: its arrival stands for that."""
    sha = commit["sha"]
    at = commit["ingested_at"] if is_past and sha in landed else landed.get(sha)
    return Work(terms, commit, _author(commit), named.get(sha, ()), at, bool(landed))


async def _known(tx: AsyncSession, found: Sequence[Work]) -> Stored:
    """Without what is not followed yet; a co-author whom nobody knows shares like any other."""
    credited = await _credited(tx, {author for work in found for author in (work.author, *work.named)})
    works = [work for work in found if work.author in credited]
    for author in {author for work in works for author in work.named} - credited.keys():
        nobody = uuid5(NAMESPACE_URL, f"mailto:{author.email}")
        credited[author] = Credit(nobody, nobody, IdentityKind.UNKNOWN, False)
    return Stored(works, credited)


async def _credited(tx: AsyncSession, authors: set[Author]) -> dict[Author, Credit]:
    identities = await find_identities(tx, authors)
    hidden = await hidden_players(tx, identities.values())
    return {
        author: Credit(each.identity_id, each.player_id, each.kind, each.player_id in hidden)
        for author, each in identities.items()
    }


def _author(commit: Fields) -> Author:
    return Author(commit["author_email"], commit["author_name"])


async def _told(tx: AsyncSession, tried: Tried, rules: Rules, found: Found, viewer: UUID | None) -> RulesPreview:
    before = {each.player: each for each in found.before.table}
    after = {each.player: each for each in found.after.table}
    others = [player for player in before.keys() | after.keys() if _place(before, player) != _place(after, player)]
    others.sort(key=lambda player: (after[player].rank if player in after else len(after) + 1, player))
    names = await names_of_players(tx, others, viewer)
    shown = [player for player in others if player in names]
    return RulesPreview(
        sha256=rules_hash(rules).hex(),
        season=tried.number,
        starts=tried.starts,
        weeks=tried.weeks,
        commits=found.commits,
        players=len(after),
        late_percent=found.late_percent,
        proposed_grace_days=found.proposed,
        moved=[_moved(player, names[player], before, after) for player in shown[:_MOST_MOVED]],
    )


def _place(table: Mapping[UUID, Placed], player: UUID) -> tuple[int | None, int]:
    placed = table.get(player)
    return (None, 0) if placed is None else (placed.rank, placed.points)


def _moved(player: UUID, name: str, before: Mapping[UUID, Placed], after: Mapping[UUID, Placed]) -> Moved:
    (rank_before, points_before), (rank_after, points_after) = _place(before, player), _place(after, player)
    return Moved(
        player_id=player,
        name=name,
        rank_before=rank_before,
        rank_after=rank_after,
        points_before=points_before,
        points_after=points_after,
    )
