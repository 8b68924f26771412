"""Live pages: what changed is told to who may see it, and a stream is in nobody's way."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import aiohttp

from tests.support.commits import batch, commit
from tests.support.database import execute
from tests.support.people import PASSWORD, Person, make_project
from tests.support.servers import RunningServer
from tests.support.visitor import SAME_SITE
from tests.support.world import World
from tgl_server.db.engine import Database


@asynccontextmanager
async def listening(server: RunningServer, email: str, query: str = "") -> AsyncIterator[aiohttp.StreamReader]:
    """The stream of somebody who has signed in, once it is ready."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        entered = {"email": email, "password": PASSWORD}
        answer = await session.post(f"{server.url}/sign-in", data=entered, headers=SAME_SITE)
        assert answer.status == 200
        async with session.get(f"{server.url}/live{query}") as stream:
            assert stream.headers["Content-Type"].startswith("text/event-stream")
            assert await stream.content.readline() == b"retry: 3000\n"
            assert await next_event(stream.content) == "ready"
            yield stream.content


async def next_event(stream: aiohttp.StreamReader) -> str:
    async with asyncio.timeout(30):
        while not (line := await stream.readline()).startswith(b"event:"):
            assert line, "the stream ended"
    return line.decode().removeprefix("event:").strip()


async def test_a_push_is_told_to_who_sees_the_repository(server: RunningServer, ada: Person) -> None:
    await ada.post("/projects", {"slug": "own", "name": "Own"})
    await ada.post("/projects/own/repos", {"name": "mine"})
    async with listening(server, ada.email) as stream:
        assert (await ada.post("/sync/projects/own/repos/mine/commits", batch(commit("one")))).status == 201
        assert await next_event(stream) == "changed"


async def test_nobody_hears_of_what_they_may_not_see(
    server: RunningServer, ada: Person, boss: Person, world: World
) -> None:
    await ada.post("/projects", {"slug": "own", "name": "Own"})
    await ada.post("/projects/own/repos", {"name": "mine"})
    await boss.post("/projects", {"slug": "secret", "name": "Secret"})
    await boss.post("/projects/secret/repos", {"name": "theirs"})
    async with listening(server, ada.email) as stream, listening(server, boss.email) as witness:
        pushed = await boss.post("/sync/projects/secret/repos/theirs/commits", batch(commit("one")))
        assert pushed.status == 201
        assert await next_event(witness) == "changed"
        quiet = asyncio.create_task(next_event(stream))
        await asyncio.sleep(1.5)
        assert not quiet.done()
        quiet.cancel()


async def test_the_page_of_an_endpoint_hears_of_its_deliveries_and_nobody_else_does(
    server: RunningServer, ada: Person, boss: Person, database: Database
) -> None:
    await make_project(ada)
    id_ = uuid4()
    endpoint = "INSERT INTO endpoints (id, project_id, url, sealed) SELECT :id, id, 'https://a.example/', 'f1:x'"
    await execute(database, f"{endpoint} FROM projects", id=id_)
    delivery = "INSERT INTO endpoint_deliveries (id, endpoint_id, message_id, type, body)"
    delivery += f" VALUES (gen_random_uuid(), '{id_}', gen_random_uuid(), 'test', '{{}}')"
    watching, nonsense = f"?endpoint={id_}", "?endpoint=nonsense"
    async with (
        listening(server, ada.email, watching) as stream,
        listening(server, ada.email, nonsense) as elsewhere,
        listening(server, boss.email, watching) as stranger,
        listening(server, boss.email) as commissioner,
    ):
        others = [asyncio.create_task(next_event(each)) for each in (elsewhere, stranger, commissioner)]
        for change in (
            delivery,
            "UPDATE endpoint_deliveries SET attempts = 1",
            "UPDATE endpoints SET is_active = false",
        ):
            await execute(database, change)
            assert await next_event(stream) == "changed", change
        await asyncio.sleep(1.5)
        assert not any(task.done() for task in others)
        for task in others:
            task.cancel()


async def test_streams_end_when_the_server_stops(start_server: Callable[..., RunningServer], ada: Person) -> None:
    server = start_server()
    async with listening(server, ada.email) as stream:
        server.terminate()
        async with asyncio.timeout(20):
            assert b"event" not in await stream.read()
    assert await server.exited() == 0
    assert "still_answering=0" in server.log()


async def test_a_stream_counts_in_no_latency(start_server: Callable[..., RunningServer], ada: Person) -> None:
    server = start_server()
    async with listening(server, ada.email):
        pass
    async with aiohttp.ClientSession() as session, session.get(f"{server.url}/metrics") as answer:
        text = await answer.text()
    assert 'route="/sign-in"' in text
    assert 'seconds_count{method="GET",route="/live"' not in text


async def test_a_visitor_without_a_session_gets_no_stream(server: RunningServer, database_url: str) -> None:
    async with aiohttp.ClientSession() as session:
        answer = await session.get(f"{server.url}/live", allow_redirects=False)
        assert answer.status == 303
