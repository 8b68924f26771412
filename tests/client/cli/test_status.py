"""`tgl status`: both sides of a repository, and how fresh the server is."""

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.support.api import Api
from tests.support.command import tgl
from tests.support.commits import batch, commit
from tests.support.histories import git
from tests.support.world import World
from tgl_server.db.engine import Database

# Learned just now, or the server's sweep would learn another cadence in the middle.
LEARNED = """
    UPDATE repo_states SET last_success_at = now() - interval '50 h', learned_cadence = '2 days', learned_at = now()
"""


@pytest.mark.usefixtures("settings")
def test_status_compares_both_sides(repository: Path) -> None:
    before = tgl("status", repository)
    assert "demo/first: pending, 0 commits\n  never pushed to\n" in before.out
    assert "3 commits to push" in before.out
    tgl("push", repository)
    after = tgl("status", repository)
    assert f"main  {git(repository, 'rev-parse', 'main')[:12]}  pushed" in after.out
    assert "nothing to push" in after.out
    [state] = tgl("status", repository, "--json").json["repositories"]
    assert state["inspection"]["pending"] == 0
    assert state["inspection"]["status"]["total_commits"] == 3


@pytest.mark.usefixtures("settings")
async def test_status_tells_how_fresh_the_server_is(
    repository: Path, api: Api, world: World, database: Database
) -> None:
    tgl("push", repository)
    await api.post(f"{world.sync_path}/commits", batch(commit("bad", additions=-1)))
    async with database.transaction() as tx:
        await tx.execute(text(LEARNED))
    lines = tgl("status", repository).out.splitlines()
    assert re.fullmatch("  last success 2 d 2 h ago, last attempt .* ago", lines[1])
    assert lines[2] == "  stale: a success is expected every 2 d, going by its past"
    assert re.fullmatch(r"  last error .* ago: A batch was refused: 1 of \d+ commits is invalid\.", lines[3])
    [state] = tgl("status", repository, "--json").json["repositories"]
    assert state["inspection"]["status"] == (await api.get(f"{world.sync_path}/status")).json
