"""The pages of API keys: the table, one key, and what changes one."""

import html
import re
from typing import Any
from uuid import uuid4

import pytest

from tests.support.api import Answer, Api
from tests.support.database import audited, count, execute, scalar
from tests.support.pages import counted_pages
from tests.support.people import Person, ask, make_key, make_project, make_repo, use_key
from tests.support.shown import key_on, text_of
from tests.support.visitor import Visitor
from tgl_server.db.engine import Database

KEYS = "/settings/keys"
NEW = f"{KEYS}/new"
WISH = {"name": "laptop", "scopes": ["sync:commits", "read:repos"], "expires": "90", "reach": "all"}
HOSTILE = "<script>alert(1)</script>\"'&"


async def on(visitor: Visitor, key: dict[str, Any], act: str = "") -> Answer:
    return await visitor.get(f"{KEYS}/{key['id']}{act}")


async def test_a_hostile_name_is_text_on_every_page(ada_visitor: Visitor, ada: Person, anyone: Api) -> None:
    key = await make_key(ada, name=HOSTILE)
    headers = {"User-Agent": HOSTILE, "Authorization": f"Bearer {key['full_key']}"}
    await anyone.get("/api/v1/auth/me", headers=headers)
    await ada.patch(f"/api-keys/{key['id']}", {"name": f"{HOSTILE}2"})
    for act in ("", "/rename", "/rights", "/rotate", "/revoke"):
        page = await on(ada_visitor, key, act)
        assert page.status == 200
        assert b"<script>alert" not in page.body
        assert html.escape(HOSTILE, quote=False).split('"')[0].encode() in page.body


async def test_a_key_is_paused_and_resumed_at_once(
    ada_visitor: Visitor, ada: Person, anyone: Api, database: Database
) -> None:
    key = await make_key(ada)
    for act, status, words in [("pause", 401, "is paused"), ("resume", 200, "works again")]:
        answer = await ada_visitor.post(f"{KEYS}/{key['id']}/{act}", {"back": "list"})
        assert (answer.status, answer.headers["Location"]) == (303, KEYS)
        assert (await use_key(anyone, key)).status == status
        assert f"The key ci {words}" in text_of(await ada_visitor.get(KEYS))
    switched = [row.details["changed"]["is_active"]["to"] for row in await audited(database, "api_key:changed")]
    assert switched == [False, True]


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "", "nonsense"])
async def test_a_switch_never_leads_elsewhere(ada_visitor: Visitor, ada: Person, back: str) -> None:
    key = await make_key(ada)
    answer = await ada_visitor.post(f"{KEYS}/{key['id']}/pause", {"back": back})
    assert answer.headers["Location"] == f"{KEYS}/{key['id']}"


async def test_a_key_is_renamed(ada_visitor: Visitor, ada: Person, database: Database) -> None:
    key = await make_key(ada)
    path = f"{KEYS}/{key['id']}/rename"
    assert b'value="ci"' in (await ada_visitor.get(path)).body
    for wrong in ("", "x" * 101, "a\nb"):
        assert (await ada_visitor.post(path, {"name": wrong})).status == 422
    assert (await ada_visitor.post(path, {"name": "build server"})).headers["Location"] == f"{KEYS}/{key['id']}"
    assert "Renamed from “ci” to “build server”" in text_of(await on(ada_visitor, key))
    outcomes = [row.outcome for row in await audited(database, "api_key:changed")]
    assert outcomes == ["refused", "refused", "refused", "success"]


@pytest.mark.parametrize(("overlap", "status"), [("0", 401), ("60", 200), ("1440", 200), ("10080", 200)])
async def test_a_key_is_rotated_with_an_overlap(
    ada_visitor: Visitor, ada: Person, anyone: Api, database: Database, overlap: str, status: int
) -> None:
    old = await make_key(ada, scopes="sync:commits")
    path = f"{KEYS}/{old['id']}/rotate"
    made = await ada_visitor.post(path, {"overlap": overlap})
    assert (made.status, made.headers["Cache-Control"]) == (201, "no-store, no-transform")
    assert (await ask(anyone, key_on(made))).json["scopes"] == "sync:commits"
    assert (await use_key(anyone, old)).status == status
    again = await ada_visitor.post(path, {"overlap": overlap})
    assert (again.status, await count(database, "api_keys")) == (409, 2)
    assert "by a key that was shown once" in text_of(again)


