"""`tgl-server repos migrate-to-push`, `rollback-to-pull` and `migration-status`: from pulling to pushing, and back."""

import sys
from datetime import timedelta
from typing import Annotated

import typer

from tgl_protocol.migration import CredentialFate, MethodSwitch, MigrationStatus
from tgl_protocol.projects import SyncMethod
from tgl_server.access.ids import ProjectId
from tgl_server.accounts.service import COMMAND_LINE
from tgl_server.auth.argon2 import Argon2
from tgl_server.cli.choosing import Everything, InProject, Names, chosen_by, chosen_repos
from tgl_server.cli.comparison import prove_with_mirror, say_comparison
from tgl_server.cli.context import process_settings, run_with_database, with_database
from tgl_server.cli.output import say
from tgl_server.cli.pages import AsJson, say_json, say_rows
from tgl_server.cli.projects import find_project
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError
from tgl_server.migration.choosing import Choice, Chosen
from tgl_server.migration.moving import Moved, Order, move
from tgl_server.migration.service import migration_status, together
from tgl_server.remotes import policy_of
from tgl_server.settings import Settings

ExcludeActive = Annotated[bool, typer.Option("--exclude-active", help="Leave out those that have synced lately.")]
InactiveDays = Annotated[
    int, typer.Option(min=1, max=3650, help="With --exclude-active: how many days without a success are inactive.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; show what would change.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]

_AFTERWARDS = {
    SyncMethod.PUSH_CLIENT: "Pulls that run are cancelled, and stored credentials are deleted",
    SyncMethod.PULL_CELERY: "Pushes that run are ended, and later ones are refused",
}


def migrate_to_push(
    names: Names = None,
    everything: Everything = False,
    project: InProject = None,
    exclude_active: ExcludeActive = False,
    inactive_days: InactiveDays = 7,
    dry_run: DryRun = False,
    keep_credentials: Annotated[
        bool, typer.Option("--keep-credentials", help="Leave the credentials of the remotes stored.")
    ] = False,
    require_compare: Annotated[
        bool,
        typer.Option("--require-compare", help="Compare with the mirror first; move only what the server has whole."),
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Let clients push to repositories that the server has pulled; commits and branch tips stay.

    Each is moved in a transaction of its own. Ends with status 1 if one failed; those are as they were.
    """
    inactive = timedelta(days=inactive_days) if exclude_active else None
    choice = chosen_by(names, everything=everything, project=project, inactive=inactive)
    with with_database(process_settings()) as settings:

        async def act(database: Database, _: Argon2) -> list[Moved]:
            order = Order(
                target=SyncMethod.PUSH_CLIENT,
                by=COMMAND_LINE,
                policy=policy_of(settings),
                dry_run=dry_run,
                keep_credentials=keep_credentials,
                prove=prove_with_mirror(database, settings) if require_compare else None,
            )
            return [each async for each in move(database, found, order)]

        found = _chosen(settings, choice, SyncMethod.PUSH_CLIENT, ask=not (yes or dry_run), as_json=as_json)
        _tell(run_with_database(act, settings), as_json=as_json, dry_run=dry_run)


def rollback_to_pull(
    names: Names = None,
    everything: Everything = False,
    project: InProject = None,
    exclude_active: ExcludeActive = False,
    inactive_days: InactiveDays = 7,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Let the server pull repositories again that clients push to, by their schedules of before.

    Says what is missing for it, such as credentials. Ends with status 1 if one failed; those are as they were.
    """
    inactive = timedelta(days=inactive_days) if exclude_active else None
    choice = chosen_by(names, everything=everything, project=project, inactive=inactive)
    with with_database(process_settings()) as settings:

        async def act(database: Database, _: Argon2) -> list[Moved]:
            order = Order(target=SyncMethod.PULL_CELERY, by=COMMAND_LINE, policy=policy_of(settings), dry_run=dry_run)
            return [each async for each in move(database, found, order)]

        found = _chosen(settings, choice, SyncMethod.PULL_CELERY, ask=not (yes or dry_run), as_json=as_json)
        _tell(run_with_database(act, settings), as_json=as_json, dry_run=dry_run)


def show_status(project: InProject = None, as_json: AsJson = False) -> None:
    """Show how many repositories are pulled and how many are pushed to, for each project and in all."""

    async def act(database: Database, _: Argon2) -> list[MigrationStatus]:
        async with database.transaction() as tx:
            id_ = None if project is None else ProjectId((await find_project(tx, project)).id)
            return await migration_status(tx, id_)

    found = run_with_database(act)
    if as_json:
        say_json(projects=found, total=together(found))
        return
    say_rows([_status_row(each) for each in (*found, together(found))])


def _chosen(settings: Settings, choice: Choice, target: SyncMethod, *, ask: bool, as_json: bool) -> list[Chosen]:
    """The repositories to move, once somebody has said yes; those that are active are left out."""

    async def act(database: Database, _: Argon2) -> list[Chosen]:
        return await chosen_repos(database, choice)

    chosen = run_with_database(act, settings)
    found = [each for each in chosen if not each.is_active]
    left_out = len(chosen) - len(found)
    if left_out:
        say(f"{left_out} left out, as they have synced lately", err=True)
    to_move = [each for each in found if each.sync_method is not target]
    if to_move and ask:
        _confirm(to_move, target, as_json=as_json)
    return found


def _confirm(to_move: list[Chosen], target: SyncMethod, *, as_json: bool) -> None:
    if as_json or not sys.stdin.isatty():
        raise ServerError(f"this moves {len(to_move)} repositories to {target}; add --yes to do it, or --dry-run first")
    for each in to_move:
        say(f"  {each.path}")
    typer.confirm(f"{_AFTERWARDS[target]}. Move these {len(to_move)} repositories to {target}?", abort=True)


def _tell(done: list[Moved], *, as_json: bool, dry_run: bool) -> None:
    """Print what became of each repository; ends with status 1 if one failed."""
    failed = sum(each.error is not None for each in done)
    moved = sum(each.switch is not None and each.switch.changes for each in done)
    unchanged = len(done) - failed - moved
    if as_json:
        say_json(repos=done, moved=moved, unchanged=unchanged, failed=failed, dry_run=dry_run)
    else:
        for number, each in enumerate(done, 1):
            _say_moved(f"{number}/{len(done)}", each)
        would = "would move" if dry_run else "moved"
        say(f"{moved} {would}, {unchanged} have the method already, {failed} failed")
    if failed:
        raise typer.Exit(1)


def _say_moved(place: str, moved: Moved) -> None:
    path = f"{moved.project}/{moved.name}"
    if moved.comparison is not None:
        say_comparison(path, moved.comparison)
    if moved.switch is None:
        say(f"{place}  {path}  failed: {moved.error}")
        return
    say(f"{place}  {path}  {_switch_words(moved.switch)}")
    for warning in moved.switch.warnings:
        say(f"warning: {path}: {warning}", err=True)


def _switch_words(switch: MethodSwitch) -> str:
    if not switch.changes:
        return f"is {switch.target} already"
    parts = [f"{switch.current} -> {switch.target}"]
    if switch.ended_runs:
        parts.append(f"{len(switch.ended_runs)} runs cancelled")
    if switch.credentials is not CredentialFate.NONE:
        parts.append(f"credentials {switch.credentials}")
    return ", ".join(parts)


def _status_row(status: MigrationStatus) -> tuple[str, ...]:
    left = f"{status.with_credentials} with credentials left" if status.with_credentials else ""
    return (
        status.project or "in all",
        f"pull_celery {status.pull_celery}",
        f"push_client {status.push_client}",
        f"total {status.total}",
        f"{status.percent_pushed:.0f} % pushed",
        left,
    )
