"""The form for an API key, and the one page that shows the key."""

import asyncio
import html
import re
from pathlib import Path

import pytest

from tests.support.api import Answer, Api
from tests.support.database import audited, count, rows
from tests.support.people import Person, ask, make_project, make_repo
from tests.support.servers import RunningServer
from tests.support.shown import key_on, text_of
from tests.support.visitor import Visitor
from tgl_protocol.keys import parse_api_key
from tgl_server.db.engine import Database

KEYS = "/settings/keys"
NEW = f"{KEYS}/new"
WISH = {"name": "laptop", "scopes": ["sync:commits", "read:repos"], "expires": "90", "reach": "all"}
HOWTO = Path(__file__).parents[3] / "docs" / "howto"
HOSTILE = "<script>alert(1)</script>\"'&"


def command_on(page: Answer, id_: str) -> str:
    """A command that the page shows."""
    return html.unescape(page.body.decode().partition(f'<pre id="{id_}"')[2].partition(">")[2].partition("</pre>")[0])


def ticked(page: Answer) -> list[str]:
    """The values of the boxes and buttons that are chosen."""
    return re.findall(r'value="([^"]*)" checked', page.body.decode())


async def test_a_key_is_made_shown_once_and_works(
    ada_visitor: Visitor, ada: Person, anyone: Api, database: Database
) -> None:
    made = await ada_visitor.post(NEW, WISH)
    assert made.status == 201
    assert (await ask(anyone, key_on(made))).json["id"] == str(ada.id)
    (row,) = await rows(database, "SELECT name, scopes, expires_at - created_at AS life, repo_ids FROM api_keys")
    assert (row.name, sorted(row.scopes), row.life.days, row.repo_ids) == (
        "laptop",
        ["read:repos", "sync:commits"],
        90,
        None,
    )
    assert (await ada_visitor.get(KEYS)).body.count(parse_api_key(key_on(made)).prefix.encode()) == 1
    assert key_on(made).encode() not in (await ada_visitor.get(KEYS)).body


async def test_nothing_keeps_or_compresses_the_page_with_a_key(ada_visitor: Visitor, server: RunningServer) -> None:
    before = len(server.log())
    made = await ada_visitor.post(NEW, WISH)
    assert made.headers["Cache-Control"] == "no-store, no-transform"
    assert "Content-Encoding" not in made.headers
    await server.logged(NEW)
    assert key_on(made) not in server.log()[before:]
    assert key_on(made).rpartition("_")[2] not in server.log()[before:]


async def test_the_commands_are_those_of_the_documents_with_this_server(
    ada_visitor: Visitor, server: RunningServer
) -> None:
    made = await ada_visitor.post(NEW, WISH)
    assert command_on(made, "laptop") == f"tgl login {server.url}"
    assert f"TGL_URL={server.url}" in command_on(made, "cron-environment")
    assert command_on(made, "crontab") in (HOWTO / "cron.md").read_text()
    for id_, document in [("github", "github-actions.md"), ("gitlab", "gitlab-ci.md")]:
        expected = (HOWTO / document).read_text().partition("```yaml\n")[2].partition("\n```")[0]
        for example, ours in [
            ("https://league.example.com", server.url),
            ("TGL_PROJECT: core", "TGL_PROJECT: your-project"),
            ("TGL_REPO: api", "TGL_REPO: your-repository"),
        ]:
            expected = expected.replace(example, ours)
        assert command_on(made, id_) == expected


def once_of(page: Answer) -> str:
    """The hidden id of the form."""
    found = re.search(rb'name="once" value="([^"]+)"', page.body)
    assert found is not None
    return found[1].decode()


