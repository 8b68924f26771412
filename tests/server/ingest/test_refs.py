"""Many branch tips: pages, bounds and the digest by which clients compare; and tips of a push that met a deletion."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.api import Api
from tests.support.commits import batch, numbered, sha_of
from tests.support.database import execute, rows, scalar
from tests.support.world import World, status_of
from tgl_protocol.refs import refs_digest
from tgl_server.access.ids import RepoId
from tgl_server.commits.models import IngestKind
from tgl_server.commits.service import log_change
from tgl_server.db.engine import Database

RUN = {"TGL-Run-Id": "0198c0de-0000-7000-8000-000000000001"}
FILL = """
    INSERT INTO repo_refs (repo_id, name, sha)
    SELECT CAST(:repo_id AS uuid), 'refs/heads/' || repeat(:filler, :width) || n, sha
    FROM commits, generate_series(1, :count) n
    WHERE sha = (SELECT min(sha) FROM commits)
"""


@pytest.fixture
async def pushed(api: Api, world: World) -> Api:
    await api.post(f"{world.sync_path}/commits", batch(*numbered(3)), headers=RUN)
    return api


async def fill(database: Database, world: World, count: int, filler: str = "", width: int = 0) -> None:
    """Record many tips at once, as many pushes would."""
    await execute(database, FILL, repo_id=world.repo_id, count=count, filler=filler, width=width)
    async with database.transaction() as tx:
        await log_change(tx, RepoId(world.repo_id), IngestKind.REFS)


async def pages(api: Api, world: World, limit: int) -> list[dict[str, str]]:
    """All pages of tips."""
    found: list[dict[str, str]] = []
    more = f"limit={limit}"
    while more:
        answer = await api.get(f"{world.sync_path}/refs?{more}")
        assert answer.status == 200, answer.body
        found.append(answer.json["refs"])
        cursor = answer.json["next_cursor"]
        more = cursor and f"limit={limit}&cursor={cursor}"
    return found


async def test_the_digest_is_the_same_on_both_sides_and_follows_every_change(pushed: Api, world: World) -> None:
    refs: dict[str, str | None] = {"refs/heads/main": sha_of(0), "refs/heads/ünï-\u0416": sha_of(1), "HEAD": sha_of(0)}
    changes: list[dict[str, str | None]] = [{}, refs, {"HEAD": sha_of(2)}, {"refs/heads/main": None}]
    now: dict[str, str] = {}
    for change in changes:
        now = {name: sha for name, sha in {**now, **change}.items() if sha is not None}
        answer = await pushed.put(f"{world.sync_path}/refs", {"refs": change})
        assert answer.json == {"refs": now, "refs_total": len(now), "refs_digest": refs_digest(now)}
        status = await status_of(pushed, world)
        assert (status["refs"], status["refs_total"], status["refs_digest"]) == (now, len(now), refs_digest(now))


@given(st.dictionaries(st.text(min_size=1), st.binary(min_size=20, max_size=20).map(bytes.hex), max_size=5))
def test_a_digest_depends_on_every_tip_and_on_no_order(refs: dict[str, str]) -> None:
    assert refs_digest(dict(reversed(refs.items()))) == refs_digest(refs)
    for name, sha in refs.items():
        assert sha == "f" * 40 or refs_digest({**refs, name: "f" * 40}) != refs_digest(refs)
        assert refs_digest({other: refs[other] for other in refs if other != name}) != refs_digest(refs)


async def test_tips_are_paged_by_name(pushed: Api, world: World, database: Database) -> None:
    await fill(database, world, 25)
    found = await pages(pushed, world, 10)
    assert [len(page) for page in found] == [10, 10, 5]
    joined = {name: sha for page in found for name, sha in page.items()}
    status = await status_of(pushed, world)
    assert joined == status["refs"]
    assert refs_digest(joined) == status["refs_digest"]
    assert (await pushed.get(f"{world.sync_path}/refs?limit=10001")).status == 422
    assert (await pushed.get(f"{world.sync_path}/refs?cursor=garbage")).status == 422


async def test_status_and_refs_answer_no_more_tips_than_wanted(pushed: Api, world: World, database: Database) -> None:
    await fill(database, world, 25)
    few = (await pushed.get(f"{world.sync_path}/status?max_refs=2")).json
    assert (len(few["refs"]), few["refs_total"]) == (2, 25)
    none = (await pushed.put(f"{world.sync_path}/refs?max_refs=0", {"refs": {}})).json
    assert none == {"refs": {}, "refs_total": 25, "refs_digest": few["refs_digest"]}


@pytest.mark.parametrize("filler", ["x", "\x01", "語"], ids=["plain", "escaped", "wide"])
async def test_no_answer_holds_more_than_some_megabytes_of_tips(
    filler: str, pushed: Api, world: World, database: Database
) -> None:
    """As many as one request records, with the longest names: every answer has an end, and the pages have them all."""
    await fill(database, world, 10_000, filler, 1000)
    for answer in (
        await pushed.get(f"{world.sync_path}/status"),
        await pushed.put(f"{world.sync_path}/refs", {"refs": {}}),
        await pushed.get(f"{world.sync_path}/refs?limit=10000"),
    ):
        assert answer.status == 200
        assert len(answer.body) < 8 * 1024 * 1024
    every = await pages(pushed, world, 10_000)
    assert sum(map(len, every)) == 10_000
    assert (
        refs_digest({name: sha for page in every for name, sha in page.items()})
        == (await status_of(pushed, world))["refs_digest"]
    )


async def test_no_tip_is_recorded_over_commits_that_were_deleted_meanwhile(
    pushed: Api, world: World, database: Database
) -> None:
    """A client that says what it saw is judged by that; another one by when its run began."""
    seen = (await status_of(pushed, world))["last_removal"]
    async with database.transaction() as tx:
        await log_change(tx, RepoId(world.repo_id), IngestKind.REMOVED)
    tip = {"refs/heads/main": sha_of(0)}
    late = await pushed.put(f"{world.sync_path}/refs", {"refs": tip, "last_removal": seen})
    assert (late.status, late.json["code"]) == (409, "commits_removed")
    assert (await pushed.put(f"{world.sync_path}/refs", {"refs": tip}, headers=RUN)).status == 409
    assert await scalar(database, "SELECT count(*) FROM repo_refs") == 0
    again = {"refs": tip, "last_removal": (await status_of(pushed, world))["last_removal"]}
    assert (await pushed.put(f"{world.sync_path}/refs", again)).status == 200


async def test_an_old_client_understands_the_answers(pushed: Api, world: World) -> None:
    """One that was made before there were pages knows these fields alone."""

    class OldStatus(msgspec.Struct):
        refs: dict[str, str]
        total_commits: int

    await pushed.put(f"{world.sync_path}/refs", {"refs": {"refs/heads/main": sha_of(0)}})
    status = msgspec.json.decode((await pushed.get(f"{world.sync_path}/status")).body, type=OldStatus)
    assert (status.refs, status.total_commits) == ({"refs/heads/main": sha_of(0)}, 3)


async def test_the_tips_of_the_default_branch_have_a_history(pushed: Api, world: World, database: Database) -> None:
    path, heads = f"{world.sync_path}/refs", ("refs/heads/main", "refs/heads/next")
    main, other = heads
    first, second, third = (sha_of(number) for number in range(3))
    # An old client does not say which branch is the default one, and what says it later counts from then on.
    steps: list[dict[str, object]] = [
        {"refs": {main: first, other: third}},
        {"refs": {main: second}, "head": main},
        {"refs": {other: first}, "head": main},
        {"refs": {}, "head": main},
        {"refs": {main: third}},
        {"refs": {}, "head": other},
        {"refs": {main: None}},
    ]
    for step in steps:
        assert (await pushed.put(path, step)).status == 200
    kept = await rows(database, "SELECT name, encode(sha, 'hex') FROM ref_updates ORDER BY seq")
    assert [tuple(row) for row in kept] == [(main, second), (main, third), (other, first)]
    logged = "SELECT count(*) FROM ref_updates u JOIN ingest_log l USING (repo_id, seq) WHERE l.kind = 'refs'"
    assert await scalar(database, logged) == 3
    for wrong in ("main", "refs/tags/v1", "HEAD"):
        assert (await pushed.put(path, {"refs": {}, "head": wrong})).json["errors"][0]["field"] == "head"
