"""The comparison of the commits that two sides have, column by column, as the server stores them. Pure.

A digest of each commit's columns says whether it differs, so that neither side has to send its texts; a fingerprint
over all digests, in the order of the shas, says in one line whether everything is equal.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any, Final

import msgspec
from msgspec import Struct

from tgl_protocol.about import about
from tgl_protocol.commits import Commit
from tgl_protocol.stored_commits import StoredCommit

#: The columns of a commit that are compared, beside its sha.
COLUMNS: Final = (
    "author_name",
    "author_email",
    "author_date",
    "committer_name",
    "committer_email",
    "commit_date",
    "message_title",
    "message_body",
    "additions",
    "deletions",
    "files_changed",
    "is_merge",
    "parent_count",
    "parents",
)
#: How many shas, commits and tips a comparison names; it counts all.
SHOWN: Final = 20

Values = tuple[Any, ...]
Digests = Mapping[str, bytes]


class DigestPage(Struct, frozen=True):
    """A page of stored commits, by sha, with the digest of each one's columns; `next_cursor` is null on the last."""

    digests: Annotated[dict[str, str], about("The digest of each commit's columns, by sha, both in hexadecimal")]
    next_cursor: Annotated[str | None, about("The `cursor` of the next page; null on the last")]
    total: Annotated[int, about("How many commits are stored")]


class ColumnPair(Struct, frozen=True):
    """What the two sides have in one column of a commit, as text."""

    here: Annotated[str, about("What the server has stored")]
    there: Annotated[str, about("What the other side has")]


class DifferentCommit(Struct, frozen=True):
    """A commit that both sides have, with the columns in which they differ."""

    sha: Annotated[str, about("The commit's sha")]
    columns: Annotated[dict[str, ColumnPair], about("Both values of each column that differs")]


class DifferentTip(Struct, frozen=True):
    """A branch tip that is not the same on both sides."""

    name: Annotated[str, about("The branch's full name")]
    here: Annotated[str | None, about("The sha that the server has recorded; null for none")]
    there: Annotated[str | None, about("The sha of the other side; null for none")]


class Comparison(Struct, frozen=True, kw_only=True):
    """What a server has stored of a repository (here), beside what a copy of it has (there).

    Commits that are only here are those of branches that were rewritten or deleted since: the server keeps them.
    """

    here: Annotated[int, about("Commits that the server has stored")]
    there: Annotated[int, about("Commits that the other side has")]
    only_here: Annotated[int, about("Commits that only the server has")]
    only_there: Annotated[int, about("Commits that only the other side has")]
    only_here_shas: Annotated[list[str], about("The first of them, by sha")]
    only_there_shas: Annotated[list[str], about("The first of them, by sha")]
    sampled: Annotated[int | None, about("How many commits had their columns compared; null for all")]
    different: Annotated[int, about("Commits of both sides that differ in a column")]
    columns: Annotated[dict[str, int], about("How many commits differ in each column")]
    examples: Annotated[list[DifferentCommit], about("The first of those that differ, by sha")]
    tips_differ: Annotated[int, about("Branch tips that are not the same")]
    tips: Annotated[list[DifferentTip], about("The first of them, by name")]
    unreadable: Annotated[int, about("Commits and branches of the other side that cannot be read")]
    fingerprint_here: Annotated[str | None, about("The fingerprint of what the server has; null for a sample")]
    fingerprint_there: Annotated[str | None, about("The fingerprint of the other side; null for a sample")]
    is_equal: Annotated[bool, about("True if both have the same commits, equal in what was compared, and tips")]
    is_covered: Annotated[
        bool, about("True if nothing is only there, and nothing that was compared differs: the server has it all")
    ]


class ComparisonState(StrEnum):
    """How far a comparison is that somebody asked for: `failed` is one that has no result, whatever it would say."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ComparisonInfo(Struct, frozen=True, kw_only=True):
    """The last comparison of a repository with the server's copy of its remote, which a worker makes."""

    state: Annotated[ComparisonState, about("How far it is; `done` has a result, whatever the result says")]
    requested_at: Annotated[datetime, about("When somebody asked for it")]
    finished_at: Annotated[datetime | None, about("When it ended; null until then")]
    has_worker: Annotated[bool, about("False if no worker is running, so that it would wait for one")]
    result: Annotated[Comparison | None, about("What differs; here is the server, there its copy of the remote")]
    error: Annotated[str | None, about("Why there is no result, for one that failed")]


class Differences(Struct, frozen=True, kw_only=True):
    """The shas that are on one side alone, and of both sides those whose digests differ; each in their order."""

    only_here: list[str]
    only_there: list[str]
    different: list[str]


def values_of(commit: Commit | StoredCommit) -> Values:
    """The values of `COLUMNS` as the server stores them, whichever side the commit is from."""
    parents = None if commit.parents is None else [parent.lower() for parent in commit.parents]
    count = len(parents or ()) if commit.parent_count is None else commit.parent_count
    return (
        commit.author_name,
        commit.author_email.lower(),
        _in_utc(commit.commit_date if commit.author_date is None else commit.author_date),
        commit.committer_name,
        commit.committer_email.lower(),
        _in_utc(commit.commit_date),
        commit.message_title,
        commit.message_body,
        commit.additions,
        commit.deletions,
        commit.files_changed,
        count > 1 if commit.is_merge is None else commit.is_merge,
        count,
        parents,
    )


def digest_of(commit: Commit | StoredCommit) -> bytes:
    """The SHA-256 of a commit's columns."""
    return sha256(msgspec.json.encode(values_of(commit))).digest()


def fingerprint(digests: Digests) -> str:
    """The SHA-256 over each sha and its digest, in the order of the shas, in hexadecimal."""
    found = sha256()
    for sha in sorted(digests):
        found.update(bytes.fromhex(sha) + digests[sha])
    return found.hexdigest()


def differences(here: Digests, there: Digests) -> Differences:
    """Which commits are on one side alone, and which differ; an empty digest is one that was not read."""
    both = here.keys() & there.keys()
    return Differences(
        only_here=sorted(here.keys() - both),
        only_there=sorted(there.keys() - both),
        different=sorted(sha for sha in both if there[sha] and here[sha] != there[sha]),
    )


def different_columns(here: Commit | StoredCommit, there: Commit | StoredCommit) -> dict[str, ColumnPair]:
    """Both values, as text, of each column in which two versions of a commit differ."""
    pairs = zip(COLUMNS, values_of(here), values_of(there), strict=True)
    return {name: ColumnPair(_shown(ours), _shown(theirs)) for name, ours, theirs in pairs if ours != theirs}


def different_tips(here: Mapping[str, str], there: Mapping[str, str]) -> list[DifferentTip]:
    """The branch tips that are not the same, by name."""
    names = sorted(here.keys() | there.keys())
    return [DifferentTip(name, here.get(name), there.get(name)) for name in names if here.get(name) != there.get(name)]


def _in_utc(at: datetime) -> datetime:
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, datetime):
        return value.isoformat()
    return " ".join(value) if isinstance(value, list) else str(value)
