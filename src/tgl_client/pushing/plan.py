"""What to send, decided from the local tips and the server's answers. Pure; `run` carries it out.

The server has the commits of recorded refs with all their history. Everything else is
asked for by sha, so force pushes, lost state, restored servers and several machines need no special case.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from msgspec import Struct

from tgl_protocol.commits import RepoStatus, SyncStatus

#: As many shas are 0.86 MB of JSON, below what common proxies let pass.
MISSING_CHUNK: Final = 20_000

#: How often a repository without news is confirmed to be up to date: as often as freshness is looked at.
CONFIRM_AFTER: Final = timedelta(minutes=10)


class WalkPlan(Struct, frozen=True):
    """Which tips to walk from, what to hide, and the refs to record when all of it is there."""

    walk_from: tuple[str, ...]
    hidden: tuple[str, ...]
    to_record: dict[str, str]
    ask_missing: bool

    @property
    def nothing_new(self) -> bool:
        """True when every local tip is recorded as it is: neither a walk nor a request is needed."""
        return not self.walk_from and not self.to_record


def plan_walk(
    tips: Mapping[str, str], recorded: Mapping[str, str], *, server_is_empty: bool, recheck: bool = False
) -> WalkPlan:
    """Compare tips by sha, whatever their names: a new branch at a known commit needs no walk.

    `recheck` trusts no record and asks for every commit. Refs that only the server knows stay:
    another machine may have pushed them.
    """
    trusted: Mapping[str, str] = {} if recheck else recorded
    known = set(trusted.values())
    walk_from = tuple(dict.fromkeys(sha for sha in tips.values() if sha not in known))
    changed = {name: sha for name, sha in tips.items() if trusted.get(name) != sha}
    return WalkPlan(
        walk_from=walk_from,
        hidden=tuple(sorted(known)),
        to_record=changed,
        ask_missing=recheck or not server_is_empty,
    )


def refs_to_record(plan: WalkPlan, *, complete: bool) -> dict[str, str]:
    """The refs to record: a tip only when the server has all of its history.

    After a walk that was cut short, by a date, a shallow boundary or a refusal, this leaves the
    tips that needed no walk. Which of the walked tips a gap lies below is not worked out: a wrong
    record hides commits for ever, a missing one costs one question.
    """
    if complete:
        return dict(plan.to_record)
    walked = set(plan.walk_from)
    return {name: sha for name, sha in plan.to_record.items() if sha not in walked}


def should_confirm(status: RepoStatus, now: datetime) -> bool:
    """True when a push that found nothing new has to tell the server that the repository is up to date.

    It does when that ends an error, and else no more often than freshness is looked at.
    """
    last_success = status.last_success_at
    return status.status is SyncStatus.ERROR or last_success is None or now - last_success > CONFIRM_AFTER


def in_order(shas: Sequence[bytes], missing: Collection[str]) -> list[bytes]:
    """Those of the shas that are missing, in the order given."""
    wanted = {bytes.fromhex(sha) for sha in missing}
    return [sha for sha in shas if sha in wanted]


def chunks(shas: Sequence[bytes], size: int) -> Iterator[list[str]]:
    """Hexadecimal shas, `size` at a time."""
    rest = iter(shas)
    while part := [sha.hex() for sha in islice(rest, size)]:
        yield part
