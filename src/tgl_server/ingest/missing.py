"""Which of the asked commits a repository does not have."""

from collections.abc import Callable, Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.access.ids import RepoId
from tgl_server.ingest import queries
from tgl_server.ingest.encode import BadCommit, decode_sha, split_shas


async def missing_shas(tx: AsyncSession, repo_id: RepoId, shas: Iterable[str]) -> list[str]:
    """The shas that the repository does not have, each once, in the order asked; raises 422 for what is no sha."""
    return [sha.hex() for sha in await missing_keys(tx, repo_id, _decode(shas, _bad_sha))]


async def missing_keys(tx: AsyncSession, repo_id: RepoId, shas: Iterable[bytes]) -> list[bytes]:
    """The shas, distinct and as bytes, that the repository does not have, in the order asked."""
    asked = list(shas)
    missing = set(split_shas(await tx.scalar(queries.MISSING_SHAS, {"repo_id": repo_id, "shas": asked})))
    return [sha for sha in asked if sha in missing]


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
    return errors.InvalidBody(errors=[FieldError("Expected 40 hexadecimal digits", index, sha, f"shas[{index}]")])