async def test_a_form_that_is_sent_again_makes_no_second_key(
    ada_visitor: Visitor, ada: Person, database: Database
) -> None:
    wish = WISH | {"once": once_of(await ada_visitor.get(NEW))}
    answers = await asyncio.gather(*(ada_visitor.post(NEW, wish) for _ in range(3)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409]
    again = await ada_visitor.post(NEW, wish | {"name": "another"})
    assert "made and shown once" in text_of(again)
    (row,) = await rows(database, "SELECT prefix, key_hash FROM api_keys")
    assert row.prefix in text_of(again)
    assert b"tgl_" not in again.body.replace(row.prefix.encode(), b"")
    assert (await ada_visitor.post(NEW, WISH | {"once": once_of(await ada_visitor.get(NEW))})).status == 201
    assert [row.outcome for row in await audited(database, "api_key:created")].count("success") == 2


async def test_without_an_id_each_form_makes_a_key(ada_visitor: Visitor, database: Database) -> None:
    assert [(await ada_visitor.post(NEW, WISH | {"once": ""})).status for _ in range(2)] == [201, 201]
    assert await count(database, "api_keys") == 2


async def test_a_key_for_one_repository_comes_with_its_names(ada_visitor: Visitor, ada: Person) -> None:
    repo = await make_repo(ada, await make_project(ada), "a: b")
    made = await ada_visitor.post(NEW, WISH | {"reach": "some", "repo_ids": [repo["id"]]})
    assert 'TGL_PROJECT: team TGL_REPO: "a: b"' in text_of(made)


async def test_a_key_is_restricted_as_the_form_says(ada_visitor: Visitor, ada: Person, database: Database) -> None:
    path = await make_project(ada)
    first, second = [(await make_repo(ada, path, name))["id"] for name in ("one", "two")]
    wish = WISH | {"reach": "some", "repo_ids": [first, second], "networks": "10.0.0.0/8\r\n\r\n ::1 "}
    assert (await ada_visitor.post(NEW, wish | {"expires": "never"})).status == 201
    (row,) = await rows(database, "SELECT repo_ids, CAST(networks AS text[]), expires_at FROM api_keys")
    assert (sorted(map(str, row.repo_ids)), row.networks) == (sorted([first, second]), ["10.0.0.0/8", "::1/128"])
    assert row.expires_at is None


async def test_every_fault_is_shown_at_once_and_nothing_typed_is_lost(
    ada_visitor: Visitor, ada: Person, database: Database
) -> None:
    await make_repo(ada, await make_project(ada))
    wish = {"name": "  ", "expires": "7", "reach": "some", "networks": "10.0.0.1/8\nnonsense"}
    refused = await ada_visitor.post(NEW, wish)
    assert refused.status == 422
    assert re.findall(rb'id="(\w+)-fault"', refused.body) == [b"name", b"scopes", b"expires", b"repo_ids", b"networks"]
    assert "10.0.0.1/8 nonsense" in text_of(refused)
    assert [row.outcome for row in await audited(database, "api_key:created")] == ["refused"]
    assert await count(database, "api_keys") == 0


@pytest.mark.parametrize("field", ["name", "scopes", "expires", "reach", "repo_ids", "networks", "once"])
@pytest.mark.parametrize("value", [HOSTILE, "x" * 10_000, "\u202eevil\U0001f600", "a\nb", "\x01\x1b[2J"])
async def test_whatever_is_typed_is_shown_as_text(ada_visitor: Visitor, field: str, value: str) -> None:
    answer = await ada_visitor.post(NEW, WISH | {"reach": "some", field: value})
    assert answer.status in (201, 422)
    assert b"<script>alert" not in answer.body
    assert b"<script>alert" not in (await ada_visitor.get(KEYS)).body


@pytest.mark.parametrize(
    ("query", "chosen"),
    [
        ("", ["sync:commits", "read:repos", "90", "all"]),
        ("?purpose=laptop", ["sync:commits", "read:repos", "90", "all"]),
        ("?purpose=cron", ["sync:commits", "365", "all"]),
        ("?purpose=ci&name=mine&reach=some", ["sync:commits", "90", "some"]),
        ("?purpose=read&scopes=sync:commits&expires=never", ["read:repos", "90", "all"]),
        ("?scopes=read:repos&expires=never", ["read:repos", "never", "all"]),
        ("?scopes=sync:commits,read:repos", ["sync:commits", "read:repos", "90", "all"]),
        ("?scopes=nonsense&expires=nonsense&purpose=nonsense", ["all"]),
    ],
)
async def test_the_form_is_filled_in_by_its_address(ada_visitor: Visitor, query: str, chosen: list[str]) -> None:
    assert ticked(await ada_visitor.get(f"{NEW}{query}")) == chosen


async def test_a_name_in_the_address_is_in_its_field(ada_visitor: Visitor) -> None:
    assert b'value="laptop-ada"' in (await ada_visitor.get(f"{NEW}?name=laptop-ada&scopes=sync:commits")).body


async def test_the_form_offers_the_repositories_that_one_sees(ada_visitor: Visitor, ada: Person, boss: Person) -> None:
    await make_repo(ada, await make_project(ada), "mine")
    await make_repo(boss, await make_project(boss, "other"), "hidden")
    page = text_of(await ada_visitor.get(NEW))
    assert "Team mine" in page
    assert "hidden" not in page
    hidden = (await boss.get("/projects/other/repos/hidden")).json["id"]
    refused = await ada_visitor.post(NEW, WISH | {"reach": "some", "repo_ids": hidden})
    assert (refused.status, b'id="repo_ids-fault"' in refused.body) == (422, True)
