"""The tables of leagues, and of what the scorer computes; their days are numbers: days since 1 January 1970.

What the scorer keeps has `season_id` and `player_id` first in its key, so that a distributed database can keep a
player's rows together: copies and sums are a matter of one player.
"""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, Integer, SmallInteger, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tgl_protocol.leagues import CommitVerdict, SeasonState
from tgl_protocol.players import IdentityKind
from tgl_protocol.seals import SealKind
from tgl_server.db.base import Base, Dated, Identified, one_of
from tgl_server.leagues.rules import Counting

#: How verdicts are stored; a number never changes its meaning.
VERDICT_CODES: Final[dict[CommitVerdict, int]] = {
    CommitVerdict.STRUCK: 0,
    CommitVerdict.BEFORE_REPO: 1,
    CommitVerdict.MERGE: 2,
    CommitVerdict.OPTED_OUT: 3,
    CommitVerdict.BOT: 4,
    CommitVerdict.EMPTY: 5,
    CommitVerdict.REVERT: 6,
    CommitVerdict.NOT_LANDED: 7,
    CommitVerdict.TOO_LATE: 8,
    CommitVerdict.COPY: 9,
    # From here on they count.
    CommitVerdict.FUTURE: 20,
    CommitVerdict.LATE: 21,
    CommitVerdict.COUNTED: 22,
}
VERDICTS: Final = {code: verdict for verdict, code in VERDICT_CODES.items()}


class League(Identified, Dated, Base):
    """A set of repositories whose authors play with each other."""

    __tablename__ = "leagues"

    slug: Mapped[str]
    name: Mapped[str]
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)

    __table_args__ = (UniqueConstraint("slug", name="uq_leagues_slug"),)


class LeagueRepo(Base):
    """A repository of a league; of copies in several, the one in the first `position` counts.

    Commits dated before `counts_from` never count; without it, a season's first day. Nothing arrives before `taken_in`,
    but what is dated up to `dates_trusted_until` counts as if it had arrived when it was written.
    """

    __tablename__ = "league_repos"

    league_id: Mapped[UUID] = mapped_column(ForeignKey("leagues.id", ondelete="CASCADE"), primary_key=True)
    repo_id: Mapped[UUID] = mapped_column(ForeignKey("repos.id", ondelete="CASCADE"), primary_key=True, index=True)
    position: Mapped[int] = mapped_column(Integer)
    counts_from: Mapped[date | None]
    taken_in: Mapped[datetime] = mapped_column(server_default=text("now()"))
    dates_trusted_until: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint(
            "league_id", "position", name="uq_league_repos_position", deferrable=True, initially="DEFERRED"
        ),
    )


class RulesRow(Dated, Base):
    """A version of a league's rules, which never changes; `sha256` is the hash of the document."""

    __tablename__ = "rules"

    league_id: Mapped[UUID] = mapped_column(ForeignKey("leagues.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sha256: Mapped[bytes]
    note: Mapped[str] = mapped_column(server_default=text("''"), default="")
    created_by: Mapped[UUID | None]


class Season(Identified, Dated, Base):
    """A season; `starts` is a Monday.

    `begun` is the number of weeks that had begun when places were computed last, `sealed` that of the weeks that are
    sealed. `changed_seq` counts the changes of what is computed.
    """

    __tablename__ = "seasons"

    league_id: Mapped[UUID] = mapped_column(ForeignKey("leagues.id"))
    number: Mapped[int] = mapped_column(Integer)
    name: Mapped[str]
    starts: Mapped[date]
    weeks: Mapped[int] = mapped_column(Integer)
    rules_version: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(server_default=text("'draft'"), default=SeasonState.DRAFT)
    begun: Mapped[int] = mapped_column(Integer, server_default=text("0"), default=0)
    sealed: Mapped[int] = mapped_column(Integer, server_default=text("0"), default=0)
    changed_seq: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("league_id", "number", name="uq_seasons_league_id_number"),
        one_of("state", SeasonState),
        ForeignKeyConstraint(
            ["league_id", "rules_version"], ["rules.league_id", "rules.version"], name="fk_seasons_rules_version"
        ),
        # Most seasons are over: those that the scorer looks for are few.
        Index("ix_seasons_scored", "league_id", postgresql_where=text("state IN ('open', 'closing')")),
    )


class SeasonWeek(Base):
    """A week of a season, from 0, and the moment at which it closes: what arrives later cannot get into it."""

    __tablename__ = "season_weeks"

    season_id: Mapped[UUID] = mapped_column(ForeignKey("seasons.id", ondelete="CASCADE"), primary_key=True)
    week: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    closes_at: Mapped[datetime]


class SeasonRepo(Base):
    """How the commits of a repository count in a season: when pushed, or when landed; it never changes."""

    __tablename__ = "season_repos"

    season_id: Mapped[UUID] = mapped_column(ForeignKey("seasons.id", ondelete="CASCADE"), primary_key=True)
    repo_id: Mapped[UUID] = mapped_column(primary_key=True)
    counting: Mapped[str]

    __table_args__ = (one_of("counting", Counting),)


class LandedCommit(Base):
    """A commit that a tip of the default branch has contained, and since when: it never leaves again."""

    __tablename__ = "landed"

    repo_id: Mapped[UUID] = mapped_column(primary_key=True)
    sha: Mapped[bytes] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class SeasonAuthor(Base):
    """An author of commits, and the identity and player that a season has credited: the scorer looks for changes."""

    __tablename__ = "season_authors"

    season_id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    identity_id: Mapped[UUID]
    player_id: Mapped[UUID]
    kind: Mapped[str]
    opted_out: Mapped[bool]

    __table_args__ = (one_of("kind", IdentityKind),)


class LedgerRow(Base):
    """The verdict on one stored commit in a season; `authored_at` is in seconds since 1970.

    `own` is the verdict by itself, and `verdict` the one that holds, after copies and strikes; with `is_sealed` it
    stays. Copies of one change have one `change`, the least of their shas.
    """

    __tablename__ = "ledger"

    season_id: Mapped[UUID] = mapped_column(primary_key=True)
    player_id: Mapped[UUID] = mapped_column(primary_key=True)
    authored_at: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sha: Mapped[bytes] = mapped_column(primary_key=True)
    repo_id: Mapped[UUID] = mapped_column(primary_key=True)
    identity_id: Mapped[UUID]
    arrived_at: Mapped[datetime]
    title_key: Mapped[int]
    additions: Mapped[int] = mapped_column(Integer)
    deletions: Mapped[int] = mapped_column(Integer)
    files: Mapped[int] = mapped_column(Integer)
    value: Mapped[int] = mapped_column(Integer)
    day: Mapped[int] = mapped_column(Integer)
    position: Mapped[int] = mapped_column(Integer)
    own: Mapped[int] = mapped_column(SmallInteger)
    verdict: Mapped[int] = mapped_column(SmallInteger)
    change: Mapped[bytes]
    is_sealed: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    #: Co-authors who share the value, in the order in which they are named.
    sharers: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))

    __table_args__ = (
        Index("ix_ledger_day", "season_id", "player_id", "day"),
        Index("ix_ledger_sha", "season_id", "sha"),
        Index("ix_ledger_change", "season_id", "player_id", "change"),
        # A pair by which copies are recognised; for the two with the second the key's beginning serves.
        Index("ix_ledger_title_size", "season_id", "player_id", "title_key", "additions", "deletions", "files"),
    )


