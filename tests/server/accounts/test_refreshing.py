"""A refresh token that comes back: from the client that used it a moment ago, or from anybody else."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from tests.support.api import Answer, Api
from tests.support.database import audited, execute, rows
from tests.support.people import Person, ask, log_in, refresh
from tests.support.servers import RunningServer, new_client
from tgl_server.auth.refresh_token import RefreshTokens, new_salt
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

JUST_TOO_LATE = "UPDATE refresh_tokens SET used_at = used_at - interval '11 seconds' WHERE used_at IS NOT NULL"


async def _tokens(api: Api, person: Person) -> dict[str, str]:
    tokens: dict[str, str] = (await log_in(api, person.email)).json
    return tokens


async def _refresh_as(api: Api, token: str, headers: dict[str, str]) -> Answer:
    return await api.post("/api/v1/auth/refresh", {"refresh_token": token}, headers=headers)


async def _is_over(api: Api, database: Database, answer: Answer) -> bool:
    """True if the whole family has ended, with everything that the answer gave."""
    ended = await rows(database, "SELECT end_reason FROM auth_sessions WHERE ended_at IS NOT NULL")
    left = [await ask(api, answer.json["access_token"]), await refresh(api, answer.json["refresh_token"])]
    return [row.end_reason for row in ended] == ["token_reused"] and {each.status for each in left} == {401}


async def test_a_client_whose_answer_was_lost_gets_the_same_token_again(anyone: Api, ada: Person) -> None:
    token = (await _tokens(anyone, ada))["refresh_token"]
    lost, again = await refresh(anyone, token), await refresh(anyone, token)
    assert (lost.status, again.status) == (200, 200)
    assert lost.json["refresh_token"] == again.json["refresh_token"] != token
    assert (await ask(anyone, again.json["access_token"])).status == 200
    assert (await refresh(anyone, again.json["refresh_token"])).status == 200


async def test_windows_that_refresh_at_once_all_go_on_with_one_session(anyone: Api, ada: Person) -> None:
    token = (await _tokens(anyone, ada))["refresh_token"]
    answers = await asyncio.gather(*(refresh(anyone, token) for _ in range(8)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["refresh_token"] for answer in answers}) == 1
    assert {(await ask(anyone, answer.json["access_token"])).status for answer in answers} == {200}


async def test_a_token_that_comes_back_later_ends_its_whole_family_and_no_other(
    anyone: Api, ada: Person, database: Database
) -> None:
    stolen, other = await _tokens(anyone, ada), await _tokens(anyone, ada)
    latest = await refresh(anyone, stolen["refresh_token"])
    await execute(database, JUST_TOO_LATE)
    again = await refresh(anyone, stolen["refresh_token"])
    assert (again.status, again.json["code"]) == (401, "session_ended")
    assert await _is_over(anyone, database, latest)
    assert (await ask(anyone, other["access_token"])).status == 200
    (row,) = await audited(database, "session:ended")
    assert row.details == {"reason": "token_reused"}


async def test_a_token_whose_successor_is_in_use_ends_the_session(anyone: Api, ada: Person, database: Database) -> None:
    first = (await _tokens(anyone, ada))["refresh_token"]
    second = (await refresh(anyone, first)).json["refresh_token"]
    latest = await refresh(anyone, second)
    assert (await refresh(anyone, first)).json["code"] == "session_ended"
    assert await _is_over(anyone, database, latest)


@pytest.fixture
async def behind_proxy(start_server: Callable[..., RunningServer], ada: Person) -> AsyncIterator[Api]:
    async with Api(start_server(trusted_proxies="127.0.0.1").url) as api:
        yield api


@pytest.mark.parametrize("thief", [{"User-Agent": "another"}, {"X-Forwarded-For": "203.0.113.77"}, {"User-Agent": ""}])
async def test_nobody_but_the_same_client_gets_the_successor(
    behind_proxy: Api, ada: Person, database: Database, thief: dict[str, str]
) -> None:
    client = {**new_client(), "User-Agent": "the owner's"}
    token = (await _tokens(behind_proxy, ada))["refresh_token"]
    latest = await _refresh_as(behind_proxy, token, client)
    assert (await _refresh_as(behind_proxy, token, client | thief)).json["code"] == "session_ended"
    assert await _is_over(behind_proxy, database, latest)


async def test_the_successor_is_the_same_in_another_process(
    anyone: Api, ada: Person, another_server: RunningServer
) -> None:
    token = (await _tokens(anyone, ada))["refresh_token"]
    client = {"User-Agent": "one client", "X-Forwarded-For": "127.0.0.1"}
    here = await _refresh_as(anyone, token, client)
    async with Api(another_server.url) as elsewhere:
        there = await _refresh_as(elsewhere, token, client)
    assert here.json["refresh_token"] == there.json["refresh_token"]


async def test_the_database_holds_no_token(anyone: Api, ada: Person, database: Database) -> None:
    first = (await _tokens(anyone, ada))["refresh_token"]
    second = (await refresh(anyone, first)).json["refresh_token"]
    await refresh(anyone, first)
    dump = "".join(
        row.line
        for row in await rows(database, "SELECT t::text AS line FROM refresh_tokens t")
        + await rows(database, "SELECT a::text AS line FROM audit_logs a")
    )
    for token in (first, second):
        assert token not in dump
        assert token.encode().hex() not in dump


def test_a_successor_takes_the_token_the_salt_and_the_secret() -> None:
    tokens, others = RefreshTokens(Settings(secret_key="a" * 40)), RefreshTokens(Settings(secret_key="b" * 40))
    token, salt = tokens.first(), new_salt()
    assert tokens.successor(token, salt) == RefreshTokens(Settings(secret_key="a" * 40)).successor(token, salt)
    made = {tokens.successor(token, salt), tokens.successor(token, new_salt()), tokens.successor(tokens.first(), salt)}
    assert len(made | {others.successor(token, salt), token}) == 5
