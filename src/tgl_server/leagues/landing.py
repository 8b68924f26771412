"""What is on the default branch, and since when: the commits that a tip contains are landed, and stay so.

The tips' history is walked in its order, each from its tip down to what has landed before. So of several tips that
contain a commit the first counts, and what is force-pushed away stays landed. A walk ends at commits without recorded
parents.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.access.ids import RepoId
from tgl_server.leagues.landing_queries import ALL, ALL_LANDED, LAND, LANDED, PARENTS, READ_TIPS, SOME
from tgl_server.leagues.terms import Reader


async def land(tx: AsyncSession, repo_id: RepoId, seqs: Sequence[int] | None = None) -> list[bytes]:
    """Note what has landed with these rows of the ingest log, or with all; the commits that had not before.

    A tip that has landed costs one look, so walking the same ones again does no harm.
    """
    which = {"repo_id": repo_id}
    found = await tx.execute(ALL if seqs is None else SOME, which if seqs is None else {**which, "seqs": list(seqs)})
    crossed: list[bytes] = []
    for tip, at in found.all():
        crossed += list(await tx.scalars(LAND, {**which, "tip": tip, "at": at}))
    return crossed


async def landed_since(reader: Reader, repo_id: UUID, shas: Sequence[bytes]) -> dict[bytes, datetime]:
    """When these commits landed, for those that have."""
    rows = await reader.execute(LANDED, {"repo_id": repo_id, "shas": list(shas)})
    return {row.sha: row.at for row in rows}


async def landed_by_history(reader: Reader, repo_id: UUID) -> dict[bytes, datetime]:
    """When each commit of a repository landed by what is recorded of its default branch; empty without that."""
    tips = [(row.sha, row.at) for row in await reader.execute(ALL, {"repo_id": repo_id})]
    if not tips:
        return {}
    rows = await reader.execute(PARENTS, {"repo_id": repo_id})
    return crossings(tips, {row.sha: row.parents for row in rows})


async def wrongly_landed(reader: Reader, repo_id: UUID, follower: str) -> list[tuple[bytes, datetime | None, datetime]]:
    """The commits that landed later than their tips say, or not at all: the sha, and the moments stored and computed.

    Earlier ones are right: a tip may have been deleted since, with commits by which older ones were reached.
    """
    which = {"repo_id": repo_id}
    tips = [(row.sha, row.at) for row in await reader.execute(READ_TIPS, {**which, "follower": follower})]
    parents = {row.sha: row.parents for row in await reader.execute(PARENTS, which)}
    stored = {row.sha: row.at for row in await reader.execute(ALL_LANDED, which)}
    found = ((sha, stored.get(sha), at) for sha, at in crossings(tips, parents).items())
    return sorted((sha, had, at) for sha, had, at in found if had is None or had > at)


def crossings(
    tips: Iterable[tuple[bytes, datetime]], parents: Mapping[bytes, Sequence[bytes] | None]
) -> dict[bytes, datetime]:
    """When each commit landed, in plain Python: what the table is checked against. Pure."""
    found: dict[bytes, datetime] = {}
    for tip, at in tips:
        waiting = [tip]
        while waiting:
            sha = waiting.pop()
            if sha in parents and sha not in found:
                found[sha] = at
                waiting += parents[sha] or ()
    return found