async def test_an_overlap_is_one_of_those_that_are_offered(ada_visitor: Visitor, ada: Person) -> None:
    key = await make_key(ada)
    for wrong in ({"overlap": "99999"}, {"overlap": "-1"}, {}):
        assert (await ada_visitor.post(f"{KEYS}/{key['id']}/rotate", wrong)).status == 422


async def test_a_key_is_revoked_after_a_question_that_says_who_uses_it(
    ada_visitor: Visitor, ada: Person, anyone: Api, database: Database
) -> None:
    key = await make_key(ada)
    await execute(
        database,
        "UPDATE api_keys SET usage_count = 1234, last_used_at = now(), last_used_ip = '192.0.2.7', "
        "last_user_agent = 'tgl/0.1.0'",
    )
    asked = text_of(await on(ada_visitor, key, "/revoke"))
    assert re.search(r"Last used .* by tgl 0\.1\.0 from 192\.0\.2\.7, 1,234 uses in all", asked)
    assert (await use_key(anyone, key)).status == 200
    assert (await ada_visitor.post(f"{KEYS}/{key['id']}/revoke")).headers["Location"] == KEYS
    assert (await use_key(anyone, key)).json["code"] == "revoked_api_key"
    assert [row.outcome for row in await audited(database, "api_key:revoked")] == ["success"]
    assert (await ada_visitor.post(f"{KEYS}/{key['id']}/resume")).status == 409


async def test_the_table_says_where_each_key_stands(ada_visitor: Visitor, ada: Person, database: Database) -> None:
    changes = {
        "fine": "expires_at = now() + interval '20 days'",
        "soon": "expires_at = now() + interval '6 days 1 hour'",
        "today": "expires_at = now() + interval '2 hours 1 minute'",
        "paused": "is_active = false",
        "expired": "expires_at = '2020-05-03'",
        "revoked": "revoked_at = '2020-11-02'",
    }
    for name, change in changes.items():
        key = await make_key(ada, name=name)
        await execute(database, f"UPDATE api_keys SET {change} WHERE id = '{key['id']}'")
    old = await make_key(ada, name="old")
    new = (await ada.post(f"/api-keys/{old['id']}/rotate", {"overlap_minutes": 60})).json
    usable, everything = [text_of(await ada_visitor.get(path)) for path in (KEYS, f"{KEYS}?show=all")]
    assert "Usable 6 All 8" in usable
    for words in ("Expires in 6 days", "Expires in 2 h", "Paused", "Active", "never expires", "works until"):
        assert words in usable
    assert f"by {new['prefix']}" in usable
    assert "Expired 3 May 2020" not in usable
    assert {"Expired 3 May 2020", "Revoked 2 Nov 2020"} <= set(re.findall(r"\w+ \d \w+ 2020", everything))


async def test_what_expires_soon_comes_first_then_what_was_used_last(
    ada_visitor: Visitor, ada: Person, database: Database
) -> None:
    for name, days, used in [("never", 90, None), ("long-ago", 90, 5), ("just-now", 90, 1), ("soon", 9, 50)]:
        key = await make_key(ada, name=name, expires_in_days=days)
        if used:
            at = f"now() - interval '{used} hours'"
            await execute(database, f"UPDATE api_keys SET last_used_at = {at} WHERE id = '{key['id']}'")
    page = (await ada_visitor.get(KEYS)).body.decode()
    assert re.findall(r'class="name"[^>]*><bdi>([\w-]+)', page) == ["soon", "just-now", "long-ago", "never"]


async def test_a_long_table_goes_on_on_another_page(ada_visitor: Visitor, ada: Person, database: Database) -> None:
    await make_key(ada)
    await many_keys(database, 250)
    seen: set[str] = set()
    for number in (1, 2, 3):
        seen |= set(re.findall(r"tgl_\w{8}\b", (await ada_visitor.get(f"{KEYS}?page={number}")).body.decode()))
    assert len(seen) == 251
    for odd in ("0", "-1", "x", "9" * 30, "4"):
        assert (await ada_visitor.get(f"{KEYS}?page={odd}")).status == 200


