"""What the pages read of keys: one statement for a table, one for a key, one for what happened to it."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.api_keys import MAX_KEY_REPOS, KeyDay
from tgl_server import errors
from tgl_server.access.errors import ProjectNotFound, RepoNotFound
from tgl_server.api_keys.reading import key_usage
from tgl_server.audit.actions import AuditOutcome
from tgl_server.audit.changes import in_todays_shape
from tgl_server.auth.principal import Principal
from tgl_server.web.figures import Figure, figure
from tgl_server.web.keys.queries import COUNTS, EVENTS, KEY, KEYS, REPOS
from tgl_server.web.keys.rows import SOON, KeyRow, client_of, key_row
from tgl_server.web.trends import last_days
from tgl_server.web.words import count, number, plain_day

#: Rows of one page of the table.
PAGE_ROWS: Final = 100

_MOST_EVENTS = 2000
_SHOWN_EVENTS = 20


class KeyLine(Struct, frozen=True):
    """A key with its uses of each of the last days, and how often it was refused in them."""

    key: KeyRow
    days: tuple[int, ...]
    refused: int


class KeyList(Struct, frozen=True):
    """A page of the viewer's keys; the counts are of all of them. `next_page` is None on the last one."""

    rows: Sequence[KeyLine]
    usable: int
    every: int
    next_page: int | None


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened to a key, or was refused to it, as a sentence."""

    at: datetime
    sentence: str
    client: str
    address: str


class KeyDetails(Struct, frozen=True, kw_only=True):
    """A key with the names of the repositories it reaches, as far as the viewer sees them, and what happened to it."""

    row: KeyRow
    repos: Sequence[tuple[str, str]]
    history: Sequence[Event]
    refusals: Sequence[Event]
    use: Figure
    days: Sequence[KeyDay]

    @property
    def unseen_repos(self) -> int:
        """The number of repositories that are deleted, or hidden from the viewer."""
        return (self.row.repo_count or 0) - len(self.repos)


class Choice(Struct, frozen=True):
    """A project with its repositories, to tick."""

    slug: str
    name: str
    repos: Sequence[tuple[UUID, str]]


async def list_keys(connection: AsyncConnection, principal: Principal, *, show_all: bool, page: int) -> KeyList:
    """One page of the viewer's keys, the soon expiring ones first."""
    asked = {"user_id": principal.user_id, "all": show_all, "soon": SOON}
    found = await connection.execute(KEYS, {**asked, "limit": PAGE_ROWS + 1, "offset": (page - 1) * PAGE_ROWS})
    rows = [_line(row) for row in found.mappings()]
    counts = (await connection.execute(COUNTS, {"user_id": principal.user_id})).one()
    return KeyList(rows[:PAGE_ROWS], counts.usable, counts.every, page + 1 if len(rows) > PAGE_ROWS else None)


def _line(row: RowMapping) -> KeyLine:
    uses = dict(zip(row["days"] or (), row["uses"] or (), strict=True))
    return KeyLine(key_row(row), last_days(uses, row["now"].date()), row["refused"] or 0)


async def find_key(connection: AsyncConnection, principal: Principal, key_id: UUID) -> KeyRow:
    """One of the viewer's keys; raises `NotFound`, also for the keys of others."""
    return key_row(await _key(connection, principal, key_id))


async def read_details(connection: AsyncConnection, principal: Principal, key_id: UUID) -> KeyDetails:
    """One of the viewer's keys with all that its page shows; raises `NotFound`."""
    row = await _key(connection, principal, key_id)
    asked = {"key_id": str(key_id), "most": _MOST_EVENTS, "shown": _SHOWN_EVENTS}
    events = (await connection.execute(EVENTS, asked)).mappings().all()
    days = (await key_usage(connection, principal.user_id, key_id)).days
    return KeyDetails(
        row=key_row(row),
        use=_draw(days),
        days=days,
        repos=_repos(row),
        history=[_event(each, _act(each, principal)) for each in events if each["outcome"] == AuditOutcome.SUCCESS],
        refusals=[_event(each, _refusal(each)) for each in events if each["outcome"] == AuditOutcome.REFUSED],
    )


