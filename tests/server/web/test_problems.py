"""Refusals: pages for browsers, problem documents for everybody else and on the paths of the API."""

import pytest

from tests.support.visitor import HTML, Visitor

JSON = {"Accept": "application/json"}


@pytest.mark.parametrize(
    ("path", "headers", "media_type"),
    [
        ("/nothing/here", HTML, "text/html; charset=utf-8"),
        ("/nothing/here", JSON, "application/problem+json"),
        ("/api/v1/nothing", HTML, "application/problem+json"),
    ],
)
async def test_who_reads_a_refusal_decides_its_form(
    visitor: Visitor, path: str, headers: dict[str, str], media_type: str
) -> None:
    answer = await visitor.get(path, headers=headers)
    assert (answer.status, answer.headers["Content-Type"]) == (404, media_type)


async def test_a_refusal_names_its_request_and_has_the_policy_of_a_page(visitor: Visitor) -> None:
    answer = await visitor.get("/nothing")
    assert answer.headers["X-Request-Id"].encode() in answer.body
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_form_that_is_too_large_or_no_form_is_refused_in_a_page(visitor: Visitor) -> None:
    assert (await visitor.post("/sign-in", {"email": "x" * 300_000})).status == 413
    other = {"Content-Type": "text/plain", "Sec-Fetch-Site": "same-origin"}
    assert (await visitor.post("/sign-in", {"email": "x"}, headers=other)).status == 415
    assert (await visitor.post("/sign-in", {"email": "\x00"})).status == 422
    assert (await visitor.post("/sign-in", [(f"f{n}", "") for n in range(600)])).status == 422


async def test_a_head_request_is_answered_without_a_page(visitor: Visitor) -> None:
    answer = await visitor.head("/nothing")
    assert (answer.status, answer.body) == (404, b"")