class LedgerShare(Base):
    """A co-author's part of a change that counts: lines of a day, and no change."""

    __tablename__ = "ledger_shares"

    season_id: Mapped[UUID] = mapped_column(primary_key=True)
    player_id: Mapped[UUID] = mapped_column(primary_key=True)
    sha: Mapped[bytes] = mapped_column(primary_key=True)
    repo_id: Mapped[UUID] = mapped_column(primary_key=True)
    author_id: Mapped[UUID]
    day: Mapped[int] = mapped_column(Integer)
    value: Mapped[int] = mapped_column(Integer)

    __table_args__ = (
        Index("ix_ledger_shares_day", "season_id", "player_id", "day"),
        Index("ix_ledger_shares_author", "season_id", "author_id", "sha"),
    )


class LedgerNamed(Base):
    """An identity on which the credit for a commit depends, besides that of its row: a co-author's, or a bot's.

    If the identity moves, the commit is judged again.
    """

    __tablename__ = "ledger_named"

    season_id: Mapped[UUID] = mapped_column(primary_key=True)
    identity_id: Mapped[UUID] = mapped_column(primary_key=True)
    repo_id: Mapped[UUID] = mapped_column(primary_key=True)
    sha: Mapped[bytes] = mapped_column(primary_key=True)


class Strike(Base):
    """A change that somebody struck, by one of its copies; with all copies it does not count."""

    __tablename__ = "strikes"

    season_id: Mapped[UUID] = mapped_column(ForeignKey("seasons.id", ondelete="CASCADE"), primary_key=True)
    sha: Mapped[bytes] = mapped_column(primary_key=True)
    reason: Mapped[str]
    struck_by: Mapped[UUID | None]
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Seal(Base):
    """A link of a season's chain of seals, which never changes; `week` counts from 0, and is null for the season.

    `sha256` covers the rules' hash, `previous` and `payload`; `changes` has player and points before and after.
    """

    __tablename__ = "seals"

    season_id: Mapped[UUID] = mapped_column(ForeignKey("seasons.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    kind: Mapped[str]
    week: Mapped[int | None] = mapped_column(Integer)
    payload: Mapped[str]
    previous: Mapped[bytes]
    sha256: Mapped[bytes]
    actor_id: Mapped[UUID | None]
    reason: Mapped[str] = mapped_column(server_default=text("''"), default="")
    changes: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (one_of("kind", SealKind),)


class LeagueBadge(Dated, Base):
    """A player who shows their place in a league to everybody, by a picture."""

    __tablename__ = "league_badges"

    league_id: Mapped[UUID] = mapped_column(ForeignKey("leagues.id", ondelete="CASCADE"), primary_key=True)
    player_id: Mapped[UUID] = mapped_column(ForeignKey("players.id", ondelete="CASCADE"), primary_key=True)
