"""Importing from the older system: what comes over, what does not and why, and that it may be repeated."""

from pathlib import Path
from uuid import UUID

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from tests.server.legacy.conftest import ADA, ALAN, APP, FERNET_KEY, GRACE, LOCAL, PUSHED, TEAM, TOKEN, TOOLS, URL_TOKEN
from tests.support.database import count, every_row, execute, rows, scalar
from tests.support.migration import PUSH, dump, switch
from tgl_server.access.ids import RepoId
from tgl_server.accounts.models import Role
from tgl_server.accounts.service import create_user
from tgl_server.credentials.opening import open_credential
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError
from tgl_server.features import FOLLOWERS
from tgl_server.legacy.importing import import_legacy
from tgl_server.legacy.report import OldKey, Report
from tgl_server.legacy.repos import Keys, read_key
from tgl_server.remotes import HttpsToken, policy_of
from tgl_server.sealing.sealer import Sealer, new_key
from tgl_server.settings import Settings
from tgl_server.verify.service import find_faults


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database_url=database_url, secrets_keys=(new_key(),))


async def run(
    database: Database, settings: Settings, older: Database, *, key: str | None = FERNET_KEY, dry_run: bool = False
) -> Report:
    url = older.engine.url.render_as_string(hide_password=False).replace("+asyncpg", "")
    keys = Keys(Fernet(key) if key else None, Sealer(settings.secrets_keys), policy_of(settings))
    return await import_legacy(database, url, keys, FOLLOWERS, dry_run=dry_run)


async def token_of(database: Database, settings: Settings, repo: str) -> str | None:
    async with database.transaction() as tx:
        found = await open_credential(tx, Sealer(settings.secrets_keys), policy_of(settings), RepoId(UUID(repo)))
    assert found is None or isinstance(found, HttpsToken)
    return None if found is None else found.token


async def test_accounts_keep_their_ids_roles_and_states_and_have_no_password(
    database: Database, settings: Settings, older: Database
) -> None:
    report = await run(database, settings, older)
    found = await rows(database, "SELECT id, email, display_name, role, state, password_hash FROM users ORDER BY id")
    assert [(str(row.id), *row[1:]) for row in found] == [
        (ADA, "ada@example.com", "Ada Lovelace", "commissioner", "active", None),
        (GRACE, "grace@example.com", "grace@example.com", "player", "pending", None),
        (ALAN, "alan@example.com", "Alan", "spectator", "retired", None),
    ]
    assert report.to_invite == ["ada@example.com"]
    assert str(await scalar(database, "SELECT min(created_at) FROM users")) == "2025-03-04 05:06:07+00:00"
    (claim,) = await rows(
        database, "SELECT c.user_id, c.state, i.email FROM claims c JOIN identities i ON i.id = c.identity_id"
    )
    assert (str(claim.user_id), claim.state, claim.email) == (ADA, "waiting", "ada@work.example")


async def test_repositories_keep_their_ids_and_methods_and_get_schedules(
    database: Database, settings: Settings, older: Database
) -> None:
    report = await run(database, settings, older)
    (project,) = await rows(database, "SELECT id, slug, name, description, owner_id FROM projects")
    assert (str(project.id), str(project.owner_id), project.slug, project.description) == (
        TEAM,
        ADA,
        "team",
        "What we do",
    )
    found = await rows(database, "SELECT id, name, git_url, sync_method, default_branch FROM repos ORDER BY id")
    assert [(str(row.id), *row[1:]) for row in found] == [
        (APP, "app", "https://git.example.com/team/app.git", "pull_celery", "main"),
        (TOOLS, "tools", "https://git.example.com/team/tools.git", "pull_celery", "main"),
        (LOCAL, "lo-cal", None, "pull_celery", "main"),
        (PUSHED, "pushed", None, "push_client", "main"),
    ]
    (schedule,) = await rows(database, "SELECT repo_id, cron, next_due_at > now() AS is_ahead FROM repo_pulls")
    assert (str(schedule.repo_id), schedule.cron, schedule.is_ahead) == (APP, "0 * * * *", True)
    assert [problem.reason.partition(":")[0] for problem in report.problems if problem.what == "repository tools"] == [
        "its schedule 'every hour' is left out"
    ]
    assert await find_faults(database, settings.run_timeout, FOLLOWERS) == []


async def test_credentials_are_opened_with_their_key_and_sealed_with_ours(
    database: Database, settings: Settings, older: Database
) -> None:
    report = await run(database, settings, older)
    assert await token_of(database, settings, APP) == TOKEN
    assert await token_of(database, settings, TOOLS) == URL_TOKEN
    assert (report.imported["credentials"], report.credentials_to_enter) == (2, [])
    stored = await every_row(database)
    assert (TOKEN in stored, URL_TOKEN in stored) == (False, False)


@pytest.mark.parametrize(
    ("key", "reason"),
    [(None, "--fernet-key-file is not given"), (Fernet.generate_key().decode(), "does not open them")],
    ids=["none", "another"],
)
async def test_credentials_without_their_key_are_listed_and_come_with_it_later(
    database: Database, settings: Settings, older: Database, key: str | None, reason: str
) -> None:
    report = await run(database, settings, older, key=key)
    (problem,) = report.credentials_to_enter
    assert (problem.what, reason in problem.reason) == ("repository app", True)
    assert (await run(database, settings, older)).imported == {"credentials": 1}
    assert await token_of(database, settings, APP) == TOKEN


