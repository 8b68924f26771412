"""Comparing what the server has stored of a repository with a copy of it: its mirror, or a clone given by its path.

Both sides are read whole, one digest for each commit; texts are read again only for commits that differ. A mirror is
read without its lock: a fetch beside it only adds to it.
"""

from contextlib import aclosing
from pathlib import Path
from random import Random
from typing import Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_history import HistoryError
from tgl_protocol import comparison
from tgl_protocol.commits import Commit
from tgl_protocol.comparison import Comparison, DifferentCommit, DigestPage
from tgl_protocol.http import MAX_REFS
from tgl_protocol.stored_commits import StoredCommit
from tgl_server.access.ids import RepoId
from tgl_server.commits.service import stored_commit
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError
from tgl_server.http.pagination import cut_page, decode_cursor
from tgl_server.ingest.refs import list_refs
from tgl_server.migration import queries
from tgl_server.migration.erased import erased_columns
from tgl_server.pull.reading import opened

#: The commits that are read at once.
PAGE: Final = 5000

_REMOTES: Final = "refs/remotes/origin/"
_NONE: Final = b""


class Copy(Struct, frozen=True, kw_only=True):
    """The copy to compare with; in a `clone` the branches of `origin` count as well as its own."""

    path: Path
    is_clone: bool


class _Read(Struct, frozen=True):
    """What a copy has: its tips, the digest of each commit, empty where it was not read, and what cannot be read."""

    tips: dict[str, str]
    digests: dict[str, bytes]
    unreadable: int


async def compare(
    database: Database, repo_id: RepoId, copy: Copy, *, sample: int | None = None, jobs: int = 0
) -> Comparison:
    """Compare a repository with a copy of it; `sample` is the number of commits whose columns are compared, at random.

    Raises `ServerError` for a copy that cannot be read.
    """
    here = await stored_digests(database, repo_id)
    try:
        there = await _read(copy, here, sample, jobs)
        found = comparison.differences(here, there.digests)
        different, examples, columns = await _explained(database, repo_id, copy, found.different)
    except HistoryError as error:
        raise ServerError(f"{error.message}; {error.hint}") from error
    tips = comparison.different_tips(await _recorded(database, repo_id), there.tips)
    covered = not (found.only_there or different or there.unreadable)
    return Comparison(
        here=len(here),
        there=len(there.digests),
        only_here=len(found.only_here),
        only_there=len(found.only_there),
        only_here_shas=found.only_here[: comparison.SHOWN],
        only_there_shas=found.only_there[: comparison.SHOWN],
        sampled=None if sample is None else sum(map(bool, there.digests.values())),
        different=different,
        columns=columns,
        examples=examples,
        tips_differ=len(tips),
        tips=tips[: comparison.SHOWN],
        unreadable=there.unreadable,
        fingerprint_here=comparison.fingerprint(here) if sample is None else None,
        fingerprint_there=comparison.fingerprint(there.digests) if sample is None else None,
        is_equal=covered and not found.only_here and not tips,
        is_covered=covered,
    )


async def digest_page(
    reader: AsyncConnection | AsyncSession, repo_id: RepoId, *, limit: int, cursor: str | None
) -> DigestPage:
    """A page of stored commits with the digests of their columns, by sha."""
    (after,) = decode_cursor(cursor, tuple[bytes]) if cursor else (_NONE,)
    wanted = {"repo_id": repo_id, "after": after, "limit": limit + 1}
    rows = (await reader.execute(queries.STORED, wanted)).mappings().all()
    page, next_cursor = cut_page(rows, limit, lambda row: (row["sha"],))
    digests = {row["sha"].hex(): comparison.digest_of(stored_commit(row)).hex() for row in page}
    total = await reader.scalar(queries.TOTAL, {"repo_id": repo_id})
    return DigestPage(digests, next_cursor, total or 0)


