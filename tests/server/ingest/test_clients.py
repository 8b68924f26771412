"""Who pushes to a repository, with what, and with which clock."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.command import tgl
from tests.support.commits import batch, commit
from tests.support.histories import make_repository
from tests.support.servers import RunningServer
from tests.support.world import World
from tgl_server.ingest.clients import clock_skew

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


async def _clients(api: Api, world: World) -> list[Any]:
    answer = await api.get(f"{world.sync_path}/clients")
    assert answer.status == 200
    items: list[Any] = answer.json["items"]
    return items


async def test_runs_are_grouped_by_key_and_version_latest_first(api: Api, world: World) -> None:
    for name, version in (("one", "0.1.0"), ("two", "0.2.0"), ("three", "0.1.0"), ("three", "0.1.0")):
        await api.post(f"{world.sync_path}/commits", batch(commit(name), client_version=version))
    newer, older = await _clients(api, world)
    assert (newer["client_version"], newer["runs"], newer["inserted"]) == ("0.1.0", 3, 2)
    assert (older["client_version"], older["runs"], older["inserted"]) == ("0.2.0", 1, 1)
    assert (newer["key_name"], newer["key_prefix"]) == ("test", world.key[:12])
    assert newer["clock_skew_seconds"] is None


@pytest.mark.parametrize(
    "date",
    [
        "Mon, 01 Jan 2026 00:00:00 +99999999999999999999",
        "Mon, 01 Jan 2026 00:00:00 -2400",
        "Fri, 31 Dec 9999 23:59:59 -1400",
        "Mon, 99 Jan 2026 99:99:99 GMT",
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "1e999",
        "\u0661",
        ",",
    ],
)
async def test_a_date_that_no_calendar_has_says_nothing(date: str, api: Api, world: World) -> None:
    assert clock_skew(date, NOW) is None
    pushed = await api.post(f"{world.sync_path}/commits", batch(commit(date)), headers={"Date": date})
    assert pushed.status == 201


async def test_a_clock_that_is_behind_shows(api: Api, world: World) -> None:
    late = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    await api.post(f"{world.sync_path}/commits", batch(commit("one")), headers={"Date": late})
    await api.post(f"{world.sync_path}/commits", batch(commit("two")))
    (client,) = await _clients(api, world)
    assert 3600 <= client["clock_skew_seconds"] < 3660


async def test_a_refused_batch_shows_its_client_too(api: Api, world: World) -> None:
    early = format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)
    await api.post(f"{world.sync_path}/commits", batch(commit(additions=-1)), headers={"Date": early})
    (client,) = await _clients(api, world)
    assert client["clock_skew_seconds"] < -86_000


async def test_our_client_tells_its_time(server: RunningServer, api: Api, world: World, tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "repository")
    whither = ["--url", server.url, "--project", world.project, "--repo", world.repo]
    assert tgl("push", repository, *whither, TGL_API_KEY=world.key, HOME=str(tmp_path)).code == 0
    (client,) = await _clients(api, world)
    assert abs(client["clock_skew_seconds"]) < 60


@pytest.mark.parametrize(
    "text", [None, "", "yesterday", "Fri, 99 Jan 2026 12:00:00 GMT", "Wed, 01 Jan 1800 00:00:00 GMT"]
)
def test_a_date_that_says_nothing_is_none(text: str | None) -> None:
    assert clock_skew(text, NOW) is None


def test_a_date_without_a_zone_is_utc() -> None:
    assert clock_skew("Fri, 02 Jan 2026 11:59:30 -0000", NOW) == timedelta(seconds=30)
