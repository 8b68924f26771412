"""The files that a push crosses: traced, so that the list in tools/house.py, which lint counts, is what happens."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType

import pytest
from httpx import ASGITransport, AsyncClient

import tgl_server
from tests.support.commits import batch, numbered
from tests.support.servers import SECRET_KEY
from tests.support.world import World
from tgl_server.app import create_app
from tgl_server.db.copy import copy_rows
from tgl_server.ingest.routes import push_commits
from tgl_server.settings import Settings
from tools.house import FILES_OF_A_PUSH, LEFT_OUT_OF_A_PUSH

SOURCE = Path(tgl_server.__file__).parent
HANDLER: CodeType = push_commits.fn.__code__


@contextmanager
def files_until_copy() -> Iterator[list[str]]:
    """Our files in the order in which calls below the handler enter them, until COPY is entered."""
    entered: list[str] = []

    def look(frame: FrameType, event: str, _: object) -> None:
        file = Path(frame.f_code.co_filename)
        if event == "call" and file.is_relative_to(SOURCE) and _is_below_handler(frame):
            name = file.relative_to(SOURCE).as_posix()
            if name not in entered and not name.startswith(LEFT_OUT_OF_A_PUSH):
                entered.append(name)
            if frame.f_code is copy_rows.__code__:
                sys.setprofile(None)

    sys.setprofile(look)
    try:
        yield entered
    finally:
        sys.setprofile(None)


def _is_below_handler(frame: FrameType) -> bool:
    """A coroutine that goes on is called by those that await it, so the handler is below it again."""
    each: FrameType | None = frame
    while each is not None and each.f_code is not HANDLER:
        each = each.f_back
    return each is not None


# Litestar 2 warns of what Litestar 3 will want otherwise.
@pytest.mark.filterwarnings("ignore::litestar.exceptions.LitestarDeprecationWarning")
async def test_a_push_crosses_the_files_that_the_house_counts(database_url: str, world: World) -> None:
    app = create_app(Settings(database_url=database_url, secret_key=SECRET_KEY, argon2_time_cost=1))
    headers = {"Authorization": f"Bearer {world.key}"}
    # In this process and on this event loop, as a profile function sees no other.
    transport = ASGITransport(app, client=("127.0.0.1", 4711))  # type: ignore[arg-type]  # Litestar has types of its own
    async with app.lifespan(), AsyncClient(transport=transport, base_url="http://league") as client:
        with files_until_copy() as entered:
            answer = await client.post(f"{world.sync_path}/commits", json=batch(*numbered(3)), headers=headers)
    assert (answer.status_code, answer.json()["inserted"]) == (201, 3)
    assert list(entered) == list(FILES_OF_A_PUSH)