async def stored_digests(database: Database, repo_id: RepoId) -> dict[str, bytes]:
    """The digest of each stored commit, by sha."""
    digests: dict[str, bytes] = {}
    after = _NONE
    async with database.statements() as connection:
        while True:
            wanted = {"repo_id": repo_id, "after": after, "limit": PAGE}
            rows = (await connection.execute(queries.STORED, wanted)).mappings().all()
            digests |= {row["sha"].hex(): comparison.digest_of(stored_commit(row)) for row in rows}
            if len(rows) < PAGE:
                return digests
            after = rows[-1]["sha"]


async def _read(copy: Copy, here: dict[str, bytes], sample: int | None, jobs: int) -> _Read:
    """What a copy has; without a sample the columns of all commits are read."""
    async with opened(copy.path) as history:
        tips = await history.tips(remotes=copy.is_clone)
        shas = await history.walk(list(dict.fromkeys(tips.values())), [])
        digests = dict.fromkeys((sha.hex() for sha in shas), _NONE)
        chosen = shas if sample is None else _chosen([sha for sha in shas if sha.hex() in here], sample)
        async with aclosing(history.batches(chosen, jobs)) as batches:
            async for batch in batches:
                digests |= {commit.sha: comparison.digest_of(commit) for commit in batch}
        return _Read(_named(tips), digests, len(history.unreadable))


def _chosen(shas: list[bytes], sample: int) -> list[bytes]:
    """As many commits at random, others each time, in the order of the walk."""
    picked = set(Random().sample(range(len(shas)), min(sample, len(shas))))  # noqa: S311 -- no secret
    return [sha for place, sha in enumerate(shas) if place in picked]


def _named(tips: dict[str, str]) -> dict[str, str]:
    """The tips under the names that the remote has for them: a clone knows most branches as those of `origin`."""
    of_remote = {f"refs/heads/{name.removeprefix(_REMOTES)}": sha for name, sha in tips.items() if _REMOTES in name}
    return {name: sha for name, sha in tips.items() if not name.startswith("refs/remotes/")} | of_remote


async def _explained(
    database: Database, repo_id: RepoId, copy: Copy, different: list[str]
) -> tuple[int, list[DifferentCommit], dict[str, int]]:
    """How many commits differ, the first of them with their columns, and how many differ in each column.

    What was replaced when a person was erased is no difference.
    """
    number = 0
    examples: list[DifferentCommit] = []
    counts = dict.fromkeys(comparison.COLUMNS, 0)
    for start in range(0, len(different), PAGE):
        part = different[start : start + PAGE]
        ours, theirs = await stored_of(database, repo_id, part), await _read_again(copy, part)
        for sha in sorted(ours.keys() & theirs.keys()):
            erased = erased_columns(ours[sha])
            pairs = comparison.different_columns(ours[sha], theirs[sha]).items()
            columns = {name: pair for name, pair in pairs if name not in erased}
            number += bool(columns)
            examples += [DifferentCommit(sha, columns)] if columns and len(examples) < comparison.SHOWN else []
            for name in columns:
                counts[name] += 1
    return number, examples, {name: count for name, count in counts.items() if count}


async def stored_of(database: Database, repo_id: UUID, shas: list[str]) -> dict[str, StoredCommit]:
    """Those of these commits that are stored, by sha."""
    wanted = {"repo_id": repo_id, "shas": [bytes.fromhex(sha) for sha in shas]}
    async with database.statements() as connection:
        rows = (await connection.execute(queries.STORED_OF, wanted)).mappings()
        return {row["sha"].hex(): stored_commit(row) for row in rows}


async def _read_again(copy: Copy, shas: list[str]) -> dict[str, Commit]:
    found: dict[str, Commit] = {}
    async with (
        opened(copy.path) as history,
        aclosing(history.batches([bytes.fromhex(sha) for sha in shas], jobs=0)) as batches,
    ):
        async for batch in batches:
            found |= {commit.sha: commit for commit in batch}
    return found


async def _recorded(database: Database, repo_id: RepoId) -> dict[str, str]:
    tips: dict[str, str] = {}
    cursor = None
    async with database.statements() as connection:
        while True:
            page = await list_refs(connection, repo_id, limit=MAX_REFS, cursor=cursor)
            tips |= page.refs
            if page.next_cursor is None:
                return tips
            cursor = page.next_cursor
