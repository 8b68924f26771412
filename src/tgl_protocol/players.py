"""Players and their identities: who the people behind the addresses of commits are."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from tgl_protocol.about import about
from tgl_protocol.http import MAX_EMAIL_LENGTH

MAX_EVIDENCE: Final = 2000
MAX_REASON: Final = 500
MAX_SHOWN_NAME: Final = 60
#: Of one person, that nobody has decided yet.
MAX_WAITING_CLAIMS: Final = 20


class PlayerKind(StrEnum):
    """Whether a player is a human being."""

    PERSON = "person"
    BOT = "bot"


class PlayerState(StrEnum):
    """How far a player is known.

    `provisional`: made from commits, and nobody has said who it is. `retired` players keep what they have. Of `erased`
    ones nothing is left but the id.
    """

    PROVISIONAL = "provisional"
    ACTIVE = "active"
    RETIRED = "retired"
    ERASED = "erased"


class Visibility(StrEnum):
    """Under which name others see a player: their own, one that they chose, or none."""

    SHOWN = "shown"
    PSEUDONYM = "pseudonym"
    HIDDEN = "hidden"


class IdentityKind(StrEnum):
    """What somebody has said about an identity; of `unknown` ones patterns of name and address decide."""

    UNKNOWN = "unknown"
    PERSON = "person"
    BOT = "bot"


class IdentitySource(StrEnum):
    """What made an identity belong to its player, most lately."""

    COMMITS = "commits"
    ACCOUNT = "account"
    CLAIM = "claim"
    MAILMAP = "mailmap"
    MERGE = "merge"
    SPLIT = "split"


class ClaimState(StrEnum):
    """How far a claim has come; a withdrawn one was taken back by the person who made it."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class IdentityInfo(Struct, frozen=True, kw_only=True):
    """An address of commits, or a name of an address that several people share, and whose it is."""

    id: Annotated[UUID, about("The identity's id")]
    email: Annotated[str, about("The address, in lower case; empty if it is not shown to the caller")]
    name: Annotated[str, about("The one name that it is about; empty for any")]
    names: Annotated[list[str], about("The names that commits have with it, at most 20")]
    kind: Annotated[IdentityKind, about("What somebody has said about it")]
    is_bot: Annotated[bool, about("True for a bot, by what was said or by the patterns that are built in")]
    source: Annotated[IdentitySource, about("What made it belong to its player")]
    player_id: Annotated[UUID, about("The player whose it is")]
    player: Annotated[str, about("Their name, as the caller may see it")]
    is_claimed: Annotated[bool, about("True if the player has an account")]


class IdentityPage(Struct, frozen=True):
    """A page of identities; `next_cursor` is null on the last one."""

    items: Annotated[list[IdentityInfo], about("The identities of this page")]
    next_cursor: Annotated[str | None, about("The `cursor` of the next page; null on the last")]


class IdentityChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a commissioner says about an identity; a field that is left out stays."""

    kind: Annotated[IdentityKind | UnsetType, about("Whether it is a bot")] = UNSET
    is_shared: Annotated[
        bool | UnsetType, about("True if several people use the address: each name is then an identity, and stays one")
    ] = UNSET


class NewClaim(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address that the caller says is theirs."""

    email: Annotated[str, Meta(max_length=MAX_EMAIL_LENGTH), about("The address, as commits have it")]
    name: Annotated[
        Annotated[str, Meta(max_length=255)], about("The name with it, only for an address that several people share")
    ] = ""
    evidence: Annotated[
        Annotated[str, Meta(max_length=MAX_EVIDENCE)], about("Why it is theirs, for whoever decides")
    ] = ""


