"""Streams of events: resumed without a loss, ended with their listener, their rights and the server."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from uuid import UUID

import pytest

from tests.support.api import Api
from tests.support.commits import batch, commit
from tests.support.database import execute, scalar
from tests.support.listening import Heard, Listening, listening
from tests.support.metrics import scrape, value
from tests.support.servers import RunningServer
from tests.support.waiting import until
from tests.support.world import World
from tgl_protocol.events import EventType, RepoBehind
from tgl_server.access.ids import ProjectId
from tgl_server.accounts.models import Role
from tgl_server.accounts.service import create_user
from tgl_server.db.engine import Database
from tgl_server.events.feed import MOST_OF_USER, EventFeed
from tgl_server.events.relay import relay
from tgl_server.events.service import record_event
from tgl_server.http.client_address import Origin
from tgl_server.http.draining import Draining
from tgl_server.services import make_services
from tgl_server.settings import Settings
from tgl_server.streams.rights import may_hear
from tgl_server.streams.stream import EventStream, Wanted


async def happen(database: Database, repo_id: UUID, times: int = 1) -> None:
    for _ in range(times):
        async with database.transaction() as tx:
            await record_event(tx, EventType.REPO_BEHIND, RepoBehind(behind_since=datetime.now(UTC)), repo_id=repo_id)


async def heard(stream: Listening, count: int) -> list[Heard]:
    found = [await stream.next() for _ in range(count)]
    assert None not in found
    return [event for event in found if event is not None]


async def open_streams(api: Api) -> float:
    return value(await scrape(api), "tgl_event_streams", state="open")


async def test_a_push_is_heard_with_headers_that_no_proxy_misunderstands(api: Api, world: World) -> None:
    async with listening(api.url, world.key, world.project) as stream:
        headers = stream.response.headers
        assert headers["Content-Type"].startswith("text/event-stream")
        assert (headers["Cache-Control"], headers["X-Accel-Buffering"]) == ("no-store", "no")
        assert "Content-Encoding" not in headers
        assert (await api.post(f"{world.sync_path}/commits", batch(commit("one")))).status == 201
        finished, stored = await heard(stream, 2)
    assert (finished.type, stored.type) == ("run.finished", "commits.stored")
    assert (stored.data["repo_id"], stored.data["data"]["count"]) == (str(world.repo_id), 1)
    assert finished.id < stored.id


async def test_a_stream_that_is_cut_off_again_and_again_loses_nothing(
    api: Api, world: World, database: Database
) -> None:
    got: list[str] = []
    last: int | None = 0
    for _ in range(4):
        async with listening(api.url, world.key, world.project, last) as stream:
            await happen(database, world.repo_id, 3)
            got += [event.data["id"] for event in await heard(stream, 2)]
            last = stream.last_id
            stream.cut()
    async with listening(api.url, world.key, world.project, last) as stream:
        got += [event.data["id"] for event in await heard(stream, 4)]
    query = "SELECT string_agg(CAST(id AS text), ' ' ORDER BY seq) FROM events WHERE project_id IS NOT NULL"
    assert got == (await scalar(database, query)).split()
    await until(lambda: _none_open(api))


async def _none_open(api: Api) -> bool:
    return await open_streams(api) == 0


async def test_a_disconnected_client_leaves_no_stream_behind(api: Api, world: World) -> None:
    for _ in range(2 * MOST_OF_USER):
        async with listening(api.url, world.key, world.project) as stream:
            stream.cut()
        await until(lambda: _none_open(api))
    async with listening(api.url, world.key, world.project):
        assert await open_streams(api) == 1


async def test_a_user_has_five_streams_and_no_more(api: Api, world: World) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(MOST_OF_USER):
            await stack.enter_async_context(listening(api.url, world.key, world.project))
        answer = await api.get(f"/api/v1/events?project={world.project}")
        assert (answer.status, answer.json["code"], answer.headers["Retry-After"]) == (429, "too_many_streams", "30")


async def test_a_project_that_nobody_sees_is_not_found_and_a_bad_number_is_named(api: Api, world: World) -> None:
    assert (await api.get("/api/v1/events?project=nowhere")).status == 404
    headers = {"Last-Event-ID": "soon"}
    answer = await api.get(f"/api/v1/events?project={world.project}", headers=headers)
    assert (answer.status, answer.json["code"]) == (422, "invalid_parameter")


async def test_streams_end_when_the_server_stops(start_server: Callable[..., RunningServer], world: World) -> None:
    server = start_server()
    async with listening(server.url, world.key, world.project) as stream:
        server.terminate()
        assert await stream.next() is None
    assert await server.exited() == 0
    assert "still_answering=0" in server.log()


class Rights:
    """Whether the listener may hear, asked by the stream."""

    def __init__(self) -> None:
        self.are_there = True
        self.asked = 0

    async def __call__(self) -> bool:
        self.asked += 1
        return self.are_there


@pytest.fixture
async def feed(database: Database) -> AsyncIterator[EventFeed]:
    feed = EventFeed(database)
    yield feed
    feed.close()


def stream_of(feed: EventFeed, world: World, rights: Rights, **more: float) -> EventStream:
    return EventStream(
        feed=feed,
        user_id=world.user_id,
        wanted=Wanted(world.project_id, None),
        may_hear=rights,
        draining=Draining(),
        look_seconds=more.get("look", 0.0),
        keep_alive_seconds=more.get("keep_alive", 1000.0),
    )


async def test_rights_that_are_lost_end_the_stream(world: World, database: Database, feed: EventFeed) -> None:
    rights = Rights()
    stream = stream_of(feed, world, rights)
    pieces: list[bytes] = []

    async def listen() -> None:
        async for piece in stream.text():
            pieces.append(piece)  # noqa: PERF401 -- they are looked at while they come

    task = asyncio.create_task(listen())
    await until(lambda: rights.asked)
    await happen(database, world.repo_id)
    await until(lambda: _relayed(database, pieces))
    rights.are_there = False
    await asyncio.wait_for(task, 60)
    assert not feed.is_full(world.user_id)


async def _relayed(database: Database, pieces: list[bytes]) -> bool:
    await relay(database)
    return any(b"repo.behind" in piece for piece in pieces)


async def test_a_silent_stream_gives_signs_of_life_with_the_number_to_resume_by(
    world: World, database: Database, feed: EventFeed
) -> None:
    rights = Rights()
    text = stream_of(feed, world, rights, keep_alive=0.0).text()
    assert await anext(text) == b"retry: 3000\n\n"
    last = await scalar(database, "SELECT coalesce(max(seq), 0) FROM events")
    sign = await anext(text)
    assert sign.endswith(b": keep-alive\n\n")
    assert int(sign.split()[1]) >= last
    await text.aclose()


async def test_events_of_other_projects_are_not_heard(world: World, database: Database, feed: EventFeed) -> None:
    stream = stream_of(feed, world, Rights())
    text = stream.text()
    await anext(text)
    await execute(
        database,
        "INSERT INTO events (id, type, project_id) SELECT gen_random_uuid(), 'repo.stale', gen_random_uuid() "
        "FROM generate_series(1, 3)",
    )
    await happen(database, world.repo_id)
    pieces: list[bytes] = []
    await asyncio.gather(_keep_first(text, pieces), until(lambda: _relayed(database, pieces)))
    assert b"event: repo.behind\n" in pieces[0]
    await text.aclose()


async def _keep_first(text: AsyncGenerator[bytes, None], pieces: list[bytes]) -> None:
    pieces.append(await anext(text))


async def test_a_listener_that_is_slower_than_the_feed_keeps_reads_the_table(
    world: World, database: Database, feed: EventFeed
) -> None:
    listener = feed.listen(world.user_id)
    assert listener is not None
    begin = await feed.begin()
    await execute(
        database,
        "INSERT INTO events (id, type, project_id) SELECT gen_random_uuid(), 'repo.stale', CAST(:id AS uuid) "
        "FROM generate_series(1, 1600)",
        id=str(world.project_id),
    )
    seen: list[int] = []
    seq = begin

    async def all_seen() -> bool:
        nonlocal seq
        await relay(database)
        found = await feed.after(seq)
        seen.extend(event.seq for event in found)
        seq = seen[-1] if seen else seq
        return len(seen) >= 1600

    await until(all_seen)
    assert seen == sorted(set(seen))
    feed.leave(listener)


@pytest.mark.parametrize(
    "loss",
    [
        "UPDATE api_keys SET revoked_at = now()",
        "UPDATE api_keys SET is_active = false",
        "UPDATE api_keys SET scopes = '{sync:commits}'",
        "UPDATE api_keys SET networks = '{203.0.113.0/24}'",
        "UPDATE users SET state = 'retired'",
        "UPDATE users SET role = 'player'; UPDATE projects SET owner_id = :other",
        "DELETE FROM repos; DELETE FROM projects",
    ],
)
async def test_whatever_the_next_request_would_be_refused_for_ends_a_stream(
    world: World, database: Database, loss: str
) -> None:
    services = make_services(Settings(database_url=database.engine.url.render_as_string(hide_password=False)))
    project_id, origin = ProjectId(world.project_id), Origin("127.0.0.1", None, "request")
    async with database.transaction() as tx:
        other = (await create_user(tx, "other@example.com", role=Role.PLAYER)).id
    async with services.running():
        assert await may_hear(services, world.key, origin, project_id)
        for statement in loss.split("; "):
            await execute(database, statement, **({"other": other} if ":other" in statement else {}))
        assert not await may_hear(services, world.key, origin, project_id)
        assert not await may_hear(services, "nonsense", origin, project_id)
