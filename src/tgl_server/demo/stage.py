"""What a demo pushes to, and what is there afterwards; several demos may share one database."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from msgspec import Struct
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.accounts.models import Role, User
from tgl_server.accounts.service import create_user, find_user
from tgl_server.api_keys.models import ApiKeyRow
from tgl_server.api_keys.service import COMMAND_LINE, create_key, find_key, revoke_key
from tgl_server.auth.argon2 import Argon2
from tgl_server.db.engine import Database
from tgl_server.projects.models import Project, Repo
from tgl_server.projects.names import as_repo_name
from tgl_server.projects.service import create_project, create_repo, find_project, find_repo

USER = "commissioner@demo.example"
PROJECT = "demo"
KEY_NAME = "demo"

_KEY_LIFETIME = timedelta(days=1)

# Demos that start at once would each find nothing, and make everything twice.
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('tgl-server demo', 0))")

SUMMARY = text("""
    SELECT r.total_commits, s.authors, s.additions, s.deletions
    FROM repos r, LATERAL (
        SELECT count(DISTINCT author_email) AS authors, coalesce(sum(additions), 0) AS additions,
               coalesce(sum(deletions), 0) AS deletions
        FROM commits WHERE repo_id = r.id
    ) s
    WHERE r.id = :repo_id
""")


class Stage(Struct, frozen=True):
    """What the demo pushes to."""

    repo_id: UUID
    repo: str
    key: str
    key_prefix: str


class Summary(Struct, frozen=True):
    """What the repository on the server holds after the push."""

    commits: int
    authors: int
    additions: int
    deletions: int


async def set_stage(database: Database, argon2: Argon2, path: Path) -> Stage:
    """The commissioner, the project and the repository, made where they are not there yet, and a new key."""
    async with database.transaction() as tx:
        await tx.execute(ONE_AT_A_TIME)
        user = await find_user(tx, USER) or await create_user(tx, USER, role=Role.COMMISSIONER, display_name="Demo")
        project = await find_project(tx, PROJECT) or await create_project(tx, user.id, PROJECT, "Demo")
        repo = await _repo(tx, project, user, path)
        now = datetime.now(UTC)
        await _revoke_expired(tx, user, now)
        _, key = await create_key(tx, argon2, user.id, KEY_NAME, expires_at=now + _KEY_LIFETIME)
        return Stage(repo.id, repo.name, key.full_key, key.prefix)


async def _repo(tx: AsyncSession, project: Project, user: User, path: Path) -> Repo:
    """Named after its folder; two folders of one name do not share a repository."""
    mark = hashlib.sha256(os.fsencode(path)).hexdigest()[:6]
    name = as_repo_name(f"{path.name or 'root'}-{mark}")
    return await find_repo(tx, project, name) or await create_repo(tx, project, name, user.id)


async def _revoke_expired(tx: AsyncSession, user: User, now: datetime) -> None:
    """Left by demos that were killed. A key that still works may belong to a demo that still runs."""
    left = select(ApiKeyRow).where(
        ApiKeyRow.user_id == user.id,
        ApiKeyRow.name == KEY_NAME,
        ApiKeyRow.revoked_at.is_(None),
        ApiKeyRow.expires_at < now,
    )
    for row in await tx.scalars(left):
        await revoke_key(tx, row, COMMAND_LINE)


async def clear_stage(database: Database, stage: Stage) -> None:
    """Revoke this demo's key; what was pushed stays for the next demo."""
    async with database.transaction() as tx:
        row = await find_key(tx, stage.key_prefix)
        if row is not None:
            await revoke_key(tx, row, COMMAND_LINE)


async def summarize(database: Database, repo_id: UUID) -> Summary:
    """Counted from the stored rows, except for the commits: those are the server's own count."""
    async with database.statements() as connection:
        row = (await connection.execute(SUMMARY, {"repo_id": repo_id})).one()
    return Summary(row.total_commits, row.authors, row.additions, row.deletions)
