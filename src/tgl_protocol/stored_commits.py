"""The list of a repository's commits."""

from datetime import datetime
from typing import Annotated

from msgspec import Struct

from tgl_protocol.about import about


class StoredCommit(Struct, frozen=True, kw_only=True, gc=False):
    """One stored commit: e-mails and shas in lower case, dates in UTC; `parents` is null if none were sent."""

    sha: Annotated[str, about("40 hexadecimal digits, in lower case")]
    author_name: Annotated[str, about("The author's name; may be empty")]
    author_email: Annotated[str, about("The author's address, in lower case")]
    author_date: Annotated[datetime, about("When it was written, in UTC")]
    committer_name: Annotated[str, about("The committer's name; may be empty")]
    committer_email: Annotated[str, about("The committer's address, in lower case")]
    commit_date: Annotated[datetime, about("When it was committed, in UTC")]
    message_title: Annotated[str, about("The first line of the message")]
    message_body: Annotated[str | None, about("The rest of the message; null without one")]
    additions: Annotated[int, about("Lines added; 0 for a merge")]
    deletions: Annotated[int, about("Lines deleted; 0 for a merge")]
    files_changed: Annotated[int, about("Files changed; 0 for a merge")]
    is_merge: Annotated[bool, about("True for a commit with several parents")]
    parent_count: Annotated[int, about("How many parents it has")]
    parents: Annotated[list[str] | None, about("The shas of its parents; null if none were sent")]
    ingested_at: Annotated[datetime, about("When this server stored it")]
    generated_additions: Annotated[int | None, about("Lines added in generated files; null if none were told")] = None
    generated_deletions: Annotated[int | None, about("Lines deleted in generated files; null if none were told")] = None
    generated_rules: Annotated[str | None, about("The rules by which files are generated; null if none")] = None


class CommitPage(Struct, frozen=True):
    """A page of commits, newest first unless asked otherwise; `next_cursor` is null on the last page.

    `total` is the number of all commits of the repository, and null where a filter leaves some out.
    """

    items: Annotated[list[StoredCommit], about("The commits of this page")]
    next_cursor: Annotated[str | None, about("The `cursor` of the next page; null on the last")]
    total: Annotated[int | None, about("How many commits the repository has; null with a filter")] = None
