"""Examples of explanations for the OpenAPI document: a type checker sees when one is outdated."""

from datetime import timedelta

from msgspec import Struct

from tgl_protocol import explain
from tgl_server.http.example_values import AT, SHA

_FOUND = explain.FoundCommit(
    project="platform-team",
    repo="linux",
    sha=SHA,
    message_title="engine: Carry the one.",
    author_name="Ada Lovelace",
    author_email="ada@example.com",
    commit_date=AT,
    ingested_at=AT + timedelta(minutes=1),
    pushed_by="Ada Lovelace",
)

EXAMPLES: list[Struct] = [
    explain.Explanation(
        sha=SHA,
        verdict=explain.Verdict.HERE,
        sentence="It is here: it arrived on 2 Jan 2026 at 11:01 UTC with a push by Ada Lovelace.",
        found=[_FOUND],
        evidence=None,
        causes=[],
        commands=[],
    ),
]