async def test_without_a_key_of_ours_credentials_are_listed(
    database: Database, settings: Settings, older: Database, database_url: str
) -> None:
    report = await run(database, Settings(database_url=database_url), older)
    assert sorted(problem.what for problem in report.credentials_to_enter) == ["repository app", "repository tools"]
    assert (await count(database, "repos"), await count(database, "repo_credentials")) == (4, 0)


async def test_the_log_comes_with_its_time_and_keys_are_listed(
    database: Database, settings: Settings, older: Database
) -> None:
    report = await run(database, settings, older)
    first, second = await rows(
        database, "SELECT * FROM audit_logs WHERE action LIKE 'legacy.%' ORDER BY details = '{}', at"
    )
    assert (first.action, str(first.actor_user_id), str(first.ip), first.resource_id) == (
        "legacy.create_repository",
        ADA,
        "192.0.2.7",
        APP,
    )
    assert (str(first.at), first.details) == ("2025-06-07 08:09:10+00:00", {"text": "Created repository app"})
    assert (second.action, second.ip, second.actor_user_id) == ("legacy.trigger_sync", None, None)
    assert report.keys_to_reissue == [
        OldKey(owner="Ada@Example.com", name="laptop", scopes="sync:commits,read:repos", expires_at="2027-01-02"),
        OldKey(owner="Ada@Example.com", name="=ci", scopes="sync:commits", expires_at="2027-01-02"),
    ]
    assert report.left == {"commits": 1, "seasons": 1}
    assert (await count(database, "api_keys"), await count(database, "commits")) == (0, 0)


async def test_a_second_import_changes_nothing_that_is_here(
    database: Database, settings: Settings, older: Database
) -> None:
    first = await run(database, settings, older)
    await execute(database, "UPDATE repos SET name = 'renamed' WHERE id = :id", id=UUID(APP))
    await switch(database, settings, UUID(TOOLS), PUSH)
    before = await dump(database)
    second = await run(database, settings, older)
    assert await dump(database) == before
    assert second.imported == {}
    assert second.there_already == {kind: n for kind, n in first.imported.items() if kind != "credentials"}
    await execute(older, "UPDATE users SET display_name = 'x'", "UPDATE repos SET branch = 'x'")
    await run(database, settings, older)
    assert await dump(database) == before


async def test_a_dry_run_changes_no_byte_on_either_side(
    database: Database, settings: Settings, older: Database
) -> None:
    before, theirs = await dump(database), await every_row(older)
    report = await run(database, settings, older, dry_run=True)
    assert (report.dry_run, report.imported["repositories"], report.imported["credentials"]) == (True, 4, 2)
    assert (await dump(database), await every_row(older)) == (before, theirs)
    await run(database, settings, older)
    assert await every_row(older) == theirs


async def test_an_account_with_the_same_address_is_that_account(
    database: Database, settings: Settings, older: Database
) -> None:
    async with database.transaction() as tx:
        ada = await create_user(tx, "ada@example.com", role=Role.COMMISSIONER, display_name="Here already")
    report = await run(database, settings, older)
    assert (report.there_already["users"], report.to_invite) == (1, [])
    assert await scalar(database, "SELECT owner_id FROM projects") == ada.id


async def test_a_slug_that_is_taken_leaves_out_the_project_and_says_so(
    database: Database, settings: Settings, older: Database
) -> None:
    async with database.transaction() as tx:
        boss = await create_user(tx, "boss@example.com", role=Role.COMMISSIONER)
        made = text("INSERT INTO projects (id, slug, name, owner_id) VALUES (gen_random_uuid(), 'team', 'T', :id)")
        await tx.execute(made, {"id": boss.id})
    report = await run(database, settings, older)
    assert [problem.what for problem in report.problems] == ["project team with its repositories"]
    assert await count(database, "repos") == 0


@pytest.mark.parametrize("head", ["2027_01_01_0000", None])
async def test_another_schema_is_refused(
    database: Database, settings: Settings, older: Database, head: str | None
) -> None:
    change = "DELETE FROM alembic_version" if head is None else "UPDATE alembic_version SET version_num = :head"
    await execute(older, change, **({} if head is None else {"head": head}))
    with pytest.raises(ServerError, match=f"the schema's version there is {head or 'none'}"):
        await run(database, settings, older)
    assert await count(database, "users") == 0


async def test_a_database_of_something_else_is_refused(database: Database, settings: Settings, older: Database) -> None:
    await execute(older, "DROP TABLE alembic_version")
    with pytest.raises(ServerError, match="the schema's version there is none"):
        await run(database, settings, older)


def test_a_file_that_holds_no_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("no key")
    with pytest.raises(ServerError, match="does not hold a FERNET_KEY"):
        read_key(tmp_path / "key")
    with pytest.raises(ServerError, match="cannot be read"):
        read_key(tmp_path / "nowhere")
