"""A small world to test in: a user, their project and repository, and their key."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.support.api import Api
from tests.support.hashing import quick_argon2
from tgl_server.accounts.models import Role
from tgl_server.accounts.service import create_user
from tgl_server.api_keys.service import create_key
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.projects.service import create_project, create_repo
from tgl_server.settings import Settings


@dataclass(frozen=True)
class World:
    user_id: UUID
    project_id: UUID
    project: str
    repo_id: UUID
    repo: str
    key: str

    @property
    def sync_path(self) -> str:
        """The path of the repository's sync endpoints."""
        return f"/api/v1/sync/projects/{self.project}/repos/{self.repo}"

    def environment(self, url: str) -> dict[str, str]:
        """The variables of somebody who pushes to the repository on this server."""
        return {"TGL_URL": url, "TGL_API_KEY": self.key, "TGL_PROJECT": self.project, "TGL_REPO": self.repo}


async def make_world(database_url: str, *, project: str = "demo", repo: str = "first") -> World:
    """A world in the database with this URL."""
    database = Database(Settings(database_url=database_url))
    try:
        return await add_world(database, project=project, repo=repo)
    finally:
        await database.close()


async def add_world(database: Database, *, project: str = "demo", repo: str = "first") -> World:
    """A commissioner who owns a project with one repository, and a key with both scopes."""
    async with database.transaction() as tx:
        user = await create_user(tx, f"owner-of-{project}@example.com", role=Role.COMMISSIONER)
        made_project = await create_project(tx, user.id, project, project.title())
        made_repo = await create_repo(tx, made_project, repo, user.id, FOLLOWERS)
        with quick_argon2() as argon2:
            _, key = await create_key(tx, argon2, user.id, "test")
    return World(user.id, made_project.id, project, made_repo.id, repo, key.full_key)


async def status_of(api: Api, world: World) -> Any:
    """The repository's sync status, as the API shows it."""
    answer = await api.get(f"{world.sync_path}/status")
    assert answer.status == 200, answer.body
    return answer.json


async def add_project(database: Database, world: World, slug: str, *repos: str) -> str:
    """Another project of the world's user; its slug."""
    async with database.transaction() as tx:
        made = await create_project(tx, world.user_id, slug, slug.title())
        for repo in repos:
            await create_repo(tx, made, repo, world.user_id, FOLLOWERS)
    return slug
