"""A small world to test in: who there is, what they own, and their key."""

from dataclasses import dataclass
from uuid import UUID

from tgl_server.accounts.models import Role
from tgl_server.accounts.service import create_user
from tgl_server.api_keys.service import create_key
from tgl_server.auth.argon2 import Argon2
from tgl_server.db.engine import Database
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
        """Of the sync endpoints of the repository."""
        return f"/api/v1/sync/projects/{self.project}/repos/{self.repo}"


async def make_world(database_url: str, *, project: str = "demo", repo: str = "first") -> World:
    """A commissioner who owns a project with one repository, and a key with both scopes."""
    settings = Settings(database_url=database_url, argon2_time_cost=1, argon2_memory_kib=1024)
    database, argon2 = Database(settings), Argon2(settings)
    async with database.transaction() as tx:
        user = await create_user(tx, f"owner-of-{project}@example.com", role=Role.COMMISSIONER)
        made_project = await create_project(tx, user.id, project, project.title())
        made_repo = await create_repo(tx, made_project, repo, user.id)
        _, key = await create_key(tx, argon2, user.id, "test")
    argon2.close()
    await database.close()
    return World(user.id, made_project.id, project, made_repo.id, repo, key.full_key)
