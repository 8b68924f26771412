"""The follower of players: each author of each repository, and an identity for each."""

from datetime import timedelta

from tests.support.api import Api
from tests.support.database import count, execute, rows
from tests.support.players import identities, push_authors, until_identified
from tests.support.world import World
from tgl_server.access.ids import RepoId
from tgl_server.audit.service import Actor
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.followers.service import follow_anew
from tgl_server.players.service import PLAYERS
from tgl_server.projects.service import delete_repo
from tgl_server.verify.service import FaultKind, find_faults, repair

TIMEOUT = timedelta(minutes=15)
AUTHORS = [("ada@example.com", "Ada"), ("ada@example.com", "Ada L."), ("none@none", "Ben"), ("", "")]


async def authors(database: Database) -> set[tuple[str, str]]:
    return {(row.email, row.name) for row in await rows(database, "SELECT email, name FROM repo_authors")}


async def test_authors_of_what_is_pushed_become_identities(api: Api, world: World, database: Database) -> None:
    await push_authors(api, world, *AUTHORS)
    await until_identified(database)
    assert await authors(database) == {*AUTHORS}
    assert await identities(database) == {("ada@example.com", ""), ("none@none", "Ben"), ("", "")}
    await push_authors(api, world, ("ADA@example.com", "Countess"), ("none@none", "Cy"))
    await until_identified(database)
    assert await authors(database) == {*AUTHORS, ("ada@example.com", "Countess"), ("none@none", "Cy")}
    assert await count(database, "players") == 4


async def test_from_nothing_come_the_same_authors(api: Api, world: World, database: Database) -> None:
    await push_authors(api, world, *AUTHORS)
    await until_identified(database)
    await execute(database, "DELETE FROM repo_authors")
    async with database.transaction() as tx:
        assert await follow_anew(tx, PLAYERS, RepoId(world.repo_id))
    assert await authors(database) == {*AUTHORS}
    assert await count(database, "players") == 3


async def test_a_missing_author_and_a_missing_identity_are_found_and_repaired(
    api: Api, world: World, database: Database
) -> None:
    await push_authors(api, world, *AUTHORS)
    await until_identified(database)
    faults = "DELETE FROM repo_authors WHERE name = 'Ben'", "DELETE FROM identities WHERE email = 'ada@example.com'"
    for fault in faults:
        await execute(database, fault)
        (found,) = await find_faults(database, TIMEOUT, FOLLOWERS)
        assert (found.kind, found.subject) == (FaultKind.FOLLOWER, "players")
        assert await repair(database, found, TIMEOUT, FOLLOWERS)
        assert await find_faults(database, TIMEOUT, FOLLOWERS) == []


async def test_a_deleted_repository_takes_its_authors_along(api: Api, world: World, database: Database) -> None:
    await push_authors(api, world, *AUTHORS)
    await until_identified(database)
    async with database.transaction() as tx:
        await delete_repo(tx, RepoId(world.repo_id), Actor(), FOLLOWERS)
    assert await count(database, "repo_authors") == 0
