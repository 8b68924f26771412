"""Comparing the commits that came anew with those of the older system: what differs, and why. Nothing is changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from tgl_protocol.stored_commits import StoredCommit
from tgl_server.db.engine import Database
from tgl_server.legacy.source import Source, as_instant, opened
from tgl_server.migration.comparing import stored_of
from tgl_server.migration.erased import erased_columns

#: Why a commit may differ, beside the names of columns for which no reason is known.
NO_ZONE = "its dates there are without a time zone"
MERGE_LINES = "merges count lines there"
NEWLINE = "message bodies begin with an empty line there"
CUT = "long names and titles are cut off there"
CASE = "addresses are in lower case here"
ERASED = "the person was erased here"

_NAMES = ("author_name", "committer_name", "message_title")
_EMAILS = ("author_email", "committer_email")
_LINES = ("additions", "deletions", "files_changed")


class LegacyComparison(Struct, kw_only=True):
    """The commits of one repository here and in the older system, and the number of them for each reason to differ."""

    project: str
    name: str
    here: int = 0
    there: int = 0
    #: Commits that are only here, and how many of these are there for another repository, such as the one of a fork.
    only_here: int = 0
    elsewhere_there: int = 0
    only_there: int = 0
    different: int = 0
    reasons: dict[str, int] = {}


async def compare_with_legacy(
    database: Database, url: str, repo_id: UUID, here: set[str], found: LegacyComparison
) -> LegacyComparison:
    """Fill a comparison of the stored shas with the older system's; raises `UnknownSchema`."""
    there: set[str] = set()
    async with opened(url) as source:
        async for page in source.commits_of(repo_id):
            there |= {row["sha"] for row in page}
            await _compare(database, repo_id, page, found)
        only_here = sorted(here - there)
        found.elsewhere_there = await _elsewhere(source, only_here)
    found.here, found.there = len(here), len(there)
    found.only_here, found.only_there = len(only_here), len(there - here)
    return found


async def _compare(database: Database, repo_id: UUID, page: list[dict[str, Any]], found: LegacyComparison) -> None:
    ours = await stored_of(database, repo_id, [row["sha"] for row in page])
    for row in page:
        reasons = reasons_to_differ(ours[row["sha"]], row) if row["sha"] in ours else set()
        found.different += bool(reasons)
        for reason in reasons:
            found.reasons[reason] = found.reasons.get(reason, 0) + 1


async def _elsewhere(source: Source, shas: list[str]) -> int:
    return sum([await source.count_commits(shas[start : start + 5000]) for start in range(0, len(shas), 5000)])


def reasons_to_differ(ours: StoredCommit, theirs: Mapping[str, Any]) -> set[str]:
    """Why a commit is not the same there; the name of a column where no reason is known. Pure."""
    found = {_text_reason(getattr(ours, name), theirs[name], name) for name in _NAMES}
    found |= {_email_reason(getattr(ours, name), theirs[name], name) for name in _EMAILS}
    found.add(_date_reason(ours.commit_date, theirs["commit_date"]))
    found.add(_body_reason(ours.message_body, theirs["message_body"]))
    for name in (*_LINES, "is_merge", "parent_count"):
        if getattr(ours, name) != theirs[name]:
            found.add(MERGE_LINES if ours.is_merge and name in _LINES else name)
    erased = erased_columns(ours)
    return {ERASED if reason in erased else reason for reason in found if reason is not None}


def _text_reason(ours: str, theirs: str, name: str) -> str | None:
    if ours == theirs:
        return None
    return CUT if theirs and ours.startswith(theirs) else name


def _email_reason(ours: str, theirs: str, name: str) -> str | None:
    if ours == theirs:
        return None
    return CASE if ours == theirs.lower() else name


def _date_reason(ours: datetime, theirs: datetime) -> str | None:
    return None if ours == as_instant(theirs) else NO_ZONE


def _body_reason(ours: str | None, theirs: str | None) -> str | None:
    if (ours or None) == (theirs or None):
        return None
    return NEWLINE if (ours or "").strip() == (theirs or "").strip() else "message_body"
