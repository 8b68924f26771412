"""The commits of a repository for its page: all of them, or those that one field asks for.

Four or more hexadecimal digits are the beginning of a sha, `author:` is followed by an address, and anything else are
words in the title, looked for in the newest commits only, as titles have no index. A range of days and a branch narrow
all but the first of these.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.stored_commits import StoredCommit
from tgl_server.access.ids import RepoId
from tgl_server.access.names import Names
from tgl_server.commits.queries import CommitFilter
from tgl_server.commits.service import list_commits, stored_commit
from tgl_server.explain.service import is_sha_prefix, sha_range
from tgl_server.http.pagination import Instant, cut_page, decode_cursor, encode_cursor
from tgl_server.web.repos.queries import SHAS, TITLES

PAGE_SIZE: Final = 50
#: This many commits are searched for words at a time.
MOST_SEARCHED: Final = 5000
_MOST_CHARACTERS = 200
_MOST_WORDS = 10
_AUTHOR = re.compile(r"author:\s*(\S+)", re.IGNORECASE)


class Looked(Struct, frozen=True):
    """How far a search for words went; `back_to` is None where there was no commit."""

    commits: int
    back_to: datetime | None


class CommitList(Struct, frozen=True, kw_only=True):
    """A page of commits; `looked` is None where all were looked at, and `next_cursor` on the last page."""

    items: Sequence[StoredCommit]
    next_cursor: str | None = None
    looked: Looked | None = None


class Range(NamedTuple):
    """The commits from `since` on, and before `until`, by their date, and with these shas; None is no bound."""

    since: datetime | None = None
    until: datetime | None = None
    shas: list[bytes] | None = None


async def search_commits(
    connection: AsyncConnection, repo_id: RepoId, names: Names, text: str, within: Range, cursor: str | None
) -> CommitList:
    """One page of the commits that a text asks for, the newest first; at most two statements.

    Nothing is found by an address that the viewer is not shown.
    """
    found = await _search(connection, repo_id, names, text, within, cursor)
    return replace(found, items=[names.commit(commit) for commit in found.items])


async def _search(
    connection: AsyncConnection, repo_id: RepoId, names: Names, text: str, within: Range, cursor: str | None
) -> CommitList:
    text = text.strip()[:_MOST_CHARACTERS]
    author = _AUTHOR.fullmatch(text)
    if is_sha_prefix(text):
        found = await _by_sha(connection, repo_id, text)
        # Words such as `decade` are hexadecimal too.
        return found if found.items else await _by_words(connection, repo_id, [text], within, cursor)
    if text and not author:
        return await _by_words(connection, repo_id, text.split()[:_MOST_WORDS], within, cursor)
    wanted = CommitFilter(author=author[1].lower() if author else None, **within._asdict())
    page = await list_commits(connection, repo_id, wanted, names, cursor=cursor, limit=PAGE_SIZE)
    return CommitList(items=page.items, next_cursor=page.next_cursor)


async def _by_sha(connection: AsyncConnection, repo_id: RepoId, prefix: str) -> CommitList:
    first, last = sha_range(prefix.lower())
    wanted = {"repo_id": repo_id, "first": first, "last": last, "limit": PAGE_SIZE}
    rows = (await connection.execute(SHAS, wanted)).mappings().all()
    return CommitList(items=[stored_commit(row) for row in rows])


async def _by_words(
    connection: AsyncConnection, repo_id: RepoId, words: Sequence[str], within: Range, cursor: str | None
) -> CommitList:
    after_at, after_sha = decode_cursor(cursor, tuple[Instant, bytes]) if cursor else (None, None)
    wanted: dict[str, Any] = {
        "repo_id": repo_id,
        "words": list(words),
        **within._asdict(),
        "after_at": after_at,
        "after_sha": after_sha,
        "most": MOST_SEARCHED,
        "limit": PAGE_SIZE + 1,
    }
    rows = (await connection.execute(TITLES, wanted)).mappings().all()
    found = [row for row in rows if row["sha"] is not None]
    page, next_cursor = cut_page(found, PAGE_SIZE, lambda row: (row["commit_date"], row["sha"]))
    return CommitList(
        items=[stored_commit(row) for row in page],
        next_cursor=next_cursor or _older(rows[0]),
        looked=Looked(rows[0]["looked"], rows[0]["back_to"]),
    )


def _older(row: RowMapping) -> str | None:
    """A cursor behind the commits that were searched; None if these were all."""
    is_all = row["looked"] < MOST_SEARCHED
    return None if is_all else encode_cursor(row["back_to"], row["oldest_sha"])
