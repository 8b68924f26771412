"""Who is shown people, keys and network addresses: everything that the API answers to each kind of caller, searched.

Each account has an address, a name and keys like nobody else's, so that it is known whose an answer shows.
"""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.support.access import Expected, rows_of_features
from tests.support.api import Api
from tests.support.callers import KEYS, PEOPLE, STRANGERS, Callers
from tests.support.commits import batch, commit
from tests.support.servers import RunningServer
from tests.support.world import World
from tgl_server.db.engine import Database

_MARK_PEOPLE = text("""
    UPDATE users SET email = replace(email, '@example.com', '@people.example'),
                     display_name = 'Name of ' || split_part(email, '@', 1) || '!'
""")
_MARK_USE = text("UPDATE api_keys SET last_used_ip = '198.51.100.7', last_used_at = now()")
_OWNER = "owner-of-demo"

_REFUSED = (401, 403, 404)
#: Not asked: it would end the sessions of those who ask on.
_LEFT_OUT = "POST /api/v1/auth/logout"
_BODIES: dict[str, Any] = {
    "POST /api/v1/projects": {"slug": "new", "name": "New"},
    "PATCH /api/v1/projects/{project}": {"description": "Changed"},
    "POST /api/v1/projects/{project}/repos": {"name": "new"},
    "PATCH /api/v1/projects/{project}/members/{user_id}": {"role": "member"},
    "POST /api/v1/api-keys": {"name": "new"},
    "POST /api/v1/auth/password": {"current_password": "wrong", "new_password": "correct horse battery"},
}


def of(kind: str, *names: str) -> set[str]:
    return {f"{kind} of {name}" for name in names}


def people(*names: str) -> set[str]:
    return of("address", *names) | of("name", *names)


_IN_PROJECT = people("member", "maintainer") | of("name", _OWNER)
_PUSHED = of("key", "key", "key that pushes", "key for this repository", "maintainer's key")
_KEYS = (*KEYS, "inactive key", "expired key", "revoked key", "key for this repository", "maintainer's key")
_OF_OWNER = of("key", *_KEYS) - of("key", "retired user's key", "maintainer's key")
_EVERYBODY = people(*PEOPLE, _OWNER, "retired-user") - people("owner")

#: Everything that each caller sees anywhere. `a network` is the network address of somebody's computer.
SEES: dict[str, set[str]] = {
    **{caller: set() for caller in STRANGERS},
    "pending": people("pending"),
    "spectator": people("spectator"),
    "player": people("player"),
    "member": _IN_PROJECT,
    "maintainer": _IN_PROJECT | _PUSHED | {"a network"},
    "owner": _IN_PROJECT | people(_OWNER) | _PUSHED | _OF_OWNER | {"a network"},
    "commissioner": _EVERYBODY | of("key", *_KEYS) | {"a network"},
    "key": _IN_PROJECT | people(_OWNER) | _PUSHED,
    "key that reads": _IN_PROJECT | people(_OWNER) | _PUSHED | of("key", "key that reads"),
    "key that pushes": of("key", "key that pushes"),
    "key for this repository": of("key", "key for this repository"),
    "key for another repository": of("key", "key for another repository"),
    "key from another network": set(),
    "retired user's key": set(),
}


@pytest.fixture
async def callers(server: RunningServer, database: Database, world: World) -> Callers:
    """All callers; four of their keys have pushed."""
    callers = Callers(database, world)
    await callers.make()
    await callers.add_key("key for this repository", "owner", repo_ids=[world.repo_id])
    await callers.add_key("maintainer's key", "maintainer")
    for key in sorted(_PUSHED):
        async with Api(server.url, callers.tokens[key.removeprefix("key of ")]) as api:
            assert (await api.post(f"{world.sync_path}/commits", batch(commit(key)))).status == 201
    async with database.transaction() as tx:
        await tx.execute(_MARK_PEOPLE)
        await tx.execute(_MARK_USE)
    return callers


async def test_each_caller_sees_the_people_keys_and_networks_that_are_theirs_to_see(
    callers: Callers, server: RunningServer, world: World
) -> None:
    """A caller who may not change a thing is asked nothing: one form of refusal shows as little as another."""
    found: dict[str, set[str]] = {caller: set() for caller in SEES}
    for endpoint, row in _endpoints():
        for caller in SEES:
            if not endpoint.startswith("GET") and row.get(caller) in _REFUSED:
                continue
            async with Api(server.url, callers.tokens[caller]) as api:
                found[caller] |= await _shown(api, endpoint, callers, world)
            if not endpoint.startswith("GET"):
                await callers.restore()
    assert _differences(found, SEES) == _differences(SEES, found) == {}


def _differences(some: dict[str, set[str]], others: dict[str, set[str]]) -> dict[str, list[str]]:
    """What callers see in `some` and not in `others`."""
    return {caller: sorted(seen - others[caller]) for caller, seen in some.items() if seen - others[caller]}


def _endpoints() -> Iterator[tuple[str, Expected]]:
    """Reading first, as what is deleted afterwards shows nothing any more."""
    rows = rows_of_features()
    assert {_LEFT_OUT, *_BODIES} <= rows.keys()
    for endpoint in sorted(rows.keys() - {_LEFT_OUT}, key=lambda endpoint: (endpoint[:3] != "GET", endpoint)):
        yield endpoint, rows[endpoint]


async def _shown(api: Api, endpoint: str, callers: Callers, world: World) -> set[str]:
    method, path = callers.address(endpoint)
    answer = await api.request(method, path, json=None if method == "GET" else _BODIES.get(endpoint, {}))
    return set(_facts(answer.body.decode(), callers))


def _facts(answered: str, callers: Callers) -> Iterator[str]:
    owners = {token[:12]: caller for caller, token in callers.tokens.items() if token and caller in _KEYS}
    yield from of("address", *re.findall(r"([\w-]+)@people\.example", answered))
    yield from of("name", *re.findall(r"Name of ([\w-]+)!", answered))
    yield from of("key", *(owners[prefix] for prefix in re.findall(r"tgl_\w{8}", answered) if prefix in owners))
    # Behind a scheme it is the address of the server itself.
    if re.search(r"(?<!//)127\.0\.0\.1|198\.51\.100\.7", answered):
        yield "a network"


def test_whatever_is_planted_is_found() -> None:
    class OneKey(Callers):
        def __init__(self) -> None:
            self.tokens = {"key": "tgl_AAAAAAAA_secret"}
            self.key_id = UUID(int=0)

    shown = '{"email": "ada@people.example", "by": "Name of ada!", "prefix": "tgl_AAAAAAAA", "ip": "127.0.0.1"}'
    assert set(_facts(shown, OneKey())) == people("ada") | of("key", "key") | {"a network"}
