"""The stage of a demo: what it pushes to, and a summary of the result; several demos may share one database."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.accounts.links import make_link
from tgl_server.accounts.models import LinkKind, Role, User
from tgl_server.accounts.service import create_user, find_user
from tgl_server.api_keys.models import ApiKeyRow
from tgl_server.api_keys.service import COMMAND_LINE, create_key, find_key, revoke_key
from tgl_server.auth.argon2 import Argon2
from tgl_server.db.engine import Database
from tgl_server.demo import queries
from tgl_server.features import FOLLOWERS
from tgl_server.projects.models import Project, Repo
from tgl_server.projects.names import as_repo_name
from tgl_server.projects.service import create_project, create_repo, find_project, find_repo

USER = "commissioner@demo.example"
PROJECT = "demo"
KEY_NAME = "demo"

_KEY_LIFETIME = timedelta(days=1)


class Stage(Struct, frozen=True):
    """The repository that a demo pushes to, the API key for it, and the page by which a browser signs in once."""

    repo_id: UUID
    repo: str
    key: str
    key_prefix: str
    sign_in_path: str


class Summary(Struct, frozen=True):
    """The counts of the server's repository after the push."""

    commits: int
    authors: int
    additions: int
    deletions: int


async def set_stage(database: Database, argon2: Argon2, path: Path) -> Stage:
    """Set the stage: commissioner, project and repository, made if they are missing, and a new key."""
    async with database.transaction() as tx:
        await tx.execute(queries.ONE_AT_A_TIME)
        user = await find_user(tx, USER) or await create_user(tx, USER, role=Role.COMMISSIONER, display_name="Demo")
        project = await find_project(tx, PROJECT) or await create_project(tx, user.id, PROJECT, "Demo")
        repo = await _repo(tx, project, user, path)
        now = datetime.now(UTC)
        await _revoke_expired(tx, user, now)
        _, key = await create_key(tx, argon2, user.id, KEY_NAME, expires_at=now + _KEY_LIFETIME)
        link = await make_link(tx, user, LinkKind.SIGN_IN)
        return Stage(repo.id, repo.name, key.full_key, key.prefix, link.path)


async def _repo(tx: AsyncSession, project: Project, user: User, path: Path) -> Repo:
    """The repository on the server, named after its folder; two folders of one name get two repositories."""
    mark = hashlib.sha256(os.fsencode(path)).hexdigest()[:6]
    name = as_repo_name(f"{path.name or 'root'}-{mark}")
    return await find_repo(tx, project, name) or await create_repo(tx, project, name, user.id, FOLLOWERS)


async def _revoke_expired(tx: AsyncSession, user: User, now: datetime) -> None:
    """Revoke expired keys of demos that were killed; one that still works may belong to a running demo."""
    left = select(ApiKeyRow).where(
        ApiKeyRow.user_id == user.id,
        ApiKeyRow.name == KEY_NAME,
        ApiKeyRow.revoked_at.is_(None),
        ApiKeyRow.expires_at < now,
    )
    for row in await tx.scalars(left):
        await revoke_key(tx, row, COMMAND_LINE)


async def clear_stage(database: Database, stage: Stage) -> None:
    """Revoke this demo's key; the pushed commits stay for the next demo."""
    async with database.transaction() as tx:
        row = await find_key(tx, stage.key_prefix)
        if row is not None:
            await revoke_key(tx, row, COMMAND_LINE)


async def summarize(database: Database, repo_id: UUID) -> Summary:
    """The counts of the stored rows; the number of commits is the server's own counter."""
    async with database.statements() as connection:
        row = (await connection.execute(queries.SUMMARY, {"repo_id": repo_id})).one()
    return Summary(row.total_commits, row.authors, row.additions, row.deletions)
