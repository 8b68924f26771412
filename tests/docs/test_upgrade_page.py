"""The commands of docs/howto/upgrade.md, run as they stand, and an upgrade from every version on the way."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from tests.docs.test_backup_page import run
from tests.migrations.conftest import empty_url
from tests.migrations.test_with_rows import BEFORE, ROWS, filled
from tgl_server.db import migrate
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.settings import Settings
from tgl_server.verify.service import find_faults

__all__ = ["empty_url", "filled"]

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "upgrade.md"


def block(name: str) -> str:
    """The commands of a block, which may be indented."""
    (text,) = re.findall(rf"^ *```sh {name}\n(.*?)^ *```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return str(text)


def versions() -> list[str]:
    """Every version after the oldest that was in use, oldest first."""
    found = [script.revision for script in ScriptDirectory(str(migrate.migrations_dir())).walk_revisions()]
    return sorted(revision for revision in found if revision > BEFORE)


@pytest.mark.usefixtures("filled")
async def test_every_version_on_the_way_is_one_to_upgrade_from(empty_url: str) -> None:
    for revision in versions():
        await asyncio.to_thread(migrate.upgrade, empty_url, revision)
    database = Database(Settings(database_url=empty_url))
    assert await find_faults(database, Settings().run_timeout, FOLLOWERS) == []
    await database.close()
    assert ROWS > 0


async def test_the_commands_of_the_page_go_up_and_a_step_down(empty_url: str, tmp_path: Path) -> None:
    here = {"DATABASE_URL": empty_url}
    up, _, _ = block("up").strip().splitlines()
    assert "the newest" in await asyncio.to_thread(run, f"{up.strip()}\ntgl-server verify", tmp_path, **here)
    assert "and the newest is" in await asyncio.to_thread(run, block("down"), tmp_path, **here)


def test_the_page_names_the_alembic_that_a_checkout_has() -> None:
    assert "`alembic downgrade -1`" in PAGE.read_text()
    done = subprocess.run([sys.executable, "-m", "alembic", "downgrade", "--help"], capture_output=True, check=False)
    assert done.returncode == 0
