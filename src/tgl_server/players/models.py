"""The tables of players: who they are, the identities of commits that are theirs, and how that came about.

`players` and `identities` hold the present; `identity_events` hold how it came about, and are only added to. The
player of an identity is what the events say, folded in the order of their ids, beginning with the provisional player
that was made with the identity and has the same id.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from tgl_protocol.players import ClaimState, IdentityKind, IdentitySource, PlayerKind, PlayerState, Visibility
from tgl_server.db.base import Base, Dated, Identified, one_of


class Player(Identified, Dated, Base):
    """A person or a bot; one of an account has its `user_id`, and a provisional one that of its identity.

    `shown_name` is the pseudonym of those who have chosen one. A player without identities is kept, as a split may
    give them back.
    """

    __tablename__ = "players"

    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default=text("'person'"), default=PlayerKind.PERSON)
    state: Mapped[str]
    visibility: Mapped[str] = mapped_column(server_default=text("'shown'"), default=Visibility.SHOWN)
    shown_name: Mapped[str | None]
    #: Somebody has given the name, so that it counts before those of commits.
    is_named: Mapped[bool] = mapped_column(server_default=text("false"), default=False)

    __table_args__ = (
        one_of("kind", PlayerKind),
        one_of("state", PlayerState),
        one_of("visibility", Visibility),
        UniqueConstraint("user_id", name="uq_players_user_id"),
        # Those whose names need care are few, and looked up for every page.
        Index("ix_players_unseen", "id", postgresql_where=text("visibility <> 'shown' OR state = 'erased'")),
    )


class IdentityRow(Identified, Dated, Base):
    """An e-mail address of commits, or, where many people share one, an address with a name as it is written.

    An empty name means any; of a commit whose address has both, the one with its name counts.
    """

    __tablename__ = "identities"

    email: Mapped[str]
    name: Mapped[str]
    player_id: Mapped[UUID] = mapped_column(ForeignKey("players.id"), index=True)
    kind: Mapped[str] = mapped_column(server_default=text("'unknown'"), default=IdentityKind.UNKNOWN)
    source: Mapped[str] = mapped_column(server_default=text("'commits'"), default=IdentitySource.COMMITS)

    __table_args__ = (
        UniqueConstraint("email", "name", name="uq_identities_email_name"),
        one_of("kind", IdentityKind),
        one_of("source", IdentitySource),
    )


class IdentityEvent(Base):
    """A change of the players of some identities; the three arrays belong together, element by element.

    Ids grow in the order of COMMITs, as whoever adds one holds the lock of the table: a reader that has seen one has
    seen all before it. `undoes` is the event that a split takes back.
    """

    __tablename__ = "identity_events"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    actor_id: Mapped[UUID | None]
    kind: Mapped[str]
    identities: Mapped[list[UUID]] = mapped_column(ARRAY(PG_UUID(as_uuid=True)))
    from_players: Mapped[list[UUID]] = mapped_column(ARRAY(PG_UUID(as_uuid=True)))
    to_players: Mapped[list[UUID]] = mapped_column(ARRAY(PG_UUID(as_uuid=True)))
    reason: Mapped[str] = mapped_column(server_default=text("''"), default="")
    undoes: Mapped[int | None]

    __table_args__ = (
        one_of("kind", IdentitySource),
        Index("ix_identity_events_identities", "identities", postgresql_using="gin"),
    )


class Claim(Identified, Dated, Base):
    """A person's word that an identity is theirs, and what became of it; decided once, and never deleted."""

    __tablename__ = "claims"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    identity_id: Mapped[UUID] = mapped_column(ForeignKey("identities.id"), index=True)
    evidence: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"), default=ClaimState.WAITING)
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    event_id: Mapped[int | None] = mapped_column(ForeignKey("identity_events.id"))

    __table_args__ = (
        one_of("state", ClaimState),
        Index("ix_claims_state_id", "state", "id"),
        # One person asks for one identity once at a time.
        Index("uq_claims_waiting", "user_id", "identity_id", unique=True, postgresql_where=text("state = 'waiting'")),
    )


class SharedAddress(Dated, Base):
    """An address that several people write with, as somebody has said; each of its names is an identity."""

    __tablename__ = "shared_addresses"

    email: Mapped[str] = mapped_column(primary_key=True)
    marked_by: Mapped[UUID | None]


class DismissedSuggestion(Identified, Dated, Base):
    """Players that look like one person and are not, in the order of their ids, as a commissioner has said."""

    __tablename__ = "dismissed_suggestions"

    players: Mapped[list[UUID]] = mapped_column(ARRAY(PG_UUID(as_uuid=True)), unique=True)
    dismissed_by: Mapped[UUID | None]
    reason: Mapped[str]


class RepoAuthor(Base):
    """An author of a repository, by address and name as they are stored; kept by the follower."""

    __tablename__ = "repo_authors"

    repo_id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)

    __table_args__ = (Index("ix_repo_authors_email_name", "email", "name"),)
