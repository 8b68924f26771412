"""From a fetched mirror to stored commits, by way of ingestion's own use cases: there is no second way to store."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog
from msgspec import Struct

from tgl_protocol.commits import RunPhase
from tgl_protocol.http import MAX_REF_NAME_LENGTH, MAX_REFS
from tgl_server.access.ids import RepoId
from tgl_server.db.engine import Database
from tgl_server.ingest.context import Push
from tgl_server.ingest.missing import missing_keys
from tgl_server.ingest.push import push_commits
from tgl_server.ingest.ref_names import ref_fault
from tgl_server.ingest.refs import list_refs
from tgl_server.ingest.service import repo_status
from tgl_server.pull.failures import MirrorDamaged
from tgl_server.pull.plan import Refs, plan_pull
from tgl_server.pull.queue import CLIENT_VERSION
from tgl_server.pull.reading import MirrorHistory, opened
from tgl_server.settings import Settings

log = structlog.get_logger()

_ASKED_AT_ONCE: Final = 20_000

Enter = Callable[[RunPhase], Awaitable[None]]


class Stored(Struct, frozen=True):
    """What is left to record of a pull whose commits are stored: `last_removal` as it was, and the default branch."""

    refs: Refs
    last_removal: int | None
    head: str | None


async def store_new(
    database: Database,
    settings: Settings,
    push: Push,
    mirror: Path,
    enter: Enter,
    *,
    jobs: int,
    reading: timedelta,
) -> Stored:
    """Store the commits of a mirror that are missing; raises `MirrorDamaged` once what can be read is stored.

    `enter` hears the phases, and `jobs` is the number of processes that count lines, 0 for one per core. Raises
    `ReadingTooSlow` where the walk, or a batch, takes longer than `reading`.
    """
    await enter(RunPhase.WALKING)
    async with opened(mirror, reading) as history:
        recorded, last_removal, is_empty = await _recorded(database, settings, push.repo_id)
        tips = _recordable(await history.tips())
        head = await history.head(tips)
        plan = plan_pull(tips, recorded)
        shas = await history.walk(plan.walk_from, plan.hidden)
        if shas and not is_empty:
            shas = await _missing(database, push.repo_id, shas)
        refused = await _store(database, settings, push, history, shas, enter, jobs)
        if history.unreadable:
            raise MirrorDamaged(history.unreadable)
    return Stored(plan.refs(is_complete=not refused), last_removal, head)


async def _store(
    database: Database,
    settings: Settings,
    push: Push,
    history: MirrorHistory,
    shas: list[bytes],
    enter: Enter,
    jobs: int,
) -> int:
    """Store these commits; the number of those that were refused."""
    refused = 0
    if not shas:
        return refused
    await enter(RunPhase.STORING)
    async with aclosing(history.batches(shas, jobs)) as batches:
        async for batch in batches:
            result = await push_commits(
                database,
                push,
                batch,
                client_version=CLIENT_VERSION,
                on_error="skip",
                slow_ms=settings.slow_batch_ms,
            )
            refused += result.errors
    return refused


async def _recorded(database: Database, settings: Settings, repo_id: RepoId) -> tuple[dict[str, str], int | None, bool]:
    """All recorded tips, the last removal, and whether the repository has no commit yet."""
    tips: dict[str, str] = {}
    async with database.statements() as connection:
        status = await repo_status(connection, repo_id, settings.run_timeout, max_refs=0)
        page = await list_refs(connection, repo_id, limit=MAX_REFS, cursor=None)
        tips |= page.refs
        while page.next_cursor is not None:
            page = await list_refs(connection, repo_id, limit=MAX_REFS, cursor=page.next_cursor)
            tips |= page.refs
    return tips, status.last_removal, status.total_commits == 0


async def _missing(database: Database, repo_id: RepoId, shas: list[bytes]) -> list[bytes]:
    found: list[bytes] = []
    for start in range(0, len(shas), _ASKED_AT_ONCE):
        async with database.transaction() as tx:
            found += await missing_keys(tx, repo_id, shas[start : start + _ASKED_AT_ONCE])
    return found


def _recordable(tips: dict[str, str]) -> dict[str, str]:
    """The branches whose names can be recorded; git allows others, which would refuse the whole pull."""
    good = {
        name: sha
        for name, sha in tips.items()
        if len(name) <= MAX_REF_NAME_LENGTH and ref_fault(name, is_set=True) is None
    }
    if len(good) < len(tips):
        log.warning("branches_not_recorded", branches=len(tips) - len(good))
    return good
