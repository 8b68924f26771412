"""Where a commit is, or why it may not be here: the first answer that fits. Reading is effects, judging is pure."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.commits import SyncStatus
from tgl_protocol.explain import MIN_SHA_PREFIX, Evidence, Explanation, FoundCommit, Refusal, Tip, Verdict
from tgl_server import errors
from tgl_server.access.ids import RepoId
from tgl_server.access.names import Names, names_for
from tgl_server.auth.principal import Principal
from tgl_server.explain import queries
from tgl_server.projects.freshness import current_status, is_interruption

_SHA_LENGTH = 40
_PREFIX = re.compile(rf"[0-9a-f]{{{MIN_SHA_PREFIX},{_SHA_LENGTH}}}")
#: More commits than these are not listed.
MOST_FOUND = 20
CAUSES: Final = [
    "It is on a branch that is not pushed: see which branches contain it, and which of them tgl push leaves out.",
    "It was squashed, rebased or amended, and is here under another sha.",
    "It is newer than the last push.",
    "It lies beyond the boundary of a shallow clone, which is as far as that clone can push.",
]


def is_sha_prefix(text: str) -> bool:
    """True for what may be a sha or its beginning, in upper or lower case."""
    return _PREFIX.fullmatch(text.lower()) is not None


def sha_prefix(text: str) -> str:
    """The beginning of a sha in lower case; raises `InvalidParameter` for anything else."""
    prefix = text.strip().lower()
    if not is_sha_prefix(prefix):
        raise errors.InvalidParameter(f"Expected {MIN_SHA_PREFIX} to {_SHA_LENGTH} hexadecimal digits.")
    return prefix


def sha_range(prefix: str) -> tuple[bytes, bytes]:
    """The first and the last sha that begin so."""
    return bytes.fromhex(prefix.ljust(_SHA_LENGTH, "0")), bytes.fromhex(prefix.ljust(_SHA_LENGTH, "f"))


async def explain(
    connection: AsyncConnection, principal: Principal, repo_id: RepoId, sha: str, run_timeout: timedelta
) -> Explanation:
    """Where a commit is, by its sha or the beginning of it; three statements, and one for names if it is found.

    Only repositories that the caller may read are looked at, so no other is named.
    """
    prefix = sha_prefix(sha)
    first, last = sha_range(prefix)
    wanted = {
        "repo_id": repo_id,
        "user_id": principal.user_id,
        "is_commissioner": principal.is_commissioner,
        "repo_ids": None if principal.repo_ids is None else list(principal.repo_ids),
        "first": first,
        "last": last,
        "limit": MOST_FOUND,
    }
    rows = (await connection.execute(queries.FOUND, wanted)).mappings().all()
    names = await names_for(connection, principal) if rows else Names()
    state = (await connection.execute(queries.EVIDENCE, {"repo_id": repo_id})).mappings().one_or_none()
    if state is None:
        raise errors.NotFound("The repository was deleted meanwhile.")
    refusals = (await connection.execute(queries.REFUSALS, {"repo_id": repo_id, "prefix": prefix})).mappings()
    here = [found_commit(row, names) for row in rows if row["is_here"]]
    elsewhere = [found_commit(row, names) for row in rows if not row["is_here"]]
    refused = [Refusal(**row) for row in refusals]
    return judge(prefix, here, elsewhere, refused, _evidence(state, run_timeout))


def judge(
    prefix: str,
    here: Sequence[FoundCommit],
    elsewhere: Sequence[FoundCommit],
    refused: Sequence[Refusal],
    evidence: Evidence,
) -> Explanation:
    """The first answer that fits: ambiguous, here, elsewhere, refused, unknown."""
    found = list(here or elsewhere)
    if len({commit.sha for commit in found}) > 1:
        sentence = f"Several commits begin with {prefix}: give more of its digits."
        return _explanation(prefix, Verdict.AMBIGUOUS, sentence, found)
    if here:
        return _explanation(prefix, Verdict.HERE, _arrival(here[0]), found)
    if elsewhere:
        names = ", ".join(f"{commit.project}/{commit.repo}" for commit in elsewhere)
        sentence = f"It is not in this repository, but in {names}."
        return _explanation(found[0].sha, Verdict.ELSEWHERE, sentence, found, evidence, refused=refused)
    if refused:
        return _explanation(prefix, Verdict.REFUSED, _refusal(refused[0]), found, evidence, refused=refused)
    sentence = f"No commit that begins with {prefix} is in a repository that you may see. {_last_push(evidence)}"
    return _explanation(prefix, Verdict.UNKNOWN, sentence, found, evidence, CAUSES)


def _explanation(
    sha: str,
    verdict: Verdict,
    sentence: str,
    found: list[FoundCommit],
    evidence: Evidence | None = None,
    causes: Sequence[str] = (),
    refused: Sequence[Refusal] = (),
) -> Explanation:
    commands = [f"git branch -a --contains {sha}", "tgl push --dry-run"] if evidence else []
    return Explanation(
        sha=found[0].sha if verdict is Verdict.HERE else sha,
        verdict=verdict,
        sentence=sentence,
        found=found,
        evidence=evidence,
        causes=list(causes),
        commands=commands,
        refused=list(refused),
    )


def _refusal(refusal: Refusal) -> str:
    what = f"{refusal.field}: {refusal.message}" if refusal.field else refusal.message
    return f"It was refused on {refusal.refused_at:%-d %b %Y at %H:%M UTC}: {what}. So it will be until it is changed."


def _arrival(commit: FoundCommit) -> str:
    whose = f" with a push by {commit.pushed_by}" if commit.pushed_by else ""
    return f"It is here: it arrived on {commit.ingested_at:%-d %b %Y at %H:%M UTC}{whose}."


def _last_push(evidence: Evidence) -> str:
    if evidence.is_running:
        return "A push is running now: look again when it is done."
    if evidence.last_success_at is None:
        return "Nothing was pushed to this repository successfully yet."
    failed = evidence.last_error_at is not None and evidence.last_error_at > evidence.last_success_at
    what = "The last push failed; the last one that succeeded here was" if failed else "The last push here was"
    return f"{what} on {evidence.last_success_at:%-d %b %Y at %H:%M UTC}."


def found_commit(row: RowMapping, names: Names) -> FoundCommit:
    """A row of the statement that finds commits, with the names that its reader is shown."""
    plain = {name: row[name] for name in FoundCommit.__struct_fields__ if name != "sha"}
    other = names.other_than(row["author_email"], row["author_name"])
    if other is not None:
        plain |= {"author_name": other, "author_email": ""}
    return FoundCommit(**{**plain, "message_title": names.text(row["message_title"])}, sha=row["sha"].hex())


def _evidence(row: RowMapping, run_timeout: timedelta) -> Evidence:
    status, error = current_status(row, row["now"], run_timeout)
    is_interrupted = is_interruption(error)
    return Evidence(
        last_success_at=row["last_success_at"],
        last_error_at=row["last_attempt_at"] if is_interrupted else row["last_error_at"],
        last_error=error if is_interrupted else row["last_error"],
        is_running=status is SyncStatus.SYNCING,
        branches=row["branches"],
        tips=[Tip(name, sha.hex(), recorded_at) for name, sha, recorded_at in row["tips"] or ()],
    )
