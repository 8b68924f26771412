"""Lines of generated files: sent where the server keeps them, as sums, and left out of what counts in a league."""

import asyncio
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tests.support.command import Done, tgl
from tests.support.database import rows
from tests.support.faulty import KEY, FaultyServer
from tests.support.histories import git
from tests.support.leagues import MONDAY, arrive, make_league, stored, until_scored
from tests.support.world import World
from tgl_protocol import http
from tgl_server.db.engine import Database
from tgl_server.leagues.replay import check_season


@pytest.fixture
def locked(repository: Path) -> Path:
    """The repository with a commit of ten lines, eight of them in a lock file."""
    git(repository, "reset", "-q", "--hard")
    (repository / "yarn.lock").write_text("line\n" * 8)
    (repository / "code.js").write_text("line\n" * 2)
    git(repository, "add", ".")
    git(repository, "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "-q", "-m", "Add code")
    return repository


@pytest.mark.parametrize(("features", "said"), [([], None), ([http.GENERATED_LINES], [8, 0, "builtin-1"])])
async def test_sums_are_sent_where_the_server_keeps_them_and_no_path_ever(
    locked: Path, faulty: FaultyServer, features: list[str], said: list[object] | None
) -> None:
    def run(*args: object) -> Done:
        return tgl(*args, TGL_URL=faulty.url, TGL_API_KEY=KEY, TGL_PROJECT="demo", TGL_REPO="first")

    faulty.features = features
    shown = (await asyncio.to_thread(run, "push", locked, "--dry-run", "--full")).out
    last = msgspec.json.decode(shown.splitlines()[-1])
    sent = [last.get(f"generated_{name}") for name in ("additions", "deletions", "rules")]
    assert sent == (said or [None] * 3)
    assert (last["additions"], last["files_changed"]) == (10, 2)
    assert "yarn" not in shown
    assert ("generated" in shown) == bool(said)
    assert (await asyncio.to_thread(run, "push", locked)).code == 0


@pytest.mark.usefixtures("settings")
async def test_what_is_sent_is_stored_and_does_not_count(locked: Path, database: Database, world: World) -> None:
    assert tgl("push", locked).code == 0
    columns = "additions, generated_additions, generated_deletions, generated_rules"
    found = await rows(database, f"SELECT {columns} FROM commits WHERE author_email IN ('ada@example.com')")
    assert [tuple(row) for row in found] == [(10, 8, 0, "builtin-1")]
    made = await make_league(database, world)
    await arrive(database, world.repo_id, [stored(1, additions=200), stored(2, MONDAY + timedelta(hours=1))])
    async with database.transaction() as tx:
        connection = await tx.connection()
        await connection.exec_driver_sql("UPDATE commits SET generated_additions = 150 WHERE additions = 200")
        await connection.exec_driver_sql("UPDATE commits SET generated_deletions = 999 WHERE additions = 30")
    await until_scored(database)
    values = await rows(database, "SELECT additions, value FROM ledger ORDER BY additions")
    assert [tuple(row) for row in values] == [(30, 0), (200, 50)]
    assert (await check_season(database, made.season_id)).differences == []
