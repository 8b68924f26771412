"""What leagues say of a commit that was found, for the pages that find commits."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.explain import FoundCommit
from tgl_server.auth.principal import Principal
from tgl_server.leagues.reading import Scored, explain_everywhere


async def verdicts_on(connection: AsyncConnection, principal: Principal, found: Sequence[FoundCommit]) -> list[Scored]:
    """The verdicts on a commit, if it is one; none for several with the same beginning. One statement at most."""
    shas = {commit.sha for commit in found}
    if len(shas) != 1:
        return []
    sha = bytes.fromhex(shas.pop())
    return await explain_everywhere(connection, principal, (sha, sha))
