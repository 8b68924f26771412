"""Joining identities of one person: suggestions, and the `.mailmap` of a repository."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from tgl_protocol.about import about
from tgl_protocol.players import MAX_REASON, PlayerInfo

MAX_MAILMAP: Final = 250_000


class SuggestionReason(StrEnum):
    """Why identities look like one person."""

    NOREPLY = "noreply"
    PLUS = "plus"
    NAME = "name"
    ACCOUNT = "account"


class Suggestion(Struct, frozen=True, kw_only=True):
    """Players that look like one person; nothing is done until a commissioner merges them."""

    reason: Annotated[SuggestionReason, about("What they have in common")]
    value: Annotated[str, about("The name, address or login that they share")]
    players: Annotated[list[PlayerInfo], about("The players, with an account first")]


class SuggestionList(Struct, frozen=True):
    """Players that look like one person."""

    items: Annotated[list[Suggestion], about("The suggestions, at most 200")]


class Dismissal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Players that look like one person and are not: a group of no others than these is suggested no more."""

    players: Annotated[Annotated[list[UUID], Meta(min_length=2, max_length=50)], about("The players' ids")]
    reason: Annotated[Annotated[str, Meta(min_length=1, max_length=MAX_REASON)], about("How that is known; it is kept")]


class Dismissed(Struct, frozen=True, kw_only=True):
    """What is suggested no more."""

    players: Annotated[list[UUID], about("The players' ids, each once and in order")]


class DismissedSuggestion(Struct, frozen=True, kw_only=True):
    """Players of whom a commissioner has said that they are several people."""

    id: Annotated[UUID, about("Its id, by which it is taken back")]
    players: Annotated[list[PlayerInfo], about("The players")]
    reason: Annotated[str, about("How that was known; empty after one of them was erased")]
    dismissed_at: Annotated[datetime, about("When that was said")]
    dismissed_by: Annotated[UUID | None, about("The id of who said so; null for the command line")]


class DismissedPage(Struct, frozen=True):
    """A page of dismissed suggestions, the newest first; `next_cursor` is null on the last one."""

    items: Annotated[list[DismissedSuggestion], about("The dismissed suggestions")]
    next_cursor: Annotated[str | None, about("The `cursor` of the next page; null on the last")]


class Mailmap(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `.mailmap`, to be looked at or to be applied."""

    text: Annotated[Annotated[str, Meta(max_length=MAX_MAILMAP)], about("The file's content")]
    digest: Annotated[
        Annotated[str, Meta(max_length=64)] | None, about("That of the diff that was looked at, to apply it; else null")
    ] = None


class MailmapMove(Struct, frozen=True, kw_only=True):
    """An identity that the file gives to another player."""

    line: Annotated[int, about("The line of the file, from 1")]
    email: Annotated[str, about("The address")]
    name: Annotated[str, about("The one name that it is about; empty for any")]
    from_player: Annotated[str, about("Whose it is")]
    to_player: Annotated[str, about("Whose it becomes")]
    problem: Annotated[str | None, about("Why it is left as it is; null if it moves")]


class MailmapDiff(Struct, frozen=True, kw_only=True):
    """What a `.mailmap` changes, or has changed."""

    digest: Annotated[str, about("With it, exactly this is applied")]
    moves: Annotated[list[MailmapMove], about("What moves, and what cannot")]
    unreadable: Annotated[list[int], about("Lines that are no entries, from 1")]
    event: Annotated[int | None, about("The event by which it was applied; null for a diff")]
