"""What every answer says to a browser, and to whom the API is open."""

import pytest

from tests.support.api import Api
from tests.support.servers import ORIGIN, RunningServer
from tests.support.world import World
from tgl_server.http.request_limits import MAX_HEAD_BYTES

FOREIGN = "https://elsewhere.example"
ASKED = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}

EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Strict-Transport-Security": "max-age=31536000",
}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/health", 200),
        ("/api/v1/capabilities", 200),
        ("/api/v1/projects", 401),
        ("/nowhere", 404),
        ("/api/v1/auth/login", 405),
    ],
)
async def test_every_answer_carries_them(unauthenticated: Api, client: dict[str, str], path: str, status: int) -> None:
    answer = await unauthenticated.get(path, headers=client)
    assert answer.status == status
    assert {name: answer.headers.get(name) for name in EXPECTED} == EXPECTED
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; frame-ancestors 'none'")
    assert answer.headers["X-Request-Id"]


async def test_a_browser_is_bound_to_https_in_production_alone(api: Api) -> None:
    answer = await api.get("/health")
    assert "Strict-Transport-Security" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_server_does_not_tell_its_version(unauthenticated: Api) -> None:
    assert not any(
        character.isdigit() for character in (await unauthenticated.get("/health")).headers.get("Server", "")
    )


@pytest.mark.parametrize("size", [MAX_HEAD_BYTES, 100_000])
async def test_a_head_too_large_is_refused_with_a_problem(
    unauthenticated: Api, size: int, client: dict[str, str]
) -> None:
    answer = await unauthenticated.get("/api/v1/capabilities", headers={**client, "X-Filler": "a" * size})
    assert answer.status == 431
    assert answer.json["code"] == "headers_too_large"


async def test_a_head_of_a_megabyte_does_not_harm_the_server(unauthenticated: Api) -> None:
    answer = await unauthenticated.get("/health", headers={"X-Filler": "a" * 1_000_000})
    assert answer.status == 431
    assert (await unauthenticated.get("/health")).status == 200


async def test_an_address_too_long_is_refused(unauthenticated: Api, client: dict[str, str]) -> None:
    answer = await unauthenticated.get("/api/v1/capabilities?" + "a" * MAX_HEAD_BYTES, headers=client)
    assert answer.status == 431


async def test_cors_is_closed_by_default(server: RunningServer, world: World) -> None:
    async with Api(server.url, world.key) as api:
        answer = await api.get(f"{world.sync_path}/status", headers={"Origin": ORIGIN})
        preflight = await api.request("OPTIONS", f"{world.sync_path}/status", headers={"Origin": ORIGIN, **ASKED})
    assert not [name for name in (*answer.headers, *preflight.headers) if name.lower().startswith("access-control")]


async def test_a_configured_origin_may_read_answers_without_cookies(
    limited: Api, world: World, client: dict[str, str]
) -> None:
    answer = await limited.get(f"{world.sync_path}/status", headers={"Origin": ORIGIN, **client})
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "RateLimit-Remaining" in answer.headers["Access-Control-Expose-Headers"]


async def test_its_preflight_is_answered_without_a_key(
    unauthenticated: Api, world: World, client: dict[str, str]
) -> None:
    headers = {"Origin": ORIGIN, **ASKED, **client}
    answer = await unauthenticated.request("OPTIONS", f"{world.sync_path}/status", headers=headers)
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()


@pytest.mark.parametrize("origin", [FOREIGN, "null", f"{ORIGIN}.evil.example", ORIGIN.replace(".", "x")])
async def test_other_origins_are_not(unauthenticated: Api, client: dict[str, str], origin: str) -> None:
    answer = await unauthenticated.get("/api/v1/capabilities", headers={"Origin": origin, **client})
    preflight = await unauthenticated.request(
        "OPTIONS", "/api/v1/capabilities", headers={"Origin": origin, **ASKED, **client}
    )
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Access-Control-Allow-Origin" not in preflight.headers


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"Origin": FOREIGN}, "this origin"),
        ({"Access-Control-Request-Method": "TRACE"}, "this method"),
        ({"Access-Control-Request-Headers": "authorization, x-mine"}, "one of these headers"),
        ({"Origin": FOREIGN, "Access-Control-Request-Method": "TRACE"}, "this method or this origin"),
    ],
)
async def test_a_refused_preflight_is_a_problem(
    unauthenticated: Api, client: dict[str, str], asked: dict[str, str], told: str
) -> None:
    headers = {"Origin": ORIGIN, **ASKED, **client, **asked}
    answer = await unauthenticated.request("OPTIONS", "/api/v1/capabilities", headers=headers)
    assert (answer.status, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert answer.json["code"] == "bad_request"
    assert sorted(answer.json["detail"].removesuffix(".").partition("do not allow ")[2].split(" or ")) == sorted(
        told.split(" or ")
    )
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("name", ["Idempotency-Key", "TGL-Run-Id", "X-Request-Id", "Content-Encoding"])
async def test_a_page_may_send_the_headers_that_the_api_reads(
    unauthenticated: Api, client: dict[str, str], name: str
) -> None:
    asked = {**ASKED, "Access-Control-Request-Headers": name.lower()}
    answer = await unauthenticated.request(
        "OPTIONS", "/api/v1/capabilities", headers={"Origin": ORIGIN, **asked, **client}
    )
    assert answer.status == 204
