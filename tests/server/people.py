"""People who have logged in, and their keys: whoever a test needs, over HTTP as themselves."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from tests.api import Answer, Api
from tests.servers import RunningServer
from tgl_server.accounts.models import Role, User
from tgl_server.accounts.service import create_user
from tgl_server.api_keys.service import create_key
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.principal import Scope
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Person:
    """`api` sends their access token, or one of their keys."""

    id: UUID
    email: str
    api: Api

    async def get(self, path: str, **arguments: Any) -> Answer:
        return await self.api.get(f"/api/v1{path}", **arguments)

    async def post(self, path: str, json: Any) -> Answer:
        return await self.api.post(f"/api/v1{path}", json)

    async def patch(self, path: str, json: Any) -> Answer:
        return await self.api.request("PATCH", f"/api/v1{path}", json=json)

    async def delete(self, path: str) -> Answer:
        return await self.api.request("DELETE", f"/api/v1{path}")


class People:
    """Makes accounts and logs them in."""

    def __init__(self, server: RunningServer, database: Database, stack: AsyncExitStack) -> None:
        self._server, self._database, self._stack = server, database, stack
        self._argon2 = Argon2(Settings(argon2_time_cost=1, argon2_memory_kib=1024))
        stack.callback(self._argon2.close)

    async def make(self, name: str, role: Role = Role.PLAYER) -> Person:
        """A new account that has logged in."""
        email = f"{name}@example.com"
        async with self._database.transaction() as tx:
            hashed = await self._argon2.hash(PASSWORD)
            user = await create_user(tx, email, role=role, display_name=name.title(), password_hash=hashed)
        return Person(user.id, email, await self._api(await self._log_in(email)))

    async def with_key(
        self, person: Person, scopes: Iterable[Scope] = tuple(Scope), repo_ids: list[UUID] | None = None
    ) -> Person:
        """The same person, calling with a new key."""
        async with self._database.transaction() as tx:
            row, key = await create_key(tx, self._argon2, person.id, "test", scopes=scopes)
            row.repo_ids = repo_ids
        return Person(person.id, person.email, await self._api(key.full_key))

    async def set_state(self, person: Person, state: str) -> None:
        async with self._database.transaction() as tx:
            user = await tx.get(User, person.id)
            assert user is not None
            user.state = state

    async def _log_in(self, email: str) -> str:
        async with Api(self._server.url) as api:
            answer = await api.post("/api/v1/auth/login", {"email": email, "password": PASSWORD})
        assert answer.status == 200, answer.body
        token: str = answer.json["access_token"]
        return token

    async def _api(self, token: str) -> Api:
        return await self._stack.enter_async_context(Api(self._server.url, token))


@pytest.fixture
async def people(server: RunningServer, database: Database) -> AsyncIterator[People]:
    async with AsyncExitStack() as stack:
        yield People(server, database, stack)
