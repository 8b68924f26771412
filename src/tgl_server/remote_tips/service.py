"""Noting where a remote's branches are, and since when a repository has been behind."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_protocol.events import EventType, RepoBehind
from tgl_protocol.http import MAX_REF_NAME_LENGTH
from tgl_server.access.ids import RepoId
from tgl_server.events.service import record_event
from tgl_server.http.text_rules import is_storable
from tgl_server.remote_tips import queries

_BRANCHES = "refs/heads/"
_SHA_LENGTH = 40

#: The branches of one push that are noted; nobody pushes more at once but who mirrors a repository.
MAX_TIPS = 1000


async def record_tips(tx: AsyncSession, repo_id: RepoId, tips: Mapping[str, str | None]) -> datetime | None:
    """Note where branches of the remote are, by full name; None for one that was deleted. Since when it is behind.

    Other refs are left out, as an annotated tag is no commit; and so is what no commit of ours can be.
    """
    noted = dict([(name, sha) for name, sha in tips.items() if _is_branch(name)][:MAX_TIPS])
    gone = [name for name, sha in noted.items() if sha is None]
    set_ = {name: bytes.fromhex(sha) for name, sha in noted.items() if sha is not None and _is_sha(sha)}
    before = await behind_since(tx, repo_id)
    await tx.execute(queries.FORGET_ARRIVED, {"repo_id": repo_id, "gone": gone})
    if set_:
        await tx.execute(queries.SET_TIPS, {"repo_id": repo_id, "names": list(set_), "shas": list(set_.values())})
    since = await behind_since(tx, repo_id)
    if before is None and since is not None:
        await record_event(tx, EventType.REPO_BEHIND, RepoBehind(behind_since=since), repo_id=repo_id)
    return since


async def behind_since(reader: AsyncConnection | AsyncSession, repo_id: RepoId) -> datetime | None:
    """Since when the remote has had commits that no client has pushed, as far as its forge has told."""
    found: datetime | None = await reader.scalar(queries.READ_BEHIND, {"repo_id": repo_id})
    return found


def _is_branch(name: str) -> bool:
    return name.startswith(_BRANCHES) and len(name) <= MAX_REF_NAME_LENGTH and is_storable(name)


def _is_sha(text: str) -> bool:
    return len(text) == _SHA_LENGTH and all(sign in "0123456789abcdef" for sign in text)
