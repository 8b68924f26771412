"""The digest of a week: what there is to tell of it once it is sealed. It never names who was last."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Struct

from tgl_protocol.about import about
from tgl_protocol.leagues import SeasonInfo


class DigestKind(StrEnum):
    """What a line of a digest is about."""

    TOTALS = "totals"
    BEST = "best"
    DEBUT = "debut"
    COMEBACK = "comeback"
    GARDENER = "gardener"


class DigestLine(Struct, frozen=True, kw_only=True):
    """A sentence of a digest, and the players whom it names."""

    kind: Annotated[DigestKind, about("What it is about")]
    sentence: Annotated[str, about("The sentence, with the names that the caller is shown")]
    player_ids: Annotated[list[UUID], about("The players whom it names, in its order")]


class WeekDigest(Struct, frozen=True, kw_only=True):
    """What there is to tell of a sealed week."""

    season: Annotated[SeasonInfo, about("The season")]
    week: Annotated[int, about("The number of the week in the season, from 1")]
    starts: Annotated[date, about("Its Monday")]
    ends: Annotated[date, about("Its Sunday")]
    sealed_at: Annotated[datetime, about("When it was sealed first")]
    lines: Annotated[list[DigestLine], about("The sentences; the first one is about everybody")]


class WeekDigests(Struct, frozen=True):
    """The digests of a season, the newest week first."""

    items: Annotated[list[WeekDigest], about("The digests, the newest week first")]
