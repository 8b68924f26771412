"""Players of the tests: waiting for the follower, and who has which identity."""

from collections.abc import Iterable
from uuid import UUID

from tests.support.api import Api
from tests.support.commits import batch, commit
from tests.support.database import rows, until_query
from tests.support.world import World
from tgl_server.db.engine import Database
from tgl_server.players.identifying import Author, identify_authors

ARE_FOLLOWED = """
    SELECT count(*) > 0 AND bool_and(m.seq = s.ingest_seq)
    FROM follower_marks m JOIN repo_states s USING (repo_id) WHERE m.follower = 'players'
"""


async def push_authors(api: Api, world: World, *authors: tuple[str, str]) -> None:
    """Push a commit of each author, by address and name."""
    commits = [commit(author, author_email=author[0], author_name=author[1]) for author in authors]
    answer = await api.post(f"{world.sync_path}/commits", batch(*commits))
    assert answer.status == 201, answer.body


async def until_identified(database: Database) -> None:
    """Wait until a server has identified the authors of all that was pushed."""
    await until_query(database, ARE_FOLLOWED)


async def made_identities(database: Database, authors: Iterable[tuple[str, str]]) -> dict[tuple[str, str], UUID]:
    """Make the identities of authors; their ids, in the order of the authors."""
    given = [Author(*author) for author in authors]
    async with database.transaction() as tx:
        found = await identify_authors(tx, given)
    return {(author.email, author.name): found[author].identity_id for author in dict.fromkeys(given)}


async def mapping(database: Database) -> dict[UUID, UUID]:
    """The player of each identity."""
    return {row.id: row.player_id for row in await rows(database, "SELECT id, player_id FROM identities")}


async def identities(database: Database) -> set[tuple[str, str]]:
    """Address and name of each identity."""
    return {(row.email, row.name) for row in await rows(database, "SELECT email, name FROM identities")}
