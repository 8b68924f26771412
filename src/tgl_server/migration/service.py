"""Moving a repository between pulling and pushing, in one transaction, and how many have moved.

The commits and the recorded tips stay, so that the first push or pull afterwards sends or reads only what is new.
Locks are taken in the order of `tgl_server.pull.queries`, after the repository's own row.
"""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_protocol.events import EventType, RepoMigrated
from tgl_protocol.migration import CredentialFate, MethodSwitch, MigrationStatus
from tgl_protocol.projects import RepoChange, SyncMethod
from tgl_server import errors
from tgl_server.access.ids import ProjectId, RepoId
from tgl_server.audit.changes import apply_changes
from tgl_server.audit.service import Actor, record
from tgl_server.credentials.service import delete_credential
from tgl_server.events.service import record_event
from tgl_server.ingest.pulled import cancel_runs
from tgl_server.migration import queries
from tgl_server.migration.actions import MigrationAction
from tgl_server.projects.names import pulled_url_fault
from tgl_server.projects.service import change_fields, lock_repo
from tgl_server.pull.service import end_pulls
from tgl_server.remotes import RemotePolicy

#: What a client's run says that the server's pulls have taken over from.
PULLED_NOW: Final = "The push was ended, as the server pulls this repository from now on; what it had stored stays."

_ACTIONS: Final = {
    SyncMethod.PUSH_CLIENT: MigrationAction.MIGRATED_TO_PUSH,
    SyncMethod.PULL_CELERY: MigrationAction.ROLLED_BACK_TO_PULL,
}
_NO_URL: Final = "it has no git_url, and nothing can be pulled before it is set"
_NO_PULL_URL: Final = "its git_url is one that no pull fetches; set another, with https:// or ssh://"
_NO_SCHEDULE: Final = "it has no schedule: it is pulled when somebody asks, until one is set"
_NO_CREDENTIALS: Final = (
    "no credentials are stored: they are deleted when a repository moves to push; a private remote refuses until they "
    "are stored again, with the keys of an ssh host confirmed"
)


async def change_repo(tx: AsyncSession, policy: RemotePolicy, repo_id: RepoId, change: RepoChange, by: Actor) -> None:
    """Change the fields of a repository that are named; another sync method is a switch like any other."""
    await change_fields(tx, repo_id, change, by)
    if isinstance(change.sync_method, SyncMethod):
        await switch_method(tx, policy, repo_id, change.sync_method, by)


async def switch_method(
    tx: AsyncSession,
    policy: RemotePolicy,
    repo_id: RepoId,
    target: SyncMethod,
    by: Actor,
    *,
    keep_credentials: bool = False,
) -> MethodSwitch:
    """Let the commits of a repository arrive the other way from now on; one that does already stays as it is.

    A worker that pulls it has lost its lease, and stores nothing more. Runs that are under way are cancelled.
    """
    repo = await lock_repo(tx, repo_id)
    switch = await plan_switch(tx, repo_id, target, keep_credentials=keep_credentials)
    switch = replace(switch, dry_run=False)
    if not switch.changes:
        return switch
    changed = apply_changes(repo, {"sync_method": target})
    await tx.flush()
    ended = await _end_runs(tx, repo_id, switch)
    if switch.credentials is CredentialFate.DELETED:
        await delete_credential(tx, policy, repo_id, by)
    details = {"changed": changed, "credentials": switch.credentials, "ended_runs": [str(run_id) for run_id in ended]}
    await record(tx, by.did(_ACTIONS[target], "repo", repo_id, **details))
    told = RepoMigrated(from_method=switch.current, to_method=target)
    await record_event(tx, EventType.REPO_MIGRATED, told, repo_id=repo_id)
    return replace(switch, ended_runs=ended)


async def plan_switch(
    reader: AsyncConnection | AsyncSession, repo_id: RepoId, target: SyncMethod, *, keep_credentials: bool = False
) -> MethodSwitch:
    """What a switch would change; changes nothing."""
    row = (await reader.execute(queries.STANDING, {"repo_id": repo_id})).mappings().one_or_none()
    if row is None:
        raise errors.NotFound("The repository was deleted meanwhile.")
    current = SyncMethod(row["sync_method"])
    changes = current is not target
    to_push = target is SyncMethod.PUSH_CLIENT
    fate = CredentialFate.NONE
    if row["has_credentials"]:
        fate = CredentialFate.DELETED if changes and to_push and not keep_credentials else CredentialFate.KEPT
    return MethodSwitch(
        repo_id=repo_id,
        project=row["project"],
        name=row["name"],
        current=current,
        target=target,
        changes=changes,
        dry_run=True,
        ended_runs=(row["pulls"] if to_push else row["pushes"]) if changes else [],
        credentials=fate,
        warnings=_warnings(row) if changes and not to_push else [],
    )


async def migration_status(
    reader: AsyncConnection | AsyncSession,
    project_id: ProjectId | None = None,
    repo_ids: Collection[UUID] | None = None,
) -> list[MigrationStatus]:
    """How many repositories have moved in each project that has any, by slug; of one project, or of these alone."""
    which = {"project_id": project_id, "repo_ids": None if repo_ids is None else list(repo_ids)}
    found = (await reader.execute(queries.COUNTS, which)).mappings()
    return [status_of(**row) for row in found]


def status_of(project: str | None, pull_celery: int, push_client: int, with_credentials: int) -> MigrationStatus:
    """The counts with their total and the part that clients push to."""
    total = pull_celery + push_client
    return MigrationStatus(
        project=project,
        pull_celery=pull_celery,
        push_client=push_client,
        total=total,
        percent_pushed=round(100 * push_client / total, 1) if total else 0.0,
        with_credentials=with_credentials,
    )


def together(found: Sequence[MigrationStatus], project: str | None = None) -> MigrationStatus:
    """The sum of several counts."""
    return status_of(
        project,
        sum(each.pull_celery for each in found),
        sum(each.push_client for each in found),
        sum(each.with_credentials for each in found),
    )


async def _end_runs(tx: AsyncSession, repo_id: RepoId, switch: MethodSwitch) -> list[UUID]:
    """End what is under way; for a push the runs are those that have been found before."""
    if switch.target is SyncMethod.PUSH_CLIENT:
        return await end_pulls(tx, repo_id)
    if switch.ended_runs:
        await cancel_runs(tx, repo_id, switch.ended_runs, PULLED_NOW)
    return switch.ended_runs


def _warnings(row: RowMapping) -> list[str]:
    """What has to be done before a repository can be pulled again."""
    url = row["git_url"]
    cannot = url is not None and pulled_url_fault(url) is not None
    found = {_NO_URL: url is None, _NO_PULL_URL: cannot, _NO_SCHEDULE: row["cron"] is None}
    return [words for words, is_so in {**found, _NO_CREDENTIALS: not row["has_credentials"]}.items() if is_so]
