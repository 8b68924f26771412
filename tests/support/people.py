"""People who have logged in, and their keys: whoever a test needs, over HTTP as themselves.

Below them, what people do over HTTP in many tests: ask for an account, log in, make a project, a repository, a key.
"""

from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.support.api import Answer, Api
from tests.support.hashing import quick_argon2
from tests.support.servers import RunningServer
from tgl_server.accounts.models import Role, User
from tgl_server.accounts.service import create_user
from tgl_server.api_keys.service import create_key
from tgl_server.auth.principal import Scope
from tgl_server.auth.turns import Queue
from tgl_server.db.engine import Database

PASSWORD = "correct horse battery staple"
NEWCOMER = "newcomer@example.com"


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

    async def put(self, path: str, json: Any) -> Answer:
        return await self.api.request("PUT", f"/api/v1{path}", json=json)

    async def patch(self, path: str, json: Any) -> Answer:
        return await self.api.request("PATCH", f"/api/v1{path}", json=json)

    async def delete(self, path: str) -> Answer:
        return await self.api.request("DELETE", f"/api/v1{path}")


class People:
    """Makes accounts and logs them in."""

    def __init__(self, server: RunningServer, database: Database, stack: AsyncExitStack) -> None:
        self._server, self._database, self._stack = server, database, stack
        self._argon2 = stack.enter_context(quick_argon2())

    async def make(self, name: str, role: Role = Role.PLAYER) -> Person:
        """A new account that has logged in."""
        email = f"{name}@example.com"
        async with self._database.transaction() as tx:
            hashed = await self._argon2.hash(PASSWORD, Queue.KNOWN)
            user = await create_user(tx, email, role=role, display_name=name.title(), password_hash=hashed)
        return Person(user.id, email, await self._api(await self._log_in(email)))

    async def with_key(
        self, person: Person, scopes: Iterable[Scope] = tuple(Scope), repo_ids: list[UUID] | None = None
    ) -> Person:
        """This person with a new API key in place of the session."""
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
            answer = await log_in(api, email)
        assert answer.status == 200, answer.body
        token: str = answer.json["access_token"]
        return token

    async def _api(self, token: str) -> Api:
        return await self._stack.enter_async_context(Api(self._server.url, token))


async def register(api: Api, email: str = NEWCOMER, **more: Any) -> Answer:
    return await api.post("/api/v1/auth/register", {"email": email, "password": PASSWORD, **more})


async def log_in(api: Api, email: str = NEWCOMER, password: str = PASSWORD) -> Answer:
    return await api.post("/api/v1/auth/login", {"email": email, "password": password})


async def refresh(api: Api, refresh_token: str) -> Answer:
    return await api.post("/api/v1/auth/refresh", {"refresh_token": refresh_token})


async def ask(api: Api, token: str, path: str = "/auth/me", method: str = "GET", **arguments: Any) -> Answer:
    """Send a request with a token that is not the session's own."""
    return await api.request(method, f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"}, **arguments)


async def make_project(owner: Person, slug: str = "team") -> str:
    """The path of a new project."""
    answer = await owner.post("/projects", {"slug": slug, "name": slug.title()})
    assert answer.status == 201, answer.body
    return f"/projects/{slug}"


async def make_repo(person: Person, project_path: str, name: str = "linux", **fields: Any) -> dict[str, Any]:
    """A new repository, as the API shows it."""
    answer = await person.post(f"{project_path}/repos", {"name": name, **fields})
    assert answer.status == 201, answer.body
    found: dict[str, Any] = answer.json
    return found


async def make_key(person: Person, **wanted: Any) -> dict[str, Any]:
    """A new key with its secret, as the API shows it once."""
    answer = await person.post("/api-keys/", {"name": "ci", **wanted})
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.json
    return made


async def use_key(api: Api, key: dict[str, Any], path: str = "/auth/me") -> Answer:
    """Call with a key that `make_key` made."""
    return await ask(api, key["full_key"], path)
