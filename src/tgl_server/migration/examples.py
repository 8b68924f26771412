"""Examples of migrations for the OpenAPI document: a type checker sees when one is outdated."""

from msgspec import Struct

from tgl_protocol import comparison, migration
from tgl_protocol.projects import SyncMethod
from tgl_server.http.example_values import AT, REPO_ID, RUN_ID, SHA

EXAMPLES: list[Struct] = [
    migration.ToPush(keep_credentials=True),
    migration.ToPull(dry_run=True),
    migration.MethodSwitch(
        repo_id=REPO_ID,
        project="platform-team",
        name="linux",
        current=SyncMethod.PULL_CELERY,
        target=SyncMethod.PUSH_CLIENT,
        changes=True,
        dry_run=False,
        ended_runs=[RUN_ID],
        credentials=migration.CredentialFate.DELETED,
        warnings=[],
    ),
    migration.MigrationStatus(
        project="platform-team", pull_celery=1, push_client=3, total=4, percent_pushed=75.0, with_credentials=0
    ),
    comparison.ComparisonInfo(
        state=comparison.ComparisonState.DONE,
        requested_at=AT,
        finished_at=AT,
        has_worker=True,
        result=comparison.Comparison(
            here=1201,
            there=1200,
            only_here=1,
            only_there=0,
            only_here_shas=[SHA],
            only_there_shas=[],
            sampled=None,
            different=0,
            columns={},
            examples=[],
            tips_differ=0,
            tips=[],
            unreadable=0,
            fingerprint_here="3f" * 32,
            fingerprint_there="5a" * 32,
            is_equal=False,
            is_covered=True,
        ),
        error=None,
    ),
    comparison.DigestPage(digests={SHA: "3f" * 32}, next_cursor=None, total=1),
]