async def test_a_keys_page_has_its_rights_its_refusals_and_its_history(
    ada_visitor: Visitor, ada: Person, anyone: Api, database: Database
) -> None:
    repo = await make_repo(ada, await make_project(ada), "linux")
    await make_repo(ada, await make_project(ada, "other"), "hidden")
    key = await make_key(ada, scopes="read:repos", repo_ids=[repo["id"]], networks=["127.0.0.0/8"])
    await ask(anyone, key["full_key"], "/sync/projects/other/repos/hidden/status")
    await ask(anyone, key["full_key"], "/sync/projects/team/repos/linux/commits", "POST", json={"commits": []})
    await ada.patch(f"/api-keys/{key['id']}", {"is_active": False})
    await use_key(anyone, key)
    page = text_of(await on(ada_visitor, key))
    for words in (
        "Read repositories",
        "team / linux",
        "127.0.0.0/8",
        "The key was paused.",
        "The key lacks the right for this.",
        "There is no project of this name in the key's reach.",
        "Made",
        "Paused",
    ):
        assert words in page
    await execute(database, "UPDATE repos SET name = 'x' || name, project_id = project_id")
    await execute(database, "DELETE FROM repo_states", "DELETE FROM follower_marks", "DELETE FROM repos")
    assert "1 that is gone, or hidden from you" in text_of(await on(ada_visitor, key))


async def test_rights_are_taken_from_a_key_and_never_given_back(
    ada_visitor: Visitor, ada: Person, anyone: Api, database: Database
) -> None:
    await make_repo(ada, await make_project(ada))
    key, path = await make_key(ada), "/projects/team/repos/linux/commits"
    rights = f"{KEYS}/{key['id']}/rights"
    assert b"Reduce rights" in (await on(ada_visitor, key)).body
    assert (await ada_visitor.post(rights, {"scopes": ["sync:commits"]})).status == 303
    assert (await use_key(anyone, key, path)).status == 403
    assert b"Push commits" in (await on(ada_visitor, key)).body
    assert (await ada_visitor.post(rights, {"scopes": ["sync:commits", "read:repos"]})).status == 422
    assert (await ada_visitor.post(rights, {"scopes": ["league:win"]})).status == 422
    assert b"may do one thing alone" in (await ada_visitor.get(rights)).body
    assert (await use_key(anyone, key, path)).status == 403


async def test_how_often_a_key_was_used_and_refused_is_drawn_by_day(
    ada_visitor: Visitor, ada: Person, database: Database
) -> None:
    key = await make_key(ada)
    days = "SELECT id, CAST(now() AT TIME ZONE 'UTC' AS date) - ago, 7, refused"
    await execute(
        database, f"INSERT INTO api_key_days {days} FROM api_keys, (VALUES (0, 0), (29, 2), (30, 5)) d (ago, refused)"
    )
    table = (await ada_visitor.get(KEYS)).body.decode()
    assert f'"Uses on each of the last 30 days: 7, {"0, " * 28}7"' in table
    assert "2 refused" in table
    page = (await on(ada_visitor, key)).body.decode()
    assert "14 uses, 2 refused in 30 days." in page
    assert page.count(": 7 uses") == 2
    assert 'class="mark-down"' in page


async def test_the_keys_of_others_are_not_there(ada_visitor: Visitor, boss: Person, database: Database) -> None:
    key = await make_key(boss)
    for id_ in (key["id"], str(uuid4())):
        for act in ("", "/rename", "/rotate", "/revoke", "/use"):
            assert (await ada_visitor.get(f"{KEYS}/{id_}{act}")).status == 404
        for act in ("pause", "resume", "rename", "rotate", "revoke"):
            fields = {"name": "mine", "overlap": "0"}
            assert (await ada_visitor.post(f"{KEYS}/{id_}/{act}", fields)).status == 404
    assert key["prefix"].encode() not in (await ada_visitor.get(f"{KEYS}?show=all")).body
    assert await scalar(database, "SELECT bool_and(is_active AND revoked_at IS NULL AND name = 'ci') FROM api_keys")
    assert {row.outcome for row in await audited(database, "api_key:revoked")} == {"refused"}


