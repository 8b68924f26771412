"""Links that work once: an invitation, a new password, signing in."""

import asyncio
import re
from collections.abc import Callable

import pytest

from tests.support.database import execute, scalar
from tests.support.people import NEWCOMER, PASSWORD, Person
from tests.support.servers import RunningServer, new_client
from tests.support.visitor import SAME_SITE, Visitor
from tgl_server.db.engine import Database

NEW_PASSWORD = "another horse battery staple"


async def link_in(visitor: Visitor, path: str, fields: dict[str, str] | None = None) -> str:
    """The path of the link that a page shows after its form was sent."""
    answer = await visitor.post(path, fields or {})
    assert answer.status == 200, answer.body
    assert answer.headers["Cache-Control"] == "no-store"
    found = re.search(rb"/link/[\w-]+", answer.body)
    assert found is not None
    return found[0].decode()


async def invitation(boss_visitor: Visitor) -> str:
    return await link_in(boss_visitor, "/administration/invite", {"email": "grace@example.com", "role": "player"})


async def test_an_invited_person_chooses_a_password_and_is_in(boss_visitor: Visitor, server: RunningServer) -> None:
    link = await invitation(boss_visitor)
    async with Visitor(server.url) as grace:
        assert b"grace@example.com" in (await grace.get(link)).body
        assert (await grace.post(link, {"new_password": PASSWORD})).headers["Location"] == "/"
        assert (await grace.get("/")).status == 200


async def test_a_link_works_once_and_looking_at_it_uses_nothing_up(
    boss_visitor: Visitor, server: RunningServer
) -> None:
    link = await invitation(boss_visitor)
    async with Visitor(server.url) as grace:
        for _ in range(3):
            assert (await grace.get(link)).status == 200
        assert (await grace.post(link, {"new_password": "short"})).status == 422
        assert (await grace.post(link, {"new_password": PASSWORD})).status == 303
        assert (await grace.post(link, {"new_password": NEW_PASSWORD})).status == 404
        assert (await grace.get(link)).status == 404


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE one_time_links SET expires_at = now()",
        "UPDATE users SET state = 'retired' WHERE email LIKE 'grace%'",
        "DELETE FROM one_time_links",
    ],
)
async def test_a_link_that_is_over_opens_nothing(
    boss_visitor: Visitor, server: RunningServer, database: Database, change: str
) -> None:
    link = await invitation(boss_visitor)
    await execute(database, change)
    async with Visitor(server.url) as grace:
        assert (await grace.get(link)).status == 404
        assert (await grace.post(link, {"new_password": PASSWORD})).status == 404


async def test_a_new_password_by_link_ends_every_session_and_the_link_before_it(
    boss_visitor: Visitor, ada: Person, server: RunningServer
) -> None:
    first = await link_in(boss_visitor, f"/administration/people/{ada.id}/link")
    second = await link_in(boss_visitor, f"/administration/people/{ada.id}/link")
    async with Visitor(server.url) as visitor:
        assert (await visitor.get(first)).status == 404
        assert (await visitor.post(second, {"new_password": NEW_PASSWORD})).status == 303
        assert (await ada.get("/auth/me")).status == 401
        await visitor.sign_in(ada.email, NEW_PASSWORD)


async def test_the_database_and_the_logs_have_no_token(
    boss_visitor: Visitor, server: RunningServer, database: Database
) -> None:
    link = await invitation(boss_visitor)
    await boss_visitor.get(link)
    token = link.removeprefix("/link/")
    assert await scalar(database, f"SELECT token_hash = sha256('{token}') FROM one_time_links")
    assert await server.logged("/link/")
    assert token not in server.log()
    assert not await scalar(database, f"SELECT count(*) FROM audit_logs a WHERE a::text LIKE '%{token}%'")


async def test_two_at_once_use_a_link_once(boss_visitor: Visitor, server: RunningServer, database: Database) -> None:
    link = await invitation(boss_visitor)
    async with Visitor(server.url) as one, Visitor(server.url) as other:
        answers = await asyncio.gather(*(each.post(link, {"new_password": PASSWORD}) for each in (one, other)))
    assert sorted(answer.status for answer in answers) == [303, 404]


@pytest.mark.parametrize("how", ["a new password", "another link", "retirement and return"])
async def test_no_link_outlives_what_was_done_to_close_an_account(
    boss_visitor: Visitor, server: RunningServer, ada: Person, how: str
) -> None:
    leaked = await link_in(boss_visitor, f"/administration/people/{ada.id}/link")
    async with Visitor(server.url) as owner, Visitor(server.url) as thief:
        if how == "a new password":
            await owner.sign_in(ada.email)
            change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
            assert (await owner.post("/settings/password", change)).status == 303
        elif how == "another link":
            fresh = await link_in(boss_visitor, f"/administration/people/{ada.id}/link")
            assert (await owner.post(fresh, {"new_password": NEW_PASSWORD})).status == 303
        else:
            await boss_visitor.post(f"/administration/people/{ada.id}/retire")
            await boss_visitor.post(f"/administration/people/{ada.id}/approve")
        assert (await thief.get(leaked)).status == 404
        assert (await thief.post(leaked, {"new_password": NEW_PASSWORD})).status == 404


async def test_guesses_by_others_keep_nobody_from_using_a_link_or_registering(
    start_server: Callable[..., RunningServer], boss: Person
) -> None:
    server = start_server(login_requests_per_minute=12, trusted_proxies="127.0.0.1")
    async with Visitor(server.url) as visitor:
        await visitor.sign_in(boss.email)
        link = await invitation(visitor)
    for email in ("grace@example.com", NEWCOMER):
        async with Visitor(server.url) as guesser:
            for _ in range(13):
                away = {**SAME_SITE, **new_client()}
                await guesser.post("/sign-in", {"email": email, "password": "a guess"}, headers=away)
    async with Visitor(server.url) as grace:
        here = {**SAME_SITE, **new_client()}
        assert (await grace.post(link, {"new_password": PASSWORD}, headers=here)).status == 303
        wish = {"email": NEWCOMER, "password": PASSWORD, "role": "player"}
        assert (await grace.post("/register", wish, headers=here)).headers["Location"] == "/waiting"
