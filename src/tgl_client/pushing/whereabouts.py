"""Why a commit of this clone is not on the server, as only the machine that has the code can tell. Judging is pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

from msgspec import Struct

from tgl_client.errors import LocalRepositoryError, UsageError
from tgl_client.pushing.branches import chosen
from tgl_client.pushing.options import PushOptions
from tgl_client.pushing.reader import opened
from tgl_protocol.about import about
from tgl_protocol.explain import MIN_SHA_PREFIX, Explanation, Verdict

if TYPE_CHECKING:
    from tgl_history import Repository

_REMOTES = "refs/remotes/"
_UNSHALLOW = "git fetch --unshallow"
_SHORT = 12
#: What is in a name that takes git's reflog, types of objects or a search to work out.
_WORKED_OUT = ("@{", "^{", ":")


class Reason(StrEnum):
    """Why this clone's commit is not on the server; `pending` is sent by the next push."""

    ABSENT = "absent"
    BEYOND_BOUNDARY = "beyond_boundary"
    AT_BOUNDARY = "at_boundary"
    DAMAGED = "damaged"
    NO_BRANCH = "no_branch"
    REMOTE_ONLY = "remote_only"
    LEFT_OUT = "left_out"
    TOO_OLD = "too_old"
    RECORDED = "recorded"
    REFUSED = "refused"
    PENDING = "pending"


class LocalCommit(Struct, frozen=True, kw_only=True):
    """A commit of this clone; `branches` have it, and `pushed` are those of them that a push is about."""

    sha: str
    title: str
    commit_date: datetime
    branches: Mapping[str, str]
    pushed: Sequence[str]
    at_boundary: bool


class Here(Struct, frozen=True, kw_only=True):
    """What this clone knows; `commit` is null where it is not here, or `damaged` says why it cannot be read."""

    path: str
    is_shallow: bool
    commit: LocalCommit | None = None
    damaged: str | None = None


class Finding(Struct, frozen=True):
    """Why a commit is not there, as this clone sees it, and what to run."""

    reason: Annotated[Reason, about("Why, as a word")]
    sentence: Annotated[str, about("Why, in a sentence")]
    commands: Annotated[list[str], about("What to run here")]


async def look(path: Path, name: str, options: PushOptions) -> Here:
    """What the clone at `path` knows of a commit; raises `UsageError` for a name that several commits share."""
    async with opened(path) as (repository, thread):
        return await thread.call(_look, repository, path, name, options)


def _look(repository: "Repository", path: Path, name: str, options: PushOptions) -> Here:
    found = repository.find(name)
    here = Here(path=str(path), is_shallow=repository.is_shallow)
    if not found:
        return here
    if len(found) > 1:
        shown = ", ".join(sha[:_SHORT] for sha in found[:5])
        raise UsageError(f"several commits here begin with {name}: {shown}", hint="give more of its digits")
    from tgl_history import CorruptRepository  # noqa: PLC0415 -- loaded with the repository, in its thread

    try:
        seen = repository.whereabouts(found[0])
    except CorruptRepository as error:
        return Here(path=str(path), is_shallow=here.is_shallow, damaged=str(error))
    commit = LocalCommit(
        sha=seen.sha,
        title=seen.title,
        commit_date=seen.commit_date.astimezone(UTC),
        branches=seen.tips,
        pushed=_pushed(repository, seen.tips, options),
        at_boundary=seen.is_boundary,
    )
    return Here(path=str(path), is_shallow=here.is_shallow, commit=commit)


def _pushed(repository: "Repository", tips: Mapping[str, str], options: PushOptions) -> list[str]:
    """Those of the branches that a push is about."""
    every = repository.tips(remotes=options.remotes, broken=lambda *_: None)
    try:
        return sorted(set(tips) & set(chosen(every, options.branches, repository.default_branch)))
    except UsageError:  # the filter matches no branch at all, of which the next push tells
        return []


def sha_asked_for(name: str, here: Here | None) -> str:
    """What to ask the server about: the sha of the commit here, else what was given, if it may be one."""
    if here is not None and here.commit is not None:
        return here.commit.sha
    if MIN_SHA_PREFIX <= len(name) <= 40 and not set(name.lower()) - set("0123456789abcdef"):
        return name.lower()
    if here is not None and any(mark in name for mark in _WORKED_OUT):
        raise UsageError(
            f"{name!r} is a name that git alone works out, from its reflog, its objects or a search",
            hint=f"tgl explain $(git rev-parse {quote(name)})",
        )
    where = f"nothing in {here.path} is" if here is not None else "no clone is here in which something could be"
    raise UsageError(f"{where} called {name!r}", hint="give the commit's sha, or run it in the clone that has it")