class Decision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why something was decided; who is concerned reads it."""

    reason: Annotated[Annotated[str, Meta(min_length=1, max_length=MAX_REASON)], about("The reason, which is kept")]


class ClaimInfo(Struct, frozen=True, kw_only=True):
    """A claim, and what became of it."""

    id: Annotated[UUID, about("The claim's id")]
    email: Annotated[str, about("The address")]
    name: Annotated[str, about("The name with it; empty for any")]
    evidence: Annotated[str, about("What the claimant gave as evidence")]
    state: Annotated[ClaimState, about("How far it has come")]
    created_at: Annotated[datetime, about("When it was filed")]
    user_id: Annotated[UUID, about("The account of the claimant")]
    user: Annotated[str, about("The name of that account")]
    belongs_to: Annotated[str | None, about("Whose it is now, if that is a player with another account; else null")]
    decided_at: Annotated[datetime | None, about("When it was decided; null while it waits")]
    reason: Annotated[str | None, about("Why it was decided so; null without a reason")]


class ClaimPage(Struct, frozen=True):
    """A page of claims, the newest first; `next_cursor` is null on the last one."""

    items: Annotated[list[ClaimInfo], about("The claims of this page")]
    next_cursor: Annotated[str | None, about("The `cursor` of the next page; null on the last")]


class PlayerInfo(Struct, frozen=True, kw_only=True):
    """A player as the caller may see them."""

    id: Annotated[UUID, about("The player's id")]
    name: Annotated[str, about("Their name, or the one that stands for it")]
    kind: Annotated[PlayerKind, about("Whether it is a person")]
    state: Annotated[PlayerState, about("How far they are known")]
    visibility: Annotated[Visibility, about("Under which name others see them")]
    has_account: Annotated[bool, about("True if an account is theirs")]
    identities: Annotated[int, about("How many identities are theirs")]


class PlayerPage(Struct, frozen=True):
    """A page of players who have an identity or an account; `next_cursor` is null on the last one."""

    items: Annotated[list[PlayerInfo], about("The players of this page")]
    next_cursor: Annotated[str | None, about("The `cursor` of the next page; null on the last")]


class OwnPlayer(Struct, frozen=True, kw_only=True):
    """The caller as a player."""

    id: Annotated[UUID, about("The player's id")]
    name: Annotated[str, about("Their name")]
    visibility: Annotated[Visibility, about("Under which name others see them")]
    shown_name: Annotated[str | None, about("The pseudonym; null without one")]
    identities: Annotated[list[IdentityInfo], about("Their identities")]
    claims: Annotated[list[ClaimInfo], about("Their last claims, the newest first")]


class OwnPlayerChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the caller wants to be seen; a field that is left out stays."""

    visibility: Annotated[Visibility | UnsetType, about("Under which name others see them")] = UNSET
    shown_name: Annotated[
        Annotated[str, Meta(max_length=MAX_SHOWN_NAME)] | UnsetType, about("The pseudonym; empty deletes it")
    ] = UNSET


class PlayerChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a commissioner says about a player; a field that is left out stays."""

    name: Annotated[
        Annotated[str, Meta(min_length=1, max_length=255)] | UnsetType, about("The name of one without an account")
    ] = UNSET
    kind: Annotated[PlayerKind | UnsetType, about("Whether it is a person")] = UNSET
    state: Annotated[Literal["active", "retired"] | UnsetType, about("Whether they still play")] = UNSET


class Merge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Players who are the same person as the one in the path."""

    players: Annotated[Annotated[list[UUID], Meta(min_length=1, max_length=50)], about("Players without an account")]
    reason: Annotated[Annotated[str, Meta(min_length=1, max_length=MAX_REASON)], about("The reason, which is kept")]


class Split(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to take away from a player: some identities, or all that one event has done."""

    identities: Annotated[
        Annotated[list[UUID], Meta(max_length=200)], about("Identities that go back to what they came with")
    ] = []
    event: Annotated[
        Annotated[int, Meta(ge=1, le=2**63 - 1)] | None, about("The event that is undone, exactly; null for none")
    ] = None
    reason: Annotated[Annotated[str, Meta(min_length=1, max_length=MAX_REASON)], about("The reason, which is kept")]


class IdentityEventInfo(Struct, frozen=True, kw_only=True):
    """An event that moved identities to a player or away from them."""

    id: Annotated[int, about("The event's number; later ones are larger")]
    at: Annotated[datetime, about("When it was")]
    kind: Annotated[IdentitySource, about("What moved them")]
    identities: Annotated[list[UUID], about("The identities")]
    from_players: Annotated[list[UUID], about("Whose each of them was")]
    to_players: Annotated[list[UUID], about("Whose each of them has been since")]
    reason: Annotated[str, about("Why")]
    undoes: Annotated[int | None, about("The event that it undid; null for none")]


class EventDone(Struct, frozen=True):
    """What a merge, a split or an approval has done."""

    event: Annotated[int | None, about("The number of the event; null if nothing had to move")]


class IdentityEventList(Struct, frozen=True):
    """The events of a player, the newest first, at most 200."""

    items: Annotated[list[IdentityEventInfo], about("The events")]


class PlayerErased(Struct, frozen=True):
    """What was erased."""

    id: Annotated[UUID, about("The player's id, which is all that stays")]
    identities: Annotated[int, about("Identities that are tombstones now")]
    commits: Annotated[int, about("Commits in which name and address were replaced")]
