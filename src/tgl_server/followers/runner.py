"""The runner of followers: in one transaction it reads the log after a mark, calls the follower and moves the mark.

So each row of the log takes effect exactly once, even if a process dies in between. Any number of processes may
follow: one locks a mark to work on it, and the others skip it.
"""

import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.access.ids import RepoId
from tgl_server.background import Stop, run_until_stopped
from tgl_server.commits.models import IngestKind
from tgl_server.db.away import is_database_away
from tgl_server.db.engine import Database
from tgl_server.followers import queries
from tgl_server.followers.follower import Follower, Followers, Gulp, LogEntry
from tgl_server.settings import Settings

log = structlog.get_logger()

# The limits of one transaction, so that a mark is not held for long and memory stays small.
_ROWS = 200
_COMMITS = 5000
# The most that `renew` gets at once; if there is more, the whole repository is rebuilt.
_MOST_RENEWED = 20 * _COMMITS
_MOST_DUE = 1000
# Looking for work takes at most a twentieth of the time, however many repositories there are.
_PAUSE_FOR_LOOK = 20
# The pauses after a failure: of everything if the database does not answer, else of one follower in one repository.
_PAUSE_SECONDS = 5.0
_REST_SECONDS = 60.0


class Rests:
    """Repositories in which a follower has failed; it leaves them alone for a while."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, RepoId], float] = {}

    def begin(self, follower: Follower, repo_id: RepoId) -> None:
        self._until[follower.name, repo_id] = time.monotonic() + _REST_SECONDS

    def has(self, follower: Follower, repo_id: RepoId) -> bool:
        if time.monotonic() < self._until.get((follower.name, repo_id), 0.0):
            return True
        self._until.pop((follower.name, repo_id), None)
        return False


@asynccontextmanager
async def following(database: Database, followers: Followers, settings: Settings) -> AsyncIterator[None]:
    """Follow while the block runs, with a look every FOLLOWER_PAUSE_MS; a transaction that has begun is finished."""

    async def work(stop: Stop) -> None:
        rests = Rests()
        while not stop.is_asked:
            try:
                took = await catch_up(database, followers, stop, rests)
                await stop.pause(max(settings.follower_pause_ms / 1000, _PAUSE_FOR_LOOK * took))
            except Exception as error:
                log.warning("followers_failed", reason=type(error).__name__)
                await stop.pause(_PAUSE_SECONDS)

    if settings.follower_pause_ms == 0:
        yield
        return
    async with run_until_stopped(work):
        yield


async def catch_up(
    database: Database, followers: Followers, stop: Stop | None = None, rests: Rests | None = None
) -> float:
    """Follow all that is due at this moment; the seconds that it took to look for it."""
    took, rests = 0.0, rests or Rests()
    for follower in followers:
        started = time.monotonic()
        async with database.statements() as connection:
            found = await connection.scalars(queries.DUE, {"follower": follower.name, "limit": _MOST_DUE})
            due = list(found)
        took += time.monotonic() - started
        # A random order, so that processes seldom meet.
        random.shuffle(due)
        for repo_id in due:
            if not rests.has(follower, repo_id):
                await _follow_repo(database, follower, RepoId(repo_id), stop, rests)
    return took


async def _follow_repo(
    database: Database, follower: Follower, repo_id: RepoId, stop: Stop | None, rests: Rests
) -> None:
    """Follow a repository to the end of its log; a failure is logged, tried again later, and stops no other one."""
    try:
        while not (stop and stop.is_asked) and await follow(database, follower, repo_id):
            pass
    except Exception as error:
        if is_database_away(error):
            raise
        rests.begin(follower, repo_id)
        log.exception("follower_failed", follower=follower.name, repo_id=str(repo_id), reason=type(error).__name__)


async def follow(database: Database, follower: Follower, repo_id: RepoId) -> bool:
    """Follow one gulp; False if there was nothing to follow, or another process is following."""
    async with database.transaction() as tx:
        which = {"repo_id": repo_id, "follower": follower.name}
        seq = await tx.scalar(queries.TAKE_MARK, which)
        if seq is None:
            return False
        gulp = await _read(tx, follower, repo_id, seq, rows=_ROWS, commits=_COMMITS)
        if not gulp.entries:
            return False
        moved = await _apply(tx, follower, gulp, seq)
        await tx.execute(queries.MOVE_MARK, {**which, "seq": moved})
        return True


async def _apply(tx: AsyncSession, follower: Follower, gulp: Gulp, seq: int) -> int:
    """Call the follower; the position that the mark moves to.

    If as many commits are found as announced, all are new. If more, two batches share a time and one of them was
    followed before. If fewer, commits were deleted later.
    """
    if gulp.is_reset or gulp.found < gulp.announced:
        await _check_explained(tx, follower, gulp, seq)
        return await _rebuild(tx, follower, gulp.repo_id)
    if gulp.found > gulp.announced:
        return await _renew(tx, follower, gulp.repo_id, seq)
    await follower.add(tx, gulp)
    return gulp.entries[-1].seq


async def _check_explained(tx: AsyncSession, follower: Follower, gulp: Gulp, seq: int) -> None:
    if gulp.is_reset or await tx.scalar(queries.WAS_RESET, {"repo_id": gulp.repo_id, "seq": seq}):
        return
    log.error(
        "follower_commits_missing",
        follower=follower.name,
        repo_id=str(gulp.repo_id),
        announced=gulp.announced,
        found=gulp.found,
    )


async def _rebuild(tx: AsyncSession, follower: Follower, repo_id: RepoId) -> int:
    last = await _hold_state(tx, repo_id)
    await follower.rebuild(tx, repo_id)
    return last


async def _renew(tx: AsyncSession, follower: Follower, repo_id: RepoId, seq: int) -> int:
    """Renew with all rows up to the log's end, since what is computed anew includes the commits of later rows.

    If that is too much, or commits were deleted since, whose effects are unknown, everything is rebuilt.
    """
    last = await _hold_state(tx, repo_id)
    ahead = await _read(tx, follower, repo_id, seq, rows=_MOST_RENEWED, commits=_MOST_RENEWED)
    if ahead.is_reset or ahead.entries[-1].seq < last:
        await follower.rebuild(tx, repo_id)
    else:
        await follower.renew(tx, ahead)
    return last


async def _hold_state(tx: AsyncSession, repo_id: RepoId) -> int:
    """The end of the log, which does not move until the transaction ends."""
    last: int = await tx.scalar(queries.HOLD_STATE, {"repo_id": repo_id})
    return last


async def _read(tx: AsyncSession, follower: Follower, repo_id: RepoId, seq: int, *, rows: int, commits: int) -> Gulp:
    bounds = {"repo_id": repo_id, "seq": seq, "rows": rows, "commits": commits}
    answer = (await tx.execute(queries.gulp(follower.columns, follower.wanted), bounds)).mappings().all()
    wanted = [row for row in answer if row["sha"] is not None]
    return Gulp(repo_id, _entries(answer[0]), answer[0]["found"], wanted)


def _entries(row: RowMapping) -> list[LogEntry]:
    columns = zip(row["seqs"] or (), row["inserted"] or (), row["kinds"] or (), strict=True)
    return [LogEntry(seq, inserted, IngestKind(kind)) for seq, inserted, kind in columns]
