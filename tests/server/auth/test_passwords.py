"""How passwords are hashed and compared, and for whom it costs what."""

from collections import Counter

import pytest
from argon2 import Parameters, extract_parameters

from tests.support.database import execute
from tests.support.hashing import MakeArgon2
from tests.support.people import PASSWORD
from tgl_server.accounts.models import Role
from tgl_server.accounts.service import create_user
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.decoys import Decoys, decoy_like
from tgl_server.auth.passwords import Passwords
from tgl_server.auth.turns import Queue
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

SETTINGS = Settings(secret_key="always the same decoys")


@pytest.fixture
async def passwords(argon2: Argon2, database: Database) -> Passwords:
    return await _prepared(argon2, database)


async def _prepared(argon2: Argon2, database: Database) -> Passwords:
    passwords = Passwords(argon2, Decoys(database, argon2, SETTINGS))
    await passwords.prepare()
    return passwords


async def test_a_hash_is_argon2id_and_matches_its_password_alone(passwords: Passwords) -> None:
    hashed = await passwords.hash(PASSWORD, Queue.KNOWN)
    assert hashed.startswith("$argon2id$v=19$m=1024,t=1,p=1$")
    assert await passwords.verify(hashed, PASSWORD, Queue.KNOWN)
    assert not await passwords.verify(hashed, PASSWORD + " ", Queue.KNOWN)


async def test_the_same_text_in_another_normal_form_is_the_same_password(passwords: Passwords) -> None:
    hashed = await passwords.hash("Zo\u00eb's \ufb01ne password", Queue.KNOWN)
    assert await passwords.verify(hashed, "Zoe\u0308's fine password", Queue.KNOWN)


async def test_a_hash_is_renewed_only_when_its_parameters_are_old(passwords: Passwords, database: Database) -> None:
    old = await passwords.hash(PASSWORD, Queue.KNOWN)
    assert await passwords.renewed(old, PASSWORD) is None
    stronger = Argon2(Settings(argon2_time_cost=2, argon2_memory_kib=2048))
    renewed = await (await _prepared(stronger, database)).renewed(old, PASSWORD)
    stronger.close()
    assert renewed is not None
    assert renewed.startswith("$argon2id$v=19$m=2048,t=2,p=1$")
    assert await passwords.verify(renewed, PASSWORD, Queue.KNOWN)


class Computed:
    """Logins at a server with these parameters, and those of the hash that is computed for each."""

    def __init__(self, argon2: Argon2, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self._argon2, self._database = argon2, database
        self._seen: list[str] = []
        verify = argon2.verify

        async def note(hashed: str, secret: str, queue: Queue) -> bool:
            self._seen.append(hashed)
            return await verify(hashed, secret, queue)

        monkeypatch.setattr(argon2, "verify", note)

    async def by(self, *emails: str, hashed: str | None = None) -> list[Parameters]:
        passwords = await _prepared(self._argon2, self._database)
        self._seen.clear()
        for email in emails:
            assert not await passwords.verify_login(email, hashed, "not the password", Queue.KNOWN)
        return [extract_parameters(seen) for seen in self._seen]


@pytest.fixture
def computed(make_argon2: MakeArgon2, database: Database, monkeypatch: pytest.MonkeyPatch) -> Computed:
    """Where the parameters have been raised to 256 KiB."""
    return Computed(make_argon2(256), database, monkeypatch)


async def _add_users(database: Database, argon2: Argon2, name: str, count: int) -> str:
    """Accounts with one hash, which is returned."""
    hashed = await argon2.hash(PASSWORD, Queue.KNOWN)
    async with database.transaction() as tx:
        for number in range(count):
            await create_user(tx, f"{name}-{number}@example.com", role=Role.PLAYER, password_hash=hashed)
    return hashed


async def test_no_account_costs_what_an_account_does_after_the_parameters_were_raised(
    computed: Computed, make_argon2: MakeArgon2, database: Database
) -> None:
    stored = await _add_users(database, make_argon2(64), "old", 2)
    (of_account,) = await computed.by("old-0@example.com", hashed=stored)
    assert await computed.by("nobody@example.com", "else@example.com") == [of_account, of_account]
    assert of_account.memory_cost == 64


async def test_of_addresses_without_an_account_as_many_cost_what_as_of_accounts(
    computed: Computed, make_argon2: MakeArgon2, database: Database
) -> None:
    await _add_users(database, make_argon2(64), "old", 3)
    await _add_users(database, make_argon2(256), "new", 1)
    invented = [f"invented-{number}@example.com" for number in range(200)]
    first = await computed.by(*invented)
    assert first == await computed.by(*(email.upper() for email in invented))
    costs = Counter(parameters.memory_cost for parameters in first)
    assert costs.keys() == {64, 256}
    assert 120 <= costs[64] <= 180


async def test_an_address_changes_once_as_accounts_change_to_todays_parameters(
    computed: Computed, make_argon2: MakeArgon2, database: Database
) -> None:
    await _add_users(database, make_argon2(64), "old", 4)
    todays = await make_argon2(256).hash(PASSWORD, Queue.KNOWN)
    invented = [f"invented-{number}@example.com" for number in range(60)]
    costs = []
    for number in range(5):
        costs.append([parameters.memory_cost for parameters in await computed.by(*invented)])
        renew = "UPDATE users SET password_hash = :hash WHERE email = :email"
        await execute(database, renew, hash=todays, email=f"old-{number}@example.com")
    assert {tuple(sorted(of_one)) == of_one for of_one in zip(*costs, strict=True)} == {True}
    assert [set(each) for each in (costs[0], costs[-1])] == [{64}, {256}]


async def test_where_nobody_has_a_password_it_costs_what_the_first_will(computed: Computed) -> None:
    (parameters,) = await computed.by("nobody@example.com")
    assert parameters.memory_cost == 256


async def test_a_decoy_has_the_parameters_of_a_hash_and_nothing_else_of_it(argon2: Argon2) -> None:
    hashed = await argon2.hash(PASSWORD, Queue.KNOWN)
    decoy = decoy_like(hashed)
    assert extract_parameters(decoy) == extract_parameters(hashed)
    assert not set(decoy.split("$")[-2:]) & set(hashed.split("$")[-2:])
    assert not await argon2.verify(decoy, PASSWORD, Queue.KNOWN)
