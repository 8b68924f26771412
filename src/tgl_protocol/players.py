"""Players and their identities: who the people behind the addresses of commits are."""

from enum import StrEnum


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
