"""Hidden people and pseudonyms: name and address are in no answer, file or page of anybody else."""

import pytest

from tests.support.api import Api
from tests.support.commits import batch, commit, sha_of
from tests.support.database import execute, until_query
from tests.support.people import People, Person
from tests.support.players import until_identified
from tests.support.servers import RunningServer
from tests.support.sums import until_followed
from tests.support.visitor import Visitor
from tests.support.world import World
from tgl_server.access.names import FORMER_NAME, HIDDEN_NAME, Names
from tgl_server.accounts.models import Role
from tgl_server.db.engine import Database

SECRETS = ("lovelace", "augusta")
HERS = "Ada Lovelace", "augusta@example.com"
PATHS = (
    "/api/v1/projects/demo/repos/first/commits",
    "/api/v1/projects/demo/repos/first/commits?author=augusta@example.com",
    f"/api/v1/projects/demo/repos/first/commits/{sha_of('hers')}",
    f"/api/v1/projects/demo/repos/first/explain/{sha_of('hers')}",
    "/api/v1/projects/demo/repos/first/contributors",
    "/api/v1/projects/demo/repos/first/contributors?period=30d&limit=2",
    "/api/v1/projects/demo/repos/first/contributors?format=csv",
)
PAGES = (
    "/projects/demo/repos/first/people",
    "/projects/demo/repos/first/people.csv",
    "/projects/demo/repos/first/commits",
    "/projects/demo/repos/first/branches",
    f"/projects/demo/repos/first/find?sha={sha_of('hers')}",
    f"/find?sha={sha_of('hers')}",
)


@pytest.fixture
async def her(api: Api, world: World, people: People, database: Database) -> Person:
    """Ada, whose commits are pushed and known to be hers, with those of others who name her."""
    ada = await people.make("augusta")
    trailer = f"Words\n\nCo-authored-by: {HERS[0]} <{HERS[1].upper()}>\nSigned-off-by: Ben <ben@example.com>\n"
    commits = (
        commit("hers", author_name=HERS[0], author_email=HERS[1], committer_name=HERS[0], committer_email=HERS[1]),
        commit("ben's", author_name="Ben", author_email="ben@example.com", message_body=trailer),
    )
    assert (await api.post(f"{world.sync_path}/commits", batch(*commits))).status == 201
    tips = {"refs": {"refs/heads/main": sha_of("hers")}}
    assert (await api.request("PUT", f"{world.sync_path}/refs", json=tips)).status == 200
    await until_followed(database)
    await until_identified(database)
    await until_query(database, "SELECT count(*) = 1 FROM identities WHERE source = 'account'")
    await execute(
        database,
        "UPDATE users SET display_name = 'Countess Lovelace' WHERE email = 'augusta@example.com'",
        "INSERT INTO project_members (project_id, user_id, role) SELECT id, :ada, 'member' FROM projects",
        ada=ada.id,
    )
    return ada


async def look(database: Database, visibility: str, name: str | None = None) -> None:
    query = "UPDATE players SET visibility = :visibility, shown_name = CAST(:name AS text) WHERE user_id IS NOT NULL"
    await execute(database, query, visibility=visibility, name=name)


async def erase(database: Database) -> None:
    await execute(database, "UPDATE players SET state = 'erased', user_id = NULL WHERE user_id IS NOT NULL")


async def bodies(server: RunningServer, reader: Person) -> dict[str, str]:
    """What somebody is answered at each address, in lower case."""
    found = {}
    for path in PATHS:
        answer = await reader.api.get(path)
        assert answer.status == 200, answer.body
        found[path] = answer.body.decode().lower()
    async with Visitor(server.url) as visitor:
        await visitor.sign_in(reader.email)
        for path in PAGES:
            answer = await visitor.get(path)
            assert answer.status == 200, answer.body
            found[path] = answer.body.decode().lower()
    return found


@pytest.mark.parametrize("visibility", ["hidden", "pseudonym", "erased"])
async def test_name_and_address_are_shown_to_nobody_else(
    server: RunningServer, her: Person, people: People, database: Database, visibility: str
) -> None:
    if visibility == "erased":
        await erase(database)
    else:
        await look(database, visibility, "Enchantress")
    boss = await people.make("boss", Role.COMMISSIONER)
    found = await bodies(server, boss)
    told = {path: [secret for secret in SECRETS if secret in body] for path, body in found.items()}
    told[
        "/api/v1/projects/demo/repos/first/commits?author=augusta@example.com"
    ] = []  # the address is the caller's own words
    assert {path: secrets for path, secrets in told.items() if secrets} == {}
    name = {"hidden": HIDDEN_NAME, "pseudonym": "enchantress", "erased": FORMER_NAME}[visibility]
    commits = found["/api/v1/projects/demo/repos/first/commits"]
    assert f'"author_name":"{name}","author_email":""' in commits
    assert f"co-authored-by: {name}" in commits
    assert "signed-off-by: ben <ben@example.com>" in commits
    assert '"items":[]' in found["/api/v1/projects/demo/repos/first/commits?author=augusta@example.com"]


async def test_they_themselves_see_what_is_theirs(server: RunningServer, her: Person, database: Database) -> None:
    await look(database, "hidden")
    found = await bodies(server, her)
    old = "/api/v1/projects/demo/repos/first/contributors?period=30d&limit=2"
    assert [path for path, body in found.items() if "lovelace" not in body] == [old]


async def test_who_is_hidden_has_no_row_and_who_has_a_pseudonym_has_one_without_an_address(
    her: Person, people: People, database: Database
) -> None:
    boss = await people.make("boss", Role.COMMISSIONER)

    async def contributors() -> list[tuple[str, str, list[str]]]:
        items = (await boss.get("/projects/demo/repos/first/contributors")).json["items"]
        return sorted((item["author_name"], item["author_email"], item["emails"]) for item in items)

    ben = ("Ben", "ben@example.com", ["ben@example.com"])
    assert await contributors() == [ben, ("Countess Lovelace", "augusta@example.com", ["augusta@example.com"])]
    await look(database, "hidden")
    assert await contributors() == [ben]
    await look(database, "pseudonym", "Enchantress")
    assert await contributors() == [ben, ("Enchantress", "", [])]


def test_a_name_of_a_shared_address_hides_nobody_else_of_it() -> None:
    names = Names({("none@none", "Ada"): "X", ("a+b@c.de", ""): "Y"})
    assert names.other_than("none@none", "Ada") == "X"
    assert names.other_than("none@none", "Ben") is None
    assert names.other_than("a+b@c.de", "Cy") == "Y"
    assert names.text("By: Cy <a+b@c.de>, A+B@C.de; axb@c.de") == "By: Y, Y; axb@c.de"
