"""Examples of migrations for the OpenAPI document: a type checker sees when one is outdated."""

from msgspec import Struct

from tgl_protocol import comparison, migration
from tgl_protocol.projects import SyncMethod
from tgl_server.http.example_values import REPO_ID, RUN_ID, SHA

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
    comparison.DigestPage(digests={SHA: "3f" * 32}, next_cursor=None, total=1),
]
