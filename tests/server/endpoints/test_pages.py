"""The pages of a project's endpoints: a secret is shown once, and what was sent has its answer and is sent again."""

import re
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from tests.server.endpoints.conftest import Outside
from tests.server.web.test_webhooks import secret_on
from tests.support.database import audited, scalar
from tests.support.people import Person
from tests.support.receiver import Receiver
from tests.support.servers import RunningServer
from tests.support.shown import text_of
from tests.support.visitor import Visitor
from tests.support.waiting import until

ENDPOINTS = "/projects/team/endpoints"


@pytest.fixture
async def owner(maintainer: Person, sending_server: RunningServer) -> AsyncIterator[Visitor]:
    """Who owns the project `team`, in a browser."""
    async with Visitor(sending_server.url) as visitor:
        await visitor.sign_in(maintainer.email)
        yield visitor


async def answered(visitor: Visitor, path: str, times: int) -> str:
    """The page of an endpoint once it shows so many deliveries that are over."""
    page = ""

    async def is_shown() -> bool:
        nonlocal page
        page = text_of(await visitor.get(path))
        return page.count("Delivered") + page.count("Given up") >= times

    await until(is_shown)
    return page


async def test_an_endpoint_from_its_making_to_its_end(
    owner: Visitor, receiver: Receiver, sending_server: RunningServer, outside: Outside
) -> None:
    assert "No endpoint yet" in text_of(await owner.get(ENDPOINTS))
    once = str(uuid4())
    fields = {"url": receiver.url, "which": "some", "types": ["run.finished", "repo.failing"], "once": once}
    made = await owner.post(f"{ENDPOINTS}/new", fields)
    secret, path = secret_on(made), f"{ENDPOINTS}/{once}"
    assert (made.status, made.headers["Cache-Control"]) == (201, "no-store, no-transform")
    again = await owner.post(f"{ENDPOINTS}/new", fields)
    assert (again.status, "was made already" in text_of(again)) == (409, True)
    await _sends(owner, receiver, path, secret)
    await _changes(owner, path, secret)
    for shown in (await owner.get(ENDPOINTS), await owner.get(path), again):
        assert secret.encode() not in shown.body
    assert secret not in sending_server.log()
    assert (await owner.post(f"{path}/delete")).status == 303
    assert await scalar(outside.database, "SELECT count(*) FROM endpoints") == 0
    for act in ("created", "tested", "redelivered", "changed", "rotated", "deleted"):
        assert "success" in {entry.outcome for entry in await audited(outside.database, f"endpoint:{act}")}, act


async def _sends(owner: Visitor, receiver: Receiver, path: str, secret: str) -> None:
    """A test is answered and sent again by its button, with the same id."""
    assert "a repository began to fail; a push or pull ended well." in text_of(await owner.get(path)).lower()
    receiver.status, receiver.text = 202, "thanks <b>"
    assert (await owner.post(f"{path}/test")).status == 303
    page = await answered(owner, path, 1)
    assert "202" in page
    assert "thanks <b>" in page
    found = re.search(rb'action="([^"]+/send-again)"', (await owner.get(path)).body)
    assert found is not None
    assert (await owner.post(found[1].decode())).status == 303
    await answered(owner, path, 2)
    first, second = receiver.messages
    assert first.id == second.id
    first.verify(secret)


async def _changes(owner: Visitor, path: str, secret: str) -> None:
    """It is paused and resumed, sent something else, and signed by another secret."""
    assert (await owner.post(f"{path}/pause")).status == 303
    paused = await owner.post(f"{path}/test")
    assert (paused.status, "switched off; switch it on first" in text_of(paused)) == (409, True)
    assert (await owner.post(f"{path}/resume")).status == 303
    form = (await owner.get(f"{path}/edit")).body
    assert form.count(b" checked") == 3  # the choice, and two types
    other = "https://hooks.example.com/elsewhere"
    assert (await owner.post(f"{path}/edit", {"url": other, "which": "all"})).status == 303
    shown = text_of(await owner.get(path))
    assert other in shown
    assert "everything that happens in the project" in shown
    wanted = {"overlap": "60", "rotated": "never"}
    rotated = await owner.post(f"{path}/rotate", wanted)
    assert (rotated.status, secret_on(rotated) == secret) == (201, False)
    again = await owner.post(f"{path}/rotate", wanted)
    assert (again.status, b"whsec_" in again.body, "changed meanwhile" in text_of(again)) == (409, False, True)
    assert "Messages are signed with both until" in text_of(await owner.get(path))
