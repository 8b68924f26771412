"""An API key as the pages show it: where it stands, what it may do, where, and who used it last, in words."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import RowMapping

from tgl_server.auth.principal import Scope
from tgl_server.web.account.devices import device_of
from tgl_server.web.words import count, duration

#: A key that expires within this time is shown first, with the way to replace it.
SOON: Final = timedelta(days=14)

SCOPE_WORDS: Final = {
    Scope.SYNC_COMMITS: "push commits",
    Scope.READ_REPOS: "read repositories",
    Scope.READ_LEAGUE: "read leagues",
}

_DAY = timedelta(days=1)
_PROGRAM = re.compile(r"([A-Za-z][\w.+-]{0,30})/(\w[\w.+-]{0,20})")


class Standing(StrEnum):
    """Where a key stands; of several that hold, the first in this order."""

    REVOKED = "revoked"
    EXPIRED = "expired"
    PAUSED = "paused"
    REPLACED = "replaced"
    EXPIRING = "expiring"
    ACTIVE = "active"


class KeyRow(Struct, frozen=True, kw_only=True):
    """A key without its secret. `repo_count` None is no restriction; `state` is the standing in words.

    `more` says until when it works, if that is not in the words already.
    """

    id: UUID
    name: str
    prefix: str
    standing: Standing
    state: str
    more: str
    scopes: tuple[str, ...]
    rights: str
    repo_count: int | None
    networks: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    successor_id: UUID | None
    successor_prefix: str | None
    last_used_at: datetime | None
    last_client: str
    last_address: str
    uses: int

    @property
    def is_usable(self) -> bool:
        return self.standing not in (Standing.REVOKED, Standing.EXPIRED)

    @property
    def can_rotate(self) -> bool:
        return self.standing in (Standing.ACTIVE, Standing.EXPIRING)

    @property
    def reach(self) -> str:
        """Where the key works, in words."""
        return "All repositories" if self.repo_count is None else count(self.repo_count, "repository", "repositories")

    @property
    def sources(self) -> str:
        """From where it works, in words; empty for anywhere."""
        if len(self.networks) <= 1:
            return "".join(f"from {network}" for network in self.networks)
        return f"from {len(self.networks)} networks"


def key_row(row: RowMapping) -> KeyRow:
    """A row of the statements."""
    standing = _standing(row)
    return KeyRow(
        id=row["id"],
        name=row["name"],
        prefix=row["prefix"],
        standing=standing,
        state=_state(row, standing),
        more=_until(row, standing),
        scopes=tuple(row["scopes"]),
        rights=rights_of(row["scopes"]),
        repo_count=None if row["repo_ids"] is None else len(row["repo_ids"]),
        networks=tuple(row["networks"] or ()),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        successor_id=row["rotated_to"],
        successor_prefix=row["successor_prefix"],
        last_used_at=row["last_used_at"],
        last_client=client_of(row["last_user_agent"]),
        last_address=row["last_used_ip"] or "an unknown address",
        uses=row["usage_count"],
    )


def rights_of(scopes: Sequence[str]) -> str:
    """Scopes in words, always in one order: `push commits and read repositories`."""
    return " and ".join(words for scope, words in SCOPE_WORDS.items() if scope in scopes)


def client_of(user_agent: str | None) -> str:
    """The program that a user agent names: `tgl 0.1.0`, `Firefox on Linux`."""
    agent = user_agent or ""
    found = None if agent.startswith("Mozilla/") else _PROGRAM.match(agent)
    return f"{found[1]} {found[2]}" if found else device_of(agent)


def _standing(row: RowMapping) -> Standing:
    expires_at, now = row["expires_at"], row["now"]
    if row["revoked_at"] is not None:
        return Standing.REVOKED
    if expires_at is not None and expires_at <= now:
        return Standing.EXPIRED
    if not row["is_active"]:
        return Standing.PAUSED
    if row["rotated_to"] is not None:
        return Standing.REPLACED
    return Standing.EXPIRING if expires_at is not None and expires_at <= now + SOON else Standing.ACTIVE


def _state(row: RowMapping, standing: Standing) -> str:
    expires_at, now = row["expires_at"], row["now"]
    if standing is Standing.REVOKED:
        return f"Revoked {_day(row['revoked_at'], now)}"
    if standing is Standing.EXPIRED:
        return f"Expired {_day(expires_at, now)}"
    if standing is Standing.EXPIRING:
        return f"Expires in {_left(expires_at - now)}"
    return standing.capitalize()


def _until(row: RowMapping, standing: Standing) -> str:
    expires_at, now = row["expires_at"], row["now"]
    if standing is Standing.REPLACED:
        return f"works until {_time(expires_at, now)}"
    if standing in (Standing.ACTIVE, Standing.PAUSED):
        return "never expires" if expires_at is None else f"until {_day(expires_at, now)}"
    return ""


def _day(at: datetime, now: datetime) -> str:
    """`3 May`; with the year if that is another one."""
    return at.strftime("%-d %b" if at.year == now.year else "%-d %b %Y")


def _time(at: datetime, now: datetime) -> str:
    """The time of day for what ends today; else the day with it."""
    return at.strftime("%H:%M UTC" if at.date() == now.date() else "%-d %b %H:%M UTC")


def _left(left: timedelta) -> str:
    """Whole days, so that the last one is not rounded to two; less than one in hours and minutes."""
    return count(left // _DAY, "day") if left >= _DAY else duration(left)
