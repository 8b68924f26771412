"""Which commits a repository has."""

from collections.abc import Callable, Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.ingest import queries
from tgl_server.ingest.encode import BadCommit, decode_sha, split_shas
from tgl_server.projects.models import RepoId


async def missing_shas(tx: AsyncSession, repo_id: RepoId, shas: Iterable[str]) -> list[str]:
    """Which of these the repository lacks, each once, in the order asked; raises 422 for what is no sha."""
    return [sha.hex() for sha in await lacking(tx, repo_id, _decode(shas, _bad_sha))]


async def lacking(tx: AsyncSession, repo_id: RepoId, shas: Iterable[bytes]) -> list[bytes]:
    """The same for distinct shas of twenty bytes."""
    return split_shas(await tx.scalar(queries.MISSING_SHAS, {"repo_id": repo_id, "shas": list(shas)}))


def _decode(shas: Iterable[str], fail: Callable[[int, str], Exception]) -> list[bytes]:
    """Distinct shas as bytes, in the order given; raises what `fail(index, sha)` makes for the first bad one."""
    found: dict[bytes, None] = {}
    for index, sha in enumerate(shas):
        try:
            found[decode_sha(sha)] = None
        except BadCommit:
            raise fail(index, sha) from None
    return list(found)


def _bad_sha(index: int, sha: str) -> errors.ApiError:
    return errors.InvalidBody(errors=[FieldError("Expected 40 hexadecimal digits", index, sha)])
