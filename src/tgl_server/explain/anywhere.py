"""Where a commit is among all repositories that a person may read. Reading is effects, judging is pure."""

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.explain import FoundCommit, Refusal, Verdict
from tgl_server.access.names import Names, names_for
from tgl_server.auth.principal import Principal
from tgl_server.explain import queries
from tgl_server.explain.service import CAUSES, MOST_FOUND, found_commit, sha_prefix, sha_range

_MOST_REFUSALS = 5


class RefusedIn(Struct, frozen=True):
    """A repository whose run did not store a commit, and why."""

    project: str
    repo: str
    refusal: Refusal


class Whereabouts(Struct, frozen=True, kw_only=True):
    """Where a commit is, or why it may be nowhere; of the verdicts, `elsewhere` is not among these."""

    sha: str
    verdict: Verdict
    sentence: str
    found: Sequence[FoundCommit] = ()
    refused: Sequence[RefusedIn] = ()
    causes: Sequence[str] = ()
    commands: Sequence[str] = ()


async def find_anywhere(connection: AsyncConnection, principal: Principal, sha: str) -> Whereabouts:
    """Where a commit is, by its sha or the beginning of it; at most three statements. Raises a 422 error.

    Only repositories that the person may read are looked at, so no other is named.
    """
    prefix = sha_prefix(sha)
    first, last = sha_range(prefix)
    whose = {"user_id": principal.user_id, "is_commissioner": principal.is_commissioner}
    asked = {"repo_id": None, "repo_ids": None, "first": first, "last": last, "limit": MOST_FOUND}
    rows = (await connection.execute(queries.FOUND, {**whose, **asked})).mappings().all()
    names = await names_for(connection, principal) if rows else Names()
    wanted = {**whose, "prefix": prefix, "limit": _MOST_REFUSALS}
    refusals = (await connection.execute(queries.REFUSALS_ANYWHERE, wanted)).mappings()
    refused = [
        RefusedIn(row["project"], row["repo"], Refusal(**{name: row[name] for name in Refusal.__struct_fields__}))
        for row in refusals
    ]
    return judge(prefix, [found_commit(row, names) for row in rows], refused)


def judge(prefix: str, found: Sequence[FoundCommit], refused: Sequence[RefusedIn]) -> Whereabouts:
    """The first answer that fits: ambiguous, here, refused, unknown."""
    if len({commit.sha for commit in found}) > 1:
        sentence = f"Several commits begin with {prefix}: give more of its digits."
        return Whereabouts(sha=prefix, verdict=Verdict.AMBIGUOUS, sentence=sentence, found=found)
    if found:
        names = ", ".join(f"{commit.project}/{commit.repo}" for commit in found)
        return Whereabouts(sha=found[0].sha, verdict=Verdict.HERE, sentence=f"It is in {names}.", found=found)
    commands = [f"git branch -a --contains {prefix}", "tgl push --dry-run"]
    if refused:
        last = refused[0]
        when = f"{last.refusal.refused_at:%-d %b %Y at %H:%M UTC}"
        sentence = f"It was refused in {last.project}/{last.repo} on {when}, and so it will be until it is changed."
        return Whereabouts(sha=prefix, verdict=Verdict.REFUSED, sentence=sentence, refused=refused, commands=commands)
    sentence = f"No commit that begins with {prefix} is in a repository that you may see."
    return Whereabouts(sha=prefix, verdict=Verdict.UNKNOWN, sentence=sentence, causes=CAUSES, commands=commands)