async def test_another_site_changes_no_key(ada_visitor: Visitor, ada: Person, database: Database) -> None:
    key = await make_key(ada)
    for act in ("pause", "resume", "rename", "rotate", "revoke"):
        answer = await ada_visitor.post(f"{KEYS}/{key['id']}/{act}", headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status == 403
    assert (await ada_visitor.post(NEW, WISH, headers={"Sec-Fetch-Site": "cross-site"})).status == 403
    assert await count(database, "api_keys") == 1


async def test_who_has_not_signed_in_comes_back_to_what_they_wanted(
    ada_visitor: Visitor, ada: Person, database: Database
) -> None:
    key = await make_key(ada)
    await execute(database, "UPDATE auth_sessions SET ended_at = now()")
    wanted = await ada_visitor.get(f"{NEW}?name=laptop&scopes=sync:commits")
    assert (
        wanted.headers["Location"] == "/sign-in?next=%2Fsettings%2Fkeys%2Fnew%3Fname%3Dlaptop%26scopes%3Dsync%3Acommits"
    )
    held = await ada_visitor.post(NEW, WISH)
    assert (held.status, b'name="held.name" value="laptop"' in held.body) == (401, True)
    asked = await ada_visitor.get(f"{KEYS}/{key['id']}/use")
    assert asked.headers["Location"].startswith("/sign-in")
    assert (await ada_visitor.post(f"{KEYS}/{key['id']}/pause")).status == 401
    await ada_visitor.sign_in(ada.email)
    back = await ada_visitor.get(f"{KEYS}/{key['id']}/pause")
    assert back.headers["Location"] == f"{KEYS}/{key['id']}?restored=1"
    assert "nothing was saved yet" in text_of(await ada_visitor.get(back.headers["Location"]))


async def test_the_first_use_is_told_as_soon_as_it_is_known(
    ada_visitor: Visitor, ada: Person, database: Database
) -> None:
    key = await make_key(ada)
    assert (await on(ada_visitor, key, "/use")).status == 204
    await execute(database, "UPDATE api_keys SET usage_count = 1, last_used_at = now(), last_user_agent = 'tgl/0.1.0'")
    assert b"It works." in (await on(ada_visitor, key, "/use")).body


async def test_pages_cost_the_same_few_statements_for_one_key_and_for_fifty(
    ada: Person, database: Database, database_url: str
) -> None:
    repo = await make_repo(ada, await make_project(ada))
    key = await make_key(ada, repo_ids=[repo["id"]])
    paths = [KEYS, f"{KEYS}?show=all", NEW, *(f"{KEYS}/{key['id']}{act}" for act in ("", "/rotate", "/revoke"))]
    async with counted_pages(database_url) as pages:
        await pages.sign_in(ada.email)
        few = [await pages.statements(path) for path in paths]
        await many_keys(database, 50)
        await execute(
            database,
            "UPDATE api_keys SET rotated_to = :id, expires_at = now() + interval '1 day' WHERE name LIKE 'many %'",
            id=key["id"],
        )
        for name in (f"repo-{number}" for number in range(10)):
            await make_repo(ada, "/projects/team", name)
        many = [await pages.statements(path) for path in paths]
    assert few == many
    assert max(few) <= 6


async def many_keys(database: Database, number: int) -> None:
    """More keys like the one that is there, each with its own prefix."""
    await execute(
        database,
        "INSERT INTO api_keys (id, user_id, name, prefix, key_hash, scopes, is_active, usage_count, created_at) "
        "SELECT gen_random_uuid(), user_id, 'many ' || n, 'tgl_' || lpad(CAST(n AS text), 8, '0'), "
        "key_hash, scopes, true, 0, now() FROM api_keys, generate_series(1, :number) AS n WHERE name = 'ci'",
        number=number,
    )
