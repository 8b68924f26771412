"""The demo: everything for one repository, from nothing, with the real client over real HTTP.

What it makes is found again by the next demo; only the API key is new each time, as no key is kept anywhere.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.accounts.models import Role, User
from tgl_server.accounts.service import create_user, find_user
from tgl_server.api_keys.service import create_key
from tgl_server.auth.argon2 import Argon2
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError
from tgl_server.projects.models import Project, Repo
from tgl_server.projects.names import as_repo_name
from tgl_server.projects.service import create_project, create_repo, find_project, find_repo

USER = "commissioner@demo.example"
PROJECT = "demo"
KEY_NAME = "demo"

_KEY_LIFETIME = timedelta(days=1)
_START_SECONDS = 60.0

REVOKE_OLDER_KEYS = text("""
    UPDATE api_keys SET revoked_at = now() WHERE user_id = :user_id AND name = :name AND revoked_at IS NULL
""")

SUMMARY = text("""
    SELECT r.total_commits, s.authors, s.additions, s.deletions
    FROM repos r, LATERAL (
        SELECT count(DISTINCT author_email) AS authors, coalesce(sum(additions), 0) AS additions,
               coalesce(sum(deletions), 0) AS deletions
        FROM commits WHERE repo_id = r.id
    ) s
    WHERE r.id = :repo_id
""")


class DemoFailed(ServerError):
    """A step of the demo did not work."""


class Stage(Struct, frozen=True):
    """What the demo pushes to."""

    repo_id: UUID
    repo: str
    key: str


class Summary(Struct, frozen=True):
    """What the repository on the server holds after the push."""

    commits: int
    authors: int
    additions: int
    deletions: int


async def set_stage(database: Database, argon2: Argon2, path: Path) -> Stage:
    """The commissioner, the project and the repository, made where they are not there yet, and a new key."""
    async with database.transaction() as tx:
        user = await find_user(tx, USER) or await create_user(tx, USER, role=Role.COMMISSIONER, display_name="Demo")
        project = await find_project(tx, PROJECT) or await create_project(tx, user.id, PROJECT, "Demo")
        repo = await _repo(tx, project, user, path)
        await tx.execute(REVOKE_OLDER_KEYS, {"user_id": user.id, "name": KEY_NAME})
        expires_at = datetime.now(UTC) + _KEY_LIFETIME
        _, key = await create_key(tx, argon2, user.id, KEY_NAME, expires_at=expires_at)
        return Stage(repo.id, repo.name, key.full_key)


async def _repo(tx: AsyncSession, project: Project, user: User, path: Path) -> Repo:
    """Named after its folder; two folders of one name do not share a repository."""
    mark = hashlib.sha256(os.fsencode(path)).hexdigest()[:6]
    name = as_repo_name(f"{path.name or 'root'}-{mark}")
    return await find_repo(tx, project, name) or await create_repo(tx, project, name, user.id)


async def summarize(database: Database, repo_id: UUID) -> Summary:
    """Counted from the stored rows, except for the commits: those are the server's own count."""
    async with database.statements() as connection:
        row = (await connection.execute(SUMMARY, {"repo_id": repo_id})).one()
    return Summary(row.total_commits, row.authors, row.additions, row.deletions)


@contextmanager
def server_process(database_url: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`tgl-server serve` as a process of its own, ready to be asked; stopped at the end."""
    # One machine pushes to itself here: the limit that protects a shared server would only make it wait.
    environment = {"LOG_LEVEL": "warning", "SYNC_REQUESTS_PER_MINUTE": "100000", **os.environ}
    command = [sys.executable, "-m", "tgl_server", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env={**environment, "TGL_DATABASE_URL": database_url})
    try:
        _wait_until_ready(process, port)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise DemoFailed("the server did not start; `tgl-server serve` shows why")


def run_client(path: Path, url: str, stage: Stage) -> dict[str, Any]:
    """`tgl push`, as a user would run it; its progress goes to the terminal, its JSON report comes back."""
    command = [sys.executable, "-m", "tgl_client", "push", str(path), "--json"]
    where = {"TGL_URL": url, "TGL_PROJECT": PROJECT, "TGL_REPO": stage.repo, "TGL_API_KEY": stage.key}
    done = subprocess.run(command, env={**os.environ, **where}, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise DemoFailed(f"`tgl push` ended with status {done.returncode}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def reachable_commits(path: Path) -> int | None:
    """How many commits the local branches reach, counted by git itself; None where there is no git."""
    git = shutil.which("git")
    if git is None:
        return None
    command = [git, "-C", str(path), "rev-list", "--count", "--branches", "--ignore-missing", "HEAD"]
    counted = subprocess.run(command, capture_output=True, text=True, check=False)
    return int(counted.stdout) if counted.returncode == 0 else None
