"""A season as the scorer has it in hand: its rules, days and repositories; and a stored commit as it is judged."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_protocol.leagues import SeasonState
from tgl_protocol.players import IdentityKind
from tgl_server.access.ids import RepoId
from tgl_server.leagues import queries
from tgl_server.leagues.copies import Trait
from tgl_server.leagues.credit import credited as credit_for
from tgl_server.leagues.credit import is_bot, is_revert, title_key
from tgl_server.leagues.rules import Counting, Dates, Rules, parse_rules
from tgl_server.leagues.scoring import Judged, Seen, Span, Terms, judge, to_day
from tgl_server.players.identifying import Author

Reader = AsyncConnection | AsyncSession
#: A row as a statement gives it, or a value like one.
Fields = RowMapping | Mapping[str, Any]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)

#: The columns of `commits` that are judged.
COLUMNS: Final = (
    "author_date",
    "author_email",
    "author_name",
    "ingested_at",
    "additions",
    "deletions",
    "files_changed",
    "is_merge",
    "message_title",
    "generated_additions",
    "generated_deletions",
)


class Credit(Struct, frozen=True):
    """Whom a season credits with an author's commits."""

    identity_id: UUID
    player_id: UUID
    kind: IdentityKind
    opted_out: bool


class Whose(Struct, frozen=True):
    """Whom a commit is credited to, who shares its lines, and on which other identities that depends."""

    credit: Credit
    is_bot: bool = False
    sharers: Sequence[UUID] = ()
    others: Sequence[UUID] = ()


def whose_work(rules: Rules, author: Author, named: Sequence[Author], credited: Mapping[Author, Credit]) -> Whose:
    """Whose work a commit by an author is, whose trailers name some: bots and those who opted out share nothing.

    A bot's commit is that of its first human co-author, as if they had written it.
    """
    own = credited[author]
    is_by_bot = _is_bot(rules, author, own)
    if not named:
        return Whose(own, is_by_bot)
    sharing = [each for each in named if not credited[each].opted_out and not _is_bot(rules, each, credited[each])]
    humans = [credited[each].player_id for each in sharing]
    player, sharers = credit_for(None if is_by_bot else own.player_id, humans, rules.most_coauthors)
    whom = own if player is None or not is_by_bot else credited[sharing[0]]
    others = {credited[each].identity_id for each in (author, *named)} - {whom.identity_id}
    return Whose(whom, player is None, sharers, sorted(others))


def _is_bot(rules: Rules, author: Author, credit: Credit) -> bool:
    if credit.kind is IdentityKind.UNKNOWN:
        return is_bot(rules.bots, author.name, author.email)
    return credit.kind is IdentityKind.BOT


class ScoredSeason(Struct, frozen=True):
    """A season with all that scoring needs; `begun` and `sealed` are numbers of its weeks."""

    id: UUID
    league_id: UUID
    state: SeasonState
    rules: Rules
    span: Span
    begun: int
    repos: dict[RepoId, Terms]
    sealed: int = 0
    rules_sha256: bytes = b""
    number: int = 1

    @property
    def kept_weeks(self) -> int:
        """The number of weeks that count so far, of those that have begun."""
        return self.begun - self.begun * self.rules.drops(self.span.weeks) // self.span.weeks

    @property
    def settled(self) -> int:
        """The number of weeks whose awards are given: sealed, or over where dates count as they are written."""
        if self.rules.dates is Dates.WITNESSED:
            return self.sealed
        return self.begun - 1 if self.state is SeasonState.OPEN and self.begun else self.begun

    @property
    def settled_day(self) -> int:
        """The first day that is not settled."""
        return self.span.first_day + 7 * self.settled

    @property
    def since(self) -> datetime:
        """No commit with an earlier author date is of the season; a day early, as the league's day is not UTC's."""
        first = min([self.span.first_day, *(terms.counts_from for terms in self.repos.values())])
        return _EPOCH + timedelta(days=first - 1)


def second_of(moment: datetime) -> int:
    """Whole seconds since 1970."""
    return (moment - _EPOCH) // _SECOND


async def load_season(reader: Reader, season_id: UUID) -> ScoredSeason:
    """The season as it is scored."""
    row = (await reader.execute(queries.SEASON, {"season_id": season_id})).mappings().one()
    first_day = to_day(row["starts"])
    which = {"season_id": season_id, "league_id": row["league_id"]}
    repos = (await reader.execute(queries.REPOS, which)).mappings()
    return ScoredSeason(
        id=row["id"],
        league_id=row["league_id"],
        state=SeasonState(row["state"]),
        rules=parse_rules(row["document"]),
        span=Span(first_day, row["weeks"], tuple(map(second_of, row["closes"]))),
        begun=row["begun"],
        repos={RepoId(repo["repo_id"]): terms_of(repo, first_day) for repo in repos},
        sealed=row["sealed"],
        rules_sha256=row["sha256"],
        number=row["number"],
    )


def terms_of(row: Fields, first_day: int) -> Terms:
    """What a league says of a repository, by its row; commits count from the season's first day unless it says more."""
    trusted = row["dates_trusted_until"]
    return Terms(
        position=row["position"],
        counts_from=first_day if row["counts_from"] is None else to_day(row["counts_from"]),
        taken_in=second_of(row["taken_in"]),
        trusted_until=None if trusted is None else second_of(trusted),
        counting=Counting(row["counting"]),
    )


def judged(
    season: ScoredSeason, terms: Terms, commit: Fields, whose: Whose, landed: datetime | None = None
) -> Judged | None:
    """The verdict on a stored commit by itself, or None if it is not of the season; `landed` is when it did."""
    seen = Seen(
        authored=second_of(commit["author_date"]),
        arrived=second_of(commit["ingested_at"]),
        additions=commit["additions"],
        deletions=commit["deletions"],
        files=commit["files_changed"],
        is_merge=commit["is_merge"],
        is_revert=is_revert(commit["message_title"]),
        is_bot=whose.is_bot,
        opted_out=whose.credit.opted_out,
        generated=(commit["generated_additions"] or 0) + (commit["generated_deletions"] or 0),
        landed=None if landed is None else second_of(landed),
    )
    return judge(season.rules, season.span, terms, seen)


def trait_of(commit: Fields) -> Trait:
    """What a stored commit's copies are recognised by."""
    size = commit["additions"], commit["deletions"], commit["files_changed"]
    return Trait(second_of(commit["author_date"]), title_key(commit["message_title"]), *size)
