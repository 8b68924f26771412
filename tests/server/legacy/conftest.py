"""The older system's database, filled as its code fills it."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from cryptography.fernet import Fernet
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.databases import opened, own_database
from tests.support.older_system import EXPIRES_AT, LOGGED_AT, add, encrypted, make_tables
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.engine import Database

FERNET_KEY = Fernet.generate_key().decode()
TOKEN, URL_TOKEN = "glpat-of-the-older-system", "ghp-in-an-address"


def id_of(number: int) -> str:
    """An id as that system makes them."""
    return str(UUID(int=number, version=4))


ADA, GRACE, ALAN, TEAM = map(id_of, range(1, 5))
APP, TOOLS, LOCAL, PUSHED = map(id_of, range(11, 15))


@pytest.fixture
async def older(postgres: EmbeddedPostgres, database_url: str) -> AsyncIterator[Database]:
    """Three accounts, a project with four repositories, keys, a log, commits and a season."""
    async with own_database(postgres) as url, opened(url) as database:
        async with database.engine.begin() as connection:
            await make_tables(connection)
            await _fill_people(connection)
            await _fill_repos(connection, Fernet(FERNET_KEY))
        yield database


async def _fill_people(connection: AsyncConnection) -> None:
    people = (
        (ADA, "Ada@Example.com", "COMMISSIONER", "APPROVED", "Ada Lovelace"),
        (GRACE, "grace@example.com", "PLAYER", "PENDING", None),
        (ALAN, "alan@example.com", "SPECTATOR", "RETIRED", "Alan"),
    )
    for id_, email, role, status, name in people:
        await add(connection, "users", id=id_, email=email, role=role, status=status, display_name=name)
    await add(connection, "git_identities", id=id_of(21), user_id=ADA, git_name="ada", git_email="Ada@Work.example")
    for number, name, scopes, status in (
        (31, "laptop", "SYNC_COMMITS_READ", "ACTIVE"),
        (32, "=ci", "SYNC_COMMITS", "ACTIVE"),
        (33, "old", "READ_REPOS", "REVOKED"),
    ):
        await add(
            connection,
            "api_keys",
            id=id_of(number),
            user_id=ADA,
            name=name,
            prefix=f"tgl_{number}",
            key_hash="$argon2id$x",
            scopes=scopes,
            status=status,
            expires_at=EXPIRES_AT,
        )
    await add(
        connection,
        "audit_logs",
        id=id_of(41),
        user_id=ADA,
        action="create_repository",
        resource_type="repository",
        resource_id=APP,
        details="Created repository app",
        ip_address="192.0.2.7",
        created_at=LOGGED_AT,
    )
    await add(connection, "audit_logs", id=id_of(42), action="trigger_sync", ip_address="unknown")


async def _fill_repos(connection: AsyncConnection, fernet: Fernet) -> None:
    await add(connection, "projects", id=TEAM, name="Team", slug="team", description="What we do", created_by=ADA)
    plain = {"project_id": TEAM, "branch": "main", "status": "HEALTHY"}
    await add(
        connection,
        "repos",
        id=APP,
        name="app",
        remote_url="https://git.example.com/team/app.git",
        remote_type="HTTPS",
        **{"sync_frequency": "0 * * * *", "sync_method": "PULL_CELERY", **plain},
        credentials_encrypted=encrypted(fernet, token=TOKEN),
    )
    await add(
        connection,
        "repos",
        id=TOOLS,
        name="tools",
        remote_url=f"https://{URL_TOKEN}@git.example.com/team/tools.git",
        **{"remote_type": "HTTPS", "sync_frequency": "every hour", **plain},
    )
    await add(connection, "repos", id=LOCAL, name="lo/cal", remote_url="/srv/git/local", remote_type="LOCAL", **plain)
    await add(connection, "repos", id=PUSHED, name="pushed", sync_method="PUSH_CLIENT", **plain)
    await add(
        connection,
        "commits",
        id=id_of(51),
        sha="a" * 40,
        repo_id=APP,
        author_name="Ada",
        author_email="ada@example.com",
        committer_name="Ada",
        committer_email="ada@example.com",
        commit_date=LOGGED_AT,
        message_title="one",
    )
    await add(connection, "seasons", id=id_of(61), name="Spring")
