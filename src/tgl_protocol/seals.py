"""Seals: the hashes of the weeks of a season that are closed, in a chain, and the amendments of them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from tgl_protocol.about import about
from tgl_protocol.league_changes import Sha, Why


class SealKind(StrEnum):
    """What a seal closes: a week, a week that was amended, or a whole season."""

    WEEK = "week"
    AMEND = "amend"
    SEASON = "season"


class PointsChanged(Struct, frozen=True, kw_only=True):
    """A player whose season points an amendment changed."""

    player_id: Annotated[UUID, about("The player's id")]
    name: Annotated[str, about("The name that the caller is shown")]
    points_before: Annotated[int, about("Season points after the last sealed week, before")]
    points_after: Annotated[int, about("The same, after")]


class SealInfo(Struct, frozen=True, kw_only=True):
    """A seal; its hash covers the one before it, so that none can be changed without all that follow."""

    seq: Annotated[int, about("Its number in the season's chain, from 1")]
    kind: Annotated[SealKind, about("What it closes")]
    week: Annotated[int | None, about("The week, from 1; null for the season")]
    sha256: Annotated[str, about("Its hash, 64 hexadecimal digits")]
    previous: Annotated[str, about("The hash of the seal before it; 64 zeros for the first")]
    at: Annotated[datetime, about("When it was made")]
    actor_id: Annotated[UUID | None, about("The account of who amended; null for what happens by itself")]
    reason: Annotated[str, about("Why it was amended; empty for what happens by itself")]
    changes: Annotated[list[PointsChanged], about("Whose season points the amendment changed")]


class SealList(Struct, frozen=True):
    """The seals of a season, the first one first."""

    items: Annotated[list[SealInfo], about("The seals, in the order of the chain")]


class SealText(Struct, frozen=True, kw_only=True):
    """What a seal was made of: with the hash of the rules and that of the seal before, it gives its hash."""

    seq: Annotated[int, about("Its number in the season's chain, from 1")]
    sha256: Annotated[str, about("Its hash, 64 hexadecimal digits")]
    previous: Annotated[str, about("The hash of the seal before it")]
    rules_sha256: Annotated[str, about("The hash of the season's rules")]
    payload: Annotated[str, about("The lines that were sealed, ids and numbers with tabs between them")]


class AmendmentWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change in a closed season: strikes, and whose identities are now."""

    reason: Why
    strike: Annotated[Annotated[list[Sha], Meta(max_length=200)], about("Commits whose changes are struck")] = []
    take_back: Annotated[Annotated[list[Sha], Meta(max_length=200)], about("Commits whose strikes are taken back")] = []
    confirm: Annotated[
        Annotated[str, Meta(max_length=64)] | None, about("The token of a preview, to do exactly that; null for one")
    ] = None


class Amendment(Struct, frozen=True, kw_only=True):
    """What an amendment changes, or has changed."""

    is_done: Annotated[bool, about("False for a preview")]
    token: Annotated[str, about("What confirms exactly this")]
    week: Annotated[int, about("The first week that is amended, from 1")]
    changes: Annotated[list[PointsChanged], about("Whose season points it changes")]
