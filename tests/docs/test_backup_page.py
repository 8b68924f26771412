"""The commands of docs/howto/backup.md, run as they stand: on an embedded database, and on a PostgreSQL beside it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tgl_server.db.embedded import EmbeddedPostgres, find_programs

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "backup.md"


def block(name: str, folder: Path) -> str:
    """The commands of a block, with backups in a folder of the test's."""
    (text,) = re.findall(rf"^```sh {name}\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return re.sub(r"league-2026-01-02", "league-$(date +%F)", str(text)).replace("/var/backups", str(folder))


def run(script: str, folder: Path, **environment: str) -> str:
    programs = f"{Path(sys.executable).parent}:{find_programs().bin}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-ec", script],
        cwd=folder,
        env={**os.environ, "DATABASE_URL": "", "PATH": programs, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_embedded_database_is_backed_up_restored_and_tried(tmp_path: Path) -> None:
    here = {"DATA_DIR": str(tmp_path / "data")}
    run("tgl-server migrate", tmp_path, **here)
    assert "read again and counted" in run(block("embedded", tmp_path), tmp_path, **here)
    restored = run(block("restore", tmp_path), tmp_path, **here)
    assert "counted and verified" in restored
    assert "wrong" not in restored
    assert "counted and verified" in run(block("try", tmp_path), tmp_path, TMPDIR=str(tmp_path))


@pytest.mark.usefixtures("world")
def test_a_dump_is_restored_and_verified(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    restored = make_url(postgres.libpq_dsn).set(database="league_restored").render_as_string(hide_password=False)
    urls = {"PG_URL": postgres.libpq_dsn, "RESTORED_URL": restored}
    run(block("dump", tmp_path), tmp_path, **urls)
    try:
        assert "are right" in run(block("load", tmp_path), tmp_path, **urls)
    finally:
        run('dropdb --force --maintenance-db="$PG_URL" league_restored', tmp_path, **urls)
