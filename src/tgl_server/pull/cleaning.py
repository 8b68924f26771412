"""Mirrors that nobody needs are deleted: the sources of repositories that are gone, and what is over the quota."""

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import structlog
from msgspec import Struct
from sqlalchemy import RowMapping

from tgl_server.access.ids import RepoId
from tgl_server.db.engine import Database
from tgl_server.pull import queries
from tgl_server.pull.mirrors import DELETED, delete_mirror, free_bytes, mirrors_folder, this_host
from tgl_server.remotes import repack, size_of
from tgl_server.settings import Settings

log = structlog.get_logger()

#: Each fetch adds a pack: with more they are made one, where nobody pulls meanwhile.
REPACKED_PACKS: Final = 50
#: With so many, repacking never had the time: fetching anew is cheaper than searching them all.
MOST_PACKS: Final = 500
_LONGEST_REPACK: Final = timedelta(minutes=30)

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


class Mirror(Struct, frozen=True):
    """A mirror on this disk: its bytes, and the number of its packs."""

    repo_id: RepoId
    folder: Path
    bytes: int
    packs: int


async def clean_mirrors(database: Database, settings: Settings) -> None:
    """Delete what no repository is pulled into any more, what has too many packs, and what is over the quota.

    One that is being pulled stays, and those that were pulled last go last.
    """
    folder = mirrors_folder(settings)
    await asyncio.to_thread(_delete_remains, folder)
    found = await asyncio.to_thread(_mirrors_in, folder)
    pulled = await _pulled(database, found) if found else {}
    kept = []
    for mirror in found:
        reason = _reason_to_delete(mirror, pulled)
        if reason is None or not await _delete(database, mirror, reason):
            kept.append(mirror)
            await _repack(database, settings, mirror)
    over = sum(mirror.bytes for mirror in kept) - settings.pull_mirrors_bytes
    if settings.pull_mirrors_bytes:
        for mirror in sorted(kept, key=lambda mirror: _last_pull(mirror, pulled)):
            if over > 0 and await _delete(database, mirror, "over PULL_MIRRORS_BYTES"):
                over -= mirror.bytes


def _reason_to_delete(mirror: Mirror, pulled: dict[UUID, RowMapping]) -> str | None:
    if mirror.repo_id not in pulled:
        return "not pulled any more"
    return "too many packs" if mirror.packs > MOST_PACKS else None


def _last_pull(mirror: Mirror, pulled: dict[UUID, RowMapping]) -> datetime:
    row = pulled.get(mirror.repo_id)
    return (row and row["mirrored_at"]) or _LONG_AGO


async def _pulled(database: Database, found: list[Mirror]) -> dict[UUID, RowMapping]:
    """Those of the mirrors whose repositories are pulled, by id, with the time of the last pull on this host."""
    wanted = {"ids": [mirror.repo_id for mirror in found], "host": this_host()}
    async with database.statements() as connection:
        rows = (await connection.execute(queries.MIRRORED, wanted)).mappings().all()
    return {row["id"]: row for row in rows}


async def _repack(database: Database, settings: Settings, mirror: Mirror) -> None:
    """Make one pack of many, where the disk has room for it beside them; a pull that begins meanwhile ends it."""
    free = free_bytes(mirror.folder)
    if mirror.packs <= REPACKED_PACKS or (free is not None and free < settings.pull_min_free_bytes + mirror.bytes):
        return

    async def is_leased() -> bool:
        return await _is_leased(database, mirror)

    if await repack(mirror.folder, is_leased, max_bytes=settings.pull_max_bytes, deadline=_LONGEST_REPACK):
        log.info("mirror_repacked", repo_id=str(mirror.repo_id), packs=mirror.packs, bytes=mirror.bytes)


async def _is_leased(database: Database, mirror: Mirror) -> bool:
    async with database.statements() as connection:
        return bool(await connection.scalar(queries.IS_LEASED, {"repo_id": mirror.repo_id}))


async def _delete(database: Database, mirror: Mirror, reason: str) -> bool:
    """Delete a mirror unless it is being pulled; who claims it meanwhile waits for its lock, and fetches it anew."""

    async def is_idle() -> bool:
        return not await _is_leased(database, mirror)

    is_deleted = await delete_mirror(mirror.folder, is_idle, patience_seconds=0)
    if is_deleted:
        log.info("mirror_deleted", repo_id=str(mirror.repo_id), bytes=mirror.bytes, reason=reason)
    return is_deleted


def _mirrors_in(folder: Path) -> list[Mirror]:
    """The mirrors of a folder, which need not be there; whatever else it holds is not ours."""
    found = []
    for path in sorted(folder.glob("*.git")):
        try:
            repo_id = RepoId(UUID(path.stem))
        except ValueError:
            continue
        found.append(Mirror(repo_id, path, size_of(path), sum(1 for _ in path.glob("objects/pack/*.pack"))))
    return found


def _delete_remains(folder: Path) -> None:
    """Delete what a worker that was killed had only begun to delete."""
    for path in folder.glob(f"*.git.*{DELETED}"):
        shutil.rmtree(path, ignore_errors=True)