def judge(explanation: Explanation, here: Here | None, options: PushOptions) -> Finding | None:
    """Why the clone's commit is not on the server, the first reason that fits; None if it is, or there is no clone."""
    if here is None or explanation.verdict is Verdict.HERE:
        return None
    if here.damaged is not None:
        return Finding(Reason.DAMAGED, f"it cannot be read here: {here.damaged}", ["git fsck"])
    if here.commit is None:
        return _absent(here, explanation)
    return _withheld(here.commit, options) or _sent(here.commit, explanation)


def _absent(here: Here, explanation: Explanation) -> Finding:
    if here.is_shallow:
        sentence = "this clone does not have it: it may lie beyond the boundary of this shallow clone"
        return Finding(Reason.BEYOND_BOUNDARY, sentence, [_UNSHALLOW, f"tgl explain {explanation.sha}"])
    sentence = (
        "this clone does not have it: it is in another one, not fetched yet, or a squash, rebase or amend replaced it"
    )
    return Finding(Reason.ABSENT, sentence, ["git fetch --all", f"tgl explain {explanation.sha}"])


def _withheld(commit: LocalCommit, options: PushOptions) -> Finding | None:
    """Why no push from here would send the commit; None if one would."""
    names = [short(name) for name in commit.branches]
    shown = ", ".join(names)
    if commit.at_boundary:
        sentence = "a push skips it: it is at the boundary of this shallow clone, where its line counts would be wrong"
        return Finding(Reason.AT_BOUNDARY, sentence, [_UNSHALLOW, "tgl push"])
    if not names:
        sentence = "no branch here has it any more: it was amended or rebased, or its branch was deleted"
        return Finding(Reason.NO_BRANCH, sentence, [f"git branch NAME {commit.sha[:_SHORT]}", "tgl push"])
    if not commit.pushed and not options.remotes and all(name.startswith(_REMOTES) for name in commit.branches):
        sentence = f"only {shown} has it, and a push leaves remote-tracking branches out"
        return Finding(Reason.REMOTE_ONLY, sentence, ["tgl push --remotes"])
    if not commit.pushed:
        sentence = f"the branch filter {' '.join(options.branches)} leaves out every branch that has it: {shown}"
        local = next((name for name in commit.branches if not name.startswith(_REMOTES)), None)
        return Finding(Reason.LEFT_OUT, sentence, [f"tgl push --branch {short(local)}" if local else "tgl push"])
    if options.since is not None and commit.commit_date < options.since:
        sentence = f"it is older than --since: it was committed on {commit.commit_date:%Y-%m-%d %H:%M} UTC"
        return Finding(Reason.TOO_OLD, sentence, ["tgl push"])
    return None


def _sent(commit: LocalCommit, explanation: Explanation) -> Finding:
    """What a push from here would do."""
    tips = explanation.evidence.tips if explanation.evidence is not None else []
    recorded = next((tip.name for tip in tips if tip.sha in commit.branches.values()), None)
    if recorded is not None:
        sentence = f"the server has recorded {short(recorded)}, which has it, so a push does not ask for it again"
        return Finding(Reason.RECORDED, sentence, ["tgl push --recheck"])
    if explanation.verdict is Verdict.REFUSED:
        sentence = f"a push sends it again, with {short(commit.pushed[0])}, and the server refuses it again as it is"
        return Finding(Reason.REFUSED, sentence, [f"git show {commit.sha[:_SHORT]}"])
    return Finding(Reason.PENDING, f"the next push from here sends it, with {short(commit.pushed[0])}", ["tgl push"])


def short(name: str) -> str:
    """A branch as people write it."""
    return name.removeprefix("refs/heads/").removeprefix(_REMOTES)


async def look_if_there(path: Path, name: str, options: PushOptions) -> Here | None:
    """The same, or None where no repository can be read."""
    try:
        return await look(path, name, options)
    except LocalRepositoryError:
        return None
