"""Examples of stored commits for the OpenAPI document: a type checker sees when one is outdated."""

from datetime import timedelta

from msgspec import Struct
from msgspec.structs import asdict

from tgl_protocol import commits, stored_commits
from tgl_server.http.example_values import AT, PARENT, SHA

COMMIT = commits.Commit(
    sha=SHA,
    author_name="Ada Lovelace",
    author_email="ada@example.com",
    committer_name="Ada Lovelace",
    committer_email="ada@example.com",
    commit_date=AT,
    message_title="engine: Carry the one.",
    additions=42,
    deletions=15,
    files_changed=3,
    is_merge=False,
    parent_count=1,
    message_body=None,
    author_date=AT,
    parents=[PARENT],
    generated_additions=12,
    generated_deletions=0,
    generated_rules="builtin-1",
)
_STORED = stored_commits.StoredCommit(
    **{**asdict(COMMIT), "author_date": AT, "parents": [PARENT]}, ingested_at=AT + timedelta(minutes=1)
)

EXAMPLES: list[Struct] = [
    COMMIT,
    _STORED,
    stored_commits.CommitPage([_STORED], None, 1),
]