def _draw(days: Sequence[KeyDay]) -> Figure:
    """Uses above the ground, and refusals below it if there are any."""
    uses, refused = [day.uses for day in days], [day.refused for day in days]
    titles = [f"{plain_day(day.day)}: {_amount(day.uses, day.refused)}" for day in days]
    sentence = f"{_amount(sum(uses), sum(refused))} in {count(len(days), 'day')}."
    return figure([day.day for day in days], uses, refused if any(refused) else [], sentence=sentence, titles=titles)


def _amount(uses: int, refused: int) -> str:
    return count(uses, "use") + (f", {number(refused)} refused" if refused else "")


async def reached_repos(connection: AsyncConnection, principal: Principal, key_id: UUID) -> Sequence[tuple[str, str]]:
    """Project and name of each repository that a key is restricted to, as far as its owner sees them."""
    return _repos(await _key(connection, principal, key_id))


async def repos_to_choose(connection: AsyncConnection, principal: Principal) -> list[Choice]:
    """The repositories that the viewer sees, by project."""
    asked = {"user_id": principal.user_id, "sees_all": principal.is_commissioner, "limit": MAX_KEY_REPOS}
    rows = (await connection.execute(REPOS, asked)).mappings().all()
    return [
        Choice(slug, name, [(row["id"], row["name"]) for row in group])
        for (slug, name), group in groupby(rows, key=lambda row: (row["slug"], row["project_name"]))
    ]


async def _key(connection: AsyncConnection, principal: Principal, key_id: UUID) -> RowMapping:
    asked = {"user_id": principal.user_id, "key_id": key_id, "sees_all": principal.is_commissioner}
    row = (await connection.execute(KEY, asked)).mappings().one_or_none()
    if row is None:
        raise errors.NotFound("You have no such API key.")
    return row


def _repos(row: RowMapping) -> Sequence[tuple[str, str]]:
    return [(slug, name) for slug, name in row["repos"] or ()]


def _event(row: RowMapping, sentence: str) -> Event:
    address = row["ip"] or "the server's own command line"
    return Event(at=row["at"], sentence=sentence, client=client_of(row["user_agent"]), address=address)


_ACTS = {
    "api_key:created": "Made",
    "api_key:revoked": "Revoked for good",
    "api_key:rotated": "Replaced by a new key",
}
_SWITCHED = {True: "Resumed", False: "Paused"}


def _act(row: RowMapping, principal: Principal) -> str:
    """What was done, and by whom unless that was the viewer."""
    changed = in_todays_shape(row["details"]).get("changed", {})
    done = [_change(name, change) for name, change in changed.items()]
    sentence = "; ".join(done) or _ACTS.get(row["action"], row["action"])
    return sentence if row["actor_user_id"] in (None, principal.user_id) else f"{sentence}, by somebody else"


def _change(field: str, change: dict[str, Any]) -> str:
    if field == "is_active":
        return _SWITCHED[bool(change["to"])]
    if field == "name":
        return f"Renamed from “{change['from']}” to “{change['to']}”"
    return "Rights reduced"


def _refusal(row: RowMapping) -> str:
    """Why a use was refused: in words about the key, or else the default message of the error with that code."""
    code = str(row["details"].get("reason", ""))
    return _REASONS.get(code) or _default_messages().get(code) or "Refused."


@cache
def _default_messages() -> dict[str, str]:
    return {error.code: (error.__doc__ or "").strip() for error in errors.answered()}


_REASONS = {
    errors.RevokedApiKey.code: "The key was revoked.",
    errors.ExpiredApiKey.code: "The key had expired.",
    errors.InactiveApiKey.code: "The key was paused.",
    errors.InvalidApiKey.code: "The secret was not this key's, only the prefix was.",
    errors.AccountNotActive.code: "Your account was not active.",
    errors.NetworkNotAllowed.code: "The address is outside of the key's networks.",
    errors.InsufficientScope.code: "The key lacks the right for this.",
    errors.SessionRequired.code: "No key may do this, only a person who has signed in.",
    ProjectNotFound.code: "There is no project of this name in the key's reach.",
    RepoNotFound.code: "The key does not reach this repository, or there is none of this name.",
    errors.NotFound.code: "The key does not reach this, or there is nothing of this name.",
    errors.Forbidden.code: "You may not do this yourself, so the key may not either.",
}
