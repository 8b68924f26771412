"""Identities of the addresses that accounts have proved are theirs without a claim."""

from tests.support.api import Api
from tests.support.database import rows, scalar, until_query
from tests.support.players import made_identities, mapping, push_authors
from tests.support.world import World
from tgl_protocol.accounts import Role, UserState
from tgl_server.accounts.service import create_user
from tgl_server.audit.service import Actor
from tgl_server.db.engine import Database
from tgl_server.players.moving import join_accounts, undo

ADA = ("ada@example.com", "Ada")


async def account(database: Database, email: str, state: UserState = UserState.ACTIVE) -> None:
    async with database.transaction() as tx:
        await create_user(tx, email, role=Role.PLAYER, display_name="Ada of the account", state=state)


async def joined(database: Database) -> int:
    async with database.transaction() as tx:
        return await join_accounts(tx)


async def test_a_server_joins_what_is_pushed_with_the_account_of_the_address(
    api: Api, world: World, database: Database
) -> None:
    await account(database, "Ada@example.com")
    await push_authors(api, world, ADA, ("ben@example.com", "Ben"))
    await until_query(database, "SELECT count(*) = 1 FROM identities WHERE source = 'account'")
    owners = (
        "SELECT i.email, u.email FROM identities i JOIN players p ON p.id = player_id JOIN users u ON u.id = user_id"
    )
    assert [tuple(row) for row in await rows(database, owners)] == [("ada@example.com", "ada@example.com")]


async def test_an_address_that_nobody_has_confirmed_is_not_joined(database: Database) -> None:
    before = await made_identities(database, [ADA])
    await account(database, "ada@example.com", UserState.PENDING)
    assert await joined(database) == 0
    assert {*(await mapping(database)).values()} == {*before.values()}


async def test_what_was_split_off_is_not_joined_again(database: Database) -> None:
    found = await made_identities(database, [ADA])
    await account(database, "ada@example.com")
    assert await joined(database) == 1
    async with database.transaction() as tx:
        player = (await mapping(database))[found[ADA]]
        event = await scalar(database, "SELECT max(id) FROM identity_events")
        await undo(tx, player, event, Actor(), reason="a colleague's machine")
    assert await joined(database) == 0
    assert await mapping(database) == {found[ADA]: found[ADA]}


async def test_an_address_that_many_share_is_nobodys_own(database: Database) -> None:
    await made_identities(database, [("", ""), ("none@none", "Ada")])
    await account(database, "none@none")
    assert await joined(database) == 0
