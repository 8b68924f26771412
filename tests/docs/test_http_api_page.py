"""The commands of docs/howto/http-api.md, run in their order as they stand, against a real server."""

import asyncio
import json
import os
import re
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from tests.support.api import Api
from tests.support.database import rows, scalar
from tests.support.people import People, log_in
from tests.support.servers import RunningServer
from tgl_protocol import http
from tgl_server.accounts.models import Role
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "http-api.md").read_text()
STEPS = ("begin", "register", "approve", "login", "project", "push", "pages", "error", "limits")


def block(kind: str) -> str:
    (text,) = re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(text)


def run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    """What it printed; it must end well and complain of nothing."""
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


async def test_from_an_account_to_a_push_and_all_pages_by_curl_and_by_python(
    server: RunningServer, database: Database, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        boss = await People(server, database, stack).make("boss", Role.COMMISSIONER)
        async with Api(server.url) as api:
            token = (await log_in(api, boss.email)).json["access_token"]
    script = "\n".join(["set -e", *(block(f"sh {step}") for step in STEPS), 'echo; echo "$KEY" > key.json'])
    here = {**os.environ, "URL": server.url, "TOKEN": token}
    said = await asyncio.to_thread(run, ["sh", "-c", script], tmp_path, here)
    assert '"inserted":2' in said
    assert f"{'2' * 40} Go on\n{'1' * 40} Begin\n404 repo_not_found\n" in said
    assert await rows(database, "SELECT state, inserted FROM sync_runs") == [("done", 2)]

    here["TGL_API_KEY"] = json.loads((tmp_path / "key.json").read_text())["full_key"]
    program = [sys.executable, "-c", block("python")]
    for stored in ("1 stored, 0 were there\n", ""):
        said = await asyncio.to_thread(run, program, tmp_path, here)
        assert said == f"{stored}33333333 2026-01-04T12:00:00Z Add a page\n"
    assert await scalar(database, "SELECT total_commits FROM repo_states") == 3


def test_the_limits_that_the_page_names_are_those_of_the_server() -> None:
    given = Settings()
    table = PAGE.partition("| limit | by default |")[2].partition("\n\n")[0]
    numbers = (
        http.MAX_COMMITS_PER_BATCH,
        http.MAX_MISSING_SHAS,
        given.max_body_bytes // 1024**2,
        given.sync_requests_per_minute,
        given.login_requests_per_minute,
        given.api_requests_per_minute,
        given.body_timeout_seconds,
    )
    assert [int(found.replace(",", "")) for found in re.findall(r"(?<!\w)[\d,]*\d", table)] == list(numbers)
    texts = (http.MAX_NAME_LENGTH, http.MAX_EMAIL_LENGTH, http.MAX_TITLE_LENGTH, http.MAX_BODY_LENGTH)
    sentence = PAGE.partition("Texts have limits too:")[2].partition("\n\n")[0]
    assert [int(found.replace(",", "")) for found in re.findall(r"[\d,]*\d", sentence)] == list(texts)
