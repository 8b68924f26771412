"""The import as a whole: one transaction here, one read-only one there. Repeating it changes nothing that is here.

Commits are not imported: there a sha is stored once for all repositories, so forks lack theirs, dates are without a
time zone, and merges count lines. They come anew, by pull or push. API keys are of another form, and are listed.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.accounts.service import COMMAND_LINE
from tgl_server.audit.service import record
from tgl_server.db.clock import database_now
from tgl_server.db.engine import Database
from tgl_server.followers.follower import Followers
from tgl_server.legacy.actions import LegacyAction
from tgl_server.legacy.people import import_identities, import_log, import_users
from tgl_server.legacy.report import OldKey, Report
from tgl_server.legacy.repos import Keys, RepoImport, import_projects
from tgl_server.legacy.source import Source, opened, word


async def import_legacy(
    database: Database, url: str, keys: Keys, followers: Followers, *, dry_run: bool = False
) -> Report:
    """Import from the database at `url`; a dry run does all of it and rolls it back."""
    report = Report(dry_run=dry_run)
    async with opened(url) as source, database.transaction() as tx:
        await _import(tx, source, keys, followers, report)
        if dry_run:
            await tx.rollback()
    return report


async def _import(tx: AsyncSession, source: Source, keys: Keys, followers: Followers, report: Report) -> None:
    people = await import_users(tx, source, report)
    projects = await import_projects(tx, source, people, report)
    await RepoImport(tx, projects, keys, followers, await database_now(tx), report).run(source)
    await import_log(tx, source, people, report)
    await import_identities(tx, source, people, report)
    report.keys_to_reissue = await _working_keys(source)
    report.left = await source.left()
    if any(report.imported.values()):
        await record(tx, COMMAND_LINE.did(LegacyAction.LEGACY_IMPORTED, "import", None, imported=report.imported))


async def _working_keys(source: Source) -> list[OldKey]:
    emails = {row["id"]: row["email"] for row in await source.rows("users")}
    return [
        OldKey(
            owner=emails.get(row["user_id"], row["user_id"]),
            name=row["name"],
            scopes=_scopes(row["scopes"]),
            expires_at=f"{row['expires_at']:%Y-%m-%d}" if row["expires_at"] else "",
        )
        for row in await source.rows("api_keys")
        if word(row["status"]) == "active"
    ]


def _scopes(text: str) -> str:
    """The scopes as they are written here, also where the name of a combination was stored."""
    found = word(text).replace(":", "_")
    scopes = {"sync:commits": "sync_commits" in found, "read:repos": "read" in found}
    return ",".join(scope for scope, is_there in scopes.items() if is_there)
