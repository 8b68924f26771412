"""Requests that other sites make with a visitor's cookie: every method, Sec-Fetch-Site and Origin."""

from collections.abc import Callable

import pytest

from tests.support.people import Person
from tests.support.servers import RunningServer
from tests.support.visitor import Visitor

SITES = {"same-origin": 303, "none": 303, "same-site": 403, "cross-site": 403, "": 403, "nonsense": 403}


@pytest.mark.parametrize(("site", "status"), SITES.items())
async def test_a_change_is_taken_from_our_own_pages_alone(ada_visitor: Visitor, site: str, status: int) -> None:
    answer = await ada_visitor.post("/sign-out", headers={"Sec-Fetch-Site": site})
    assert answer.status == status
    assert (await ada_visitor.get("/")).status == (303 if status == 303 else 200)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://127.0.0.1:1"])
async def test_without_fetch_metadata_the_origin_decides(ada_visitor: Visitor, origin: str) -> None:
    assert (await ada_visitor.post("/sign-out", headers={"Origin": origin})).status == 403
    assert (await ada_visitor.post("/sign-out", headers={})).status == 403
    assert (await ada_visitor.post("/sign-out", headers={"Origin": ada_visitor.url})).status == 303


async def test_behind_a_proxy_the_origin_is_that_of_the_public_url(
    start_server: Callable[..., RunningServer], ada: Person
) -> None:
    async with Visitor(start_server(public_url="http://league.example").url) as visitor:
        await visitor.sign_in(ada.email)
        assert (await visitor.post("/sign-out", headers={"Origin": visitor.url})).status == 403
        assert (await visitor.post("/sign-out", headers={"Origin": "http://league.example"})).status == 303


async def test_a_link_from_another_site_opens_a_page(ada_visitor: Visitor) -> None:
    assert (await ada_visitor.get("/", headers={"Sec-Fetch-Site": "cross-site"})).status == 200
