"""Removing commits from a repository that stays: all of them, or those that no recorded tip reaches.

The followers' results are computed anew in the same transaction, so that everything is right when it ends. A push that
is under way meanwhile is stored or waits, and records no tip: some commits that it was told to be there may be gone.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.commits import SyncStatus
from tgl_server.access.ids import RepoId
from tgl_server.access.names import Names, names_for
from tgl_server.audit.service import Actor, record
from tgl_server.commits import queries as commits_queries
from tgl_server.commits.models import IngestKind
from tgl_server.commits.service import lock_state, log_change
from tgl_server.db.rows import changed_rows
from tgl_server.errors import NotFound, ServerError
from tgl_server.followers.follower import Followers
from tgl_server.followers.service import create_marks, follow_anew, hold_mark
from tgl_server.removals import queries
from tgl_server.removals.actions import RemovalAction

_SHOWN = 20


class TipsIncomplete(ServerError):
    """The recorded tips do not tell which commits are needed."""


class Tip(Struct, frozen=True):
    """A recorded branch tip."""

    name: str
    sha: str


class Contents(Struct, frozen=True, kw_only=True):
    """What a repository holds: the dates are of its first and last commit, the tips the first 20 by name."""

    commits: int
    first_date: datetime | None
    last_date: datetime | None
    tips_total: int
    tips: list[Tip]


class UnreachedCommit(Struct, frozen=True, kw_only=True):
    """A commit that no recorded tip reaches, with the names that everybody may be shown."""

    sha: str
    commit_date: datetime
    author_name: str
    message_title: str


class Unreached(Struct, frozen=True, kw_only=True):
    """The commits that no recorded tip reaches, the newest 20 of them, and the `seq` of the log at which that is so.

    `roots` are the first 20 among them that have no parent: each begins a history that would go as a whole. `continued`
    are the first 20 tips that have children among them: those branches were set back, or a clone that is behind pushed
    last, and what would go is the newest of all.
    """

    commits: int
    first_date: datetime | None
    last_date: datetime | None
    newest: list[UnreachedCommit]
    roots: list[str]
    continued: list[str]
    reached: int
    seq: int


async def contents_of(tx: AsyncSession, repo_id: RepoId) -> Contents:
    """What `empty_repo` would remove."""
    row = (await tx.execute(queries.CONTENTS, {"repo_id": repo_id})).one_or_none()
    if row is None:
        raise NotFound("The repository is gone already.")
    tips = await tx.execute(queries.TIPS, {"repo_id": repo_id, "limit": _SHOWN})
    return Contents(
        commits=row.total_commits,
        first_date=row.first_date,
        last_date=row.last_date,
        tips_total=row.refs_total,
        tips=[Tip(tip.name, tip.sha) for tip in tips],
    )


async def empty_repo(tx: AsyncSession, repo_id: RepoId, by: Actor, followers: Followers) -> int:
    """Remove every commit and tip; the number of commits removed. Runs stay, and the next push fills it again."""
    await _hold(tx, repo_id, followers)
    whose = {"repo_ids": [repo_id]}
    tips = await changed_rows(tx, commits_queries.DELETE_REFS, **whose)
    removed = await changed_rows(tx, commits_queries.DELETE_COMMITS, **whose)
    await tx.execute(queries.EMPTY_STATE, {"repo_id": repo_id})
    await _tell_followers(tx, repo_id, followers)
    await record(tx, by.did(RemovalAction.REPO_EMPTIED, "repo", repo_id, commits=removed, tips=tips))
    return removed


async def unreached_in(tx: AsyncSession, repo_id: RepoId, forgotten: Sequence[str] = ()) -> Unreached:
    """What `prune_repo` would remove if the tips `forgotten` were not recorded; changes nothing that lasts.

    Raises `TipsIncomplete` unless the tips are known to tell which commits are needed.
    """
    state = (await tx.execute(queries.CONTENTS, {"repo_id": repo_id})).one_or_none()
    if state is None:
        raise NotFound("The repository is gone already.")
    unknown = list(await tx.scalars(queries.MISSING_TIPS, {"repo_id": repo_id, "names": list(forgotten)}))
    if unknown:
        raise ServerError(f"no tip is recorded for {', '.join(unknown)}; write the whole name, such as refs/heads/main")
    _check_tips(state.sync_status, state.refs_total - len(set(forgotten)))
    reached = await _mark_reached(tx, repo_id, forgotten)
    found = (await tx.execute(queries.SUM_UNREACHED, {"repo_id": repo_id})).mappings().one()
    some = {"repo_id": repo_id, "limit": _SHOWN}
    newest = await tx.execute(queries.NEWEST_UNREACHED, some)
    names = await names_for(tx, None)
    return Unreached(
        **found,
        newest=[_unreached(row, names) for row in newest],
        roots=list(await tx.scalars(queries.UNREACHED_ROOTS, some)),
        continued=list(await tx.scalars(queries.CONTINUED_TIPS, {**some, "forgotten": list(forgotten)})),
        reached=reached,
        seq=state.ingest_seq,
    )


def _unreached(row: Row[Any], names: Names) -> UnreachedCommit:
    other = names.other_than(row.author_email, row.author_name)
    return UnreachedCommit(
        sha=row.sha,
        commit_date=row.commit_date,
        author_name=row.author_name if other is None else other,
        message_title=names.text(row.message_title),
    )


async def prune_repo(
    tx: AsyncSession, repo_id: RepoId, seen: Unreached, by: Actor, followers: Followers, forgotten: Sequence[str] = ()
) -> int:
    """Remove the commits that `unreached_in` found, and forget the tips; the number of commits removed.

    Raises `ServerError` if anything was pushed since.
    """
    now = await unreached_in(tx, repo_id, forgotten)
    await _hold(tx, repo_id, followers)
    state = (await tx.execute(queries.CONTENTS, {"repo_id": repo_id})).one()
    if not seen.seq == now.seq == state.ingest_seq:
        raise ServerError("somebody pushed to the repository meanwhile; look again")
    await tx.execute(queries.FORGET_TIPS, {"repo_id": repo_id, "names": list(forgotten)})
    removed = await changed_rows(tx, queries.DELETE_UNREACHED, repo_id=repo_id)
    await tx.execute(queries.SHRINK_STATE, {"repo_id": repo_id, "removed": removed})
    await tx.execute(commits_queries.RENEW_LAST_SHA, {"repo_id": repo_id})
    await _tell_followers(tx, repo_id, followers)
    await record(tx, by.did(RemovalAction.REPO_PRUNED, "repo", repo_id, commits=removed, forgotten=list(forgotten)))
    return removed


def _check_tips(sync_status: str, tips: int) -> None:
    if tips < 1:
        raise TipsIncomplete("no branch tip is left on record, so every commit would go; `repos empty` does that")
    if sync_status != SyncStatus.HEALTHY:
        raise TipsIncomplete(
            f"the repository is {sync_status}: the last push did not end well or is running, and its commits have no "
            "tip yet; push again first"
        )


async def _mark_reached(tx: AsyncSession, repo_id: RepoId, forgotten: Sequence[str]) -> int:
    """Put what the tips reach into a table of this transaction; the number of commits."""
    await tx.execute(queries.CREATE_REACHED)
    await tx.execute(queries.KEEP_TO_KEY)
    await tx.execute(queries.MARK_REACHED, {"repo_id": repo_id, "forgotten": list(forgotten)})
    await tx.execute(queries.PLAN_FREELY)
    await tx.execute(queries.ANALYZE_REACHED)
    found = (await tx.execute(queries.REACH, {"repo_id": repo_id})).one()
    if found.not_stored:
        raise TipsIncomplete(
            f"{found.not_stored} commits below the recorded tips are not stored, and what lies below them is not "
            "known; `tgl push --recheck` sends them"
        )
    if found.without_parents:
        raise TipsIncomplete(
            f"{found.without_parents} commits below the recorded tips came without their parents, so what they reach "
            "is not known"
        )
    if found.is_behind:
        raise TipsIncomplete(
            "commits were stored after the last tip was recorded, as by a push with --since or from a shallow clone; "
            "push every branch from a whole clone first"
        )
    reached: int = found.reached
    return reached


async def _hold(tx: AsyncSession, repo_id: RepoId, followers: Followers) -> None:
    """Keep followers and pushes from the repository until the transaction ends; marks come first, as everywhere."""
    await create_marks(tx, followers, repo_id)
    for follower in followers:
        await hold_mark(tx, repo_id, follower)
    if not await lock_state(tx, repo_id):
        raise NotFound("The repository was deleted meanwhile.")


async def _tell_followers(tx: AsyncSession, repo_id: RepoId, followers: Followers) -> None:
    await log_change(tx, repo_id, IngestKind.REMOVED)
    for follower in followers:
        await follow_anew(tx, follower, repo_id)
