"""The answer to "Why is my commit not here?": where a commit is, or what is known about why it is not."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import Struct

from tgl_protocol.about import about

#: With fewer digits than these a beginning of a sha says too little.
MIN_SHA_PREFIX: Final = 4


class Verdict(StrEnum):
    """Where a commit is: `here`, only `elsewhere`, `refused` here, `ambiguous` as several begin alike, or `unknown`."""

    HERE = "here"
    ELSEWHERE = "elsewhere"
    REFUSED = "refused"
    AMBIGUOUS = "ambiguous"
    UNKNOWN = "unknown"


class FoundCommit(Struct, frozen=True, kw_only=True):
    """A commit in a repository that the caller may read; who pushed it is null where several pushes ran at once."""

    project: Annotated[str, about("The slug of its project")]
    repo: Annotated[str, about("The name of its repository")]
    sha: Annotated[str, about("The sha, 40 hexadecimal digits")]
    message_title: Annotated[str, about("The first line of the message")]
    author_name: Annotated[str, about("The author, as the commit names them")]
    author_email: Annotated[str, about("The author's address, in lower case")]
    commit_date: Annotated[datetime, about("When it was committed")]
    ingested_at: Annotated[datetime, about("When it was stored here")]
    pushed_by: Annotated[str | None, about("Who pushed it; null where several pushes ran at once")]


class Refusal(Struct, frozen=True, kw_only=True):
    """A run that did not store a commit, and why."""

    run_id: Annotated[UUID, about("The run that did not store the commit")]
    refused_at: Annotated[datetime, about("When the run ended, or last sent a batch")]
    sha: Annotated[str, about("The sha, 40 hexadecimal digits")]
    field: Annotated[str | None, about("The field that is invalid; null where it is none")]
    message: Annotated[str, about("What is wrong with it")]


class Tip(Struct, frozen=True):
    """A branch tip whose whole history the repository has."""

    name: Annotated[str, about("The full name of the ref")]
    sha: Annotated[str, about("The tip, 40 hexadecimal digits")]
    recorded_at: Annotated[datetime, about("When it was recorded")]


class Evidence(Struct, frozen=True, kw_only=True):
    """What is known of a repository that does not have a commit; `tips` are those recorded last, of all `branches`."""

    last_success_at: Annotated[datetime | None, about("When a push last ended well; null if none has")]
    last_error_at: Annotated[datetime | None, about("When a push last failed; null if none has")]
    last_error: Annotated[str | None, about("What it said then")]
    is_running: Annotated[bool, about("True while a push is running")]
    branches: Annotated[int, about("How many branch tips are recorded")]
    tips: Annotated[list[Tip], about("The tips recorded last")]


class Explanation(Struct, frozen=True, kw_only=True):
    """Where a commit is, or why it may not be here: in a sentence, and in what to run where the commit is.

    `found` are commits in repositories that the caller may read. `evidence` is null where the commit is here.
    `refused` has the last times that a run did not store it.
    """

    sha: Annotated[str, about("The sha asked for, or its beginning")]
    verdict: Annotated[Verdict, about("Where the commit is")]
    sentence: Annotated[str, about("The answer in a sentence")]
    found: Annotated[list[FoundCommit], about("The commits that begin so, in repositories that the caller may read")]
    evidence: Annotated[Evidence | None, about("What is known of the repository; null where the commit is here")]
    causes: Annotated[list[str], about("What usually is the cause, the likeliest first")]
    commands: Annotated[list[str], about("What to run where the commit is")]
    refused: Annotated[list[Refusal], about("The last times that a run did not store it")] = []
