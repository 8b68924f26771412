"""`alembic` itself in a checkout: the same migrations on the database of the server's settings, and new ones."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.support.command import Done
from tgl_server.db import migrate

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what `alembic` reads, so that new migrations land there."""
    shutil.copy(ROOT / "alembic.ini", tmp_path)
    shutil.copytree(ROOT / "migrations", tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.fixture
def alembic(checkout: Path, empty_url: str) -> Callable[..., Awaitable[Done]]:
    """Runs `alembic` in the copy."""

    async def run(*arguments: str, url: str = empty_url) -> Done:
        command = [sys.executable, "-m", "alembic", *arguments]
        environment = {**os.environ, "DATABASE_URL": url}
        done = await asyncio.to_thread(
            subprocess.run, command, cwd=checkout, env=environment, capture_output=True, text=True, check=False
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


async def test_alembic_goes_up_and_down_says_where_it_is_and_numbers_new_migrations(
    alembic: Callable[..., Awaitable[Done]], checkout: Path
) -> None:
    """One test, since each command takes seconds; no migration is written where models and migrations agree."""
    versions, newest = checkout / "migrations" / "versions", migrate.newest_version()
    assert (await alembic("upgrade", "head")).code == 0
    assert (await alembic("check")).code == 0
    before = set(versions.glob("*.py"))
    assert (await alembic("revision", "--autogenerate", "-m", "nothing")).code == 0
    assert set(versions.glob("*.py")) == before
    assert (await alembic("downgrade", "-1")).code == 0
    assert newest not in (await alembic("current")).out
    done = await alembic("revision", "-m", "a table of cups")
    made = f"{int(newest) + 1:04}"
    assert done.code == 0, done.err
    written = (versions / f"{made}_a_table_of_cups.py").read_text()
    assert f'revision = "{made}"\ndown_revision = "{newest}"' in written
    assert f"{newest} -> {made} (head)" in (await alembic("history")).out


async def test_alembic_says_what_is_wrong_without_a_traceback(alembic: Callable[..., Awaitable[Done]]) -> None:
    away = await alembic("current", url="postgresql://nobody@127.0.0.1:9/none")
    printed = await alembic("upgrade", "head", "--sql")
    for done, words in ((away, "127.0.0.1"), (printed, "cannot be printed as SQL")):
        assert done.code != 0
        assert words in done.out + done.err
        assert "Traceback" not in done.err
