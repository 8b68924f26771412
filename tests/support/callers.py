"""Every kind of caller that the API can meet, as bearer tokens for one world."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.support.servers import SECRET_KEY
from tests.support.world import World
from tgl_server.accounts.models import AuthSession, Role, UserState
from tgl_server.accounts.service import create_user
from tgl_server.api_keys.models import ApiKeyRow
from tgl_server.api_keys.service import KeyRights, hash_new_key, store_key
from tgl_server.auth.access_token import AccessTokens
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.principal import Scope
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

SETTINGS = Settings(secret_key=SECRET_KEY, argon2_time_cost=1, argon2_memory_kib=1024)

#: Nobody knows these, whatever they ask for.
STRANGERS = (
    "no token",
    "garbage",
    "mistyped key",
    "unknown key",
    "expired JWT",
    "wrong signature",
    "alg none",
    "wrong algorithm",
    "refresh type",
    "retired user",
    "inactive key",
    "expired key",
    "revoked key",
)
PEOPLE = ("pending", "spectator", "player", "member", "maintainer", "owner", "commissioner")
KEYS = (
    "key",
    "key that reads",
    "key that pushes",
    "key for another repository",
    "key from another network",
    "retired user's key",
)

_RESTORE = (
    "INSERT INTO projects (id, slug, name, owner_id) VALUES (:project, 'demo', 'Demo', :owner) ON CONFLICT DO NOTHING",
    """INSERT INTO repos (id, project_id, name, sync_method) VALUES (:repo, :project, 'first', 'push_client')
       ON CONFLICT DO NOTHING""",
    "INSERT INTO repo_states (repo_id) VALUES (:repo) ON CONFLICT DO NOTHING",
    "INSERT INTO sync_runs (repo_id, id, state) VALUES (:repo, :run, 'done') ON CONFLICT DO NOTHING",
    """INSERT INTO project_members (project_id, user_id, role)
       VALUES (:project, :member, 'member'), (:project, :maintainer, 'maintainer') ON CONFLICT DO NOTHING""",
)


class Callers:
    """`tokens` by kind of caller; `restore` puts back what a caller was allowed to delete."""

    def __init__(self, database: Database, world: World) -> None:
        self._database = database
        self._world = world
        self._ids: dict[str, UUID] = {"owner": world.user_id}
        self._tokens = AccessTokens(SETTINGS)
        self.tokens: dict[str, str | None] = {"no token": None, "garbage": "eyJ.not.atoken"}
        self.key_id: UUID
        self.run_id = UUID(int=2)

    def address(self, endpoint: str) -> tuple[str, str]:
        """The method and the path of an endpoint, with the names and ids of this world in it."""
        world = self._world
        ids = {
            "user_id": self.member_id,
            "key_id": self.key_id,
            "run_id": self.run_id,
            "sha": "0" * 40,
            "hook_id": UUID(int=3),
            "endpoint_id": UUID(int=3),
            "delivery_id": UUID(int=3),
            "player_id": UUID(int=4),
            "claim_id": UUID(int=4),
            "dismissal_id": UUID(int=4),
            "identity_id": UUID(int=4),
            "league": "none",
            "number": 1,
            "version": 1,
            "seq": 1,
            "week": 1,
            "player": UUID(int=4),
            "day": "2026-01-06",
        }
        method, path = endpoint.format(project=world.project, repo=world.repo, **ids).split()
        return method, path

    @property
    def member_id(self) -> UUID:
        return self._ids["member"]

    async def make(self) -> None:
        argon2 = Argon2(SETTINGS)
        async with self._database.transaction() as tx:
            # The world's owner is a commissioner; here that right would hide what owning alone allows.
            await tx.execute(text("UPDATE users SET role = 'player'"))
            await self._make_people(tx)
            await self._make_keys(tx, argon2)
        argon2.close()
        await self.restore()

    async def add_key(self, caller: str, person: str, **rights: Any) -> None:
        """One more caller: a key of this person's with these `KeyRights`."""
        argon2 = Argon2(SETTINGS)
        async with self._database.transaction() as tx:
            await self._key(tx, argon2, caller, KeyRights(**rights), self._ids[person])
        argon2.close()

    async def restore(self) -> None:
        named = {name: self._ids[name] for name in ("owner", "member", "maintainer")}
        which = {"project": self._world.project_id, "repo": self._world.repo_id, "run": self.run_id}
        async with self._database.transaction() as tx:
            for statement in _RESTORE:
                await tx.execute(text(statement), {**named, **which})

    async def _make_people(self, tx: AsyncSession) -> None:
        states = {"pending": UserState.PENDING, "retired user": UserState.RETIRED}
        roles = {"spectator": Role.SPECTATOR, "commissioner": Role.COMMISSIONER}
        for name in (*PEOPLE, "retired user"):
            if name not in self._ids:
                email = f"{name.replace(' ', '-')}@example.com"
                role, state = roles.get(name, Role.PLAYER), states.get(name, UserState.ACTIVE)
                self._ids[name] = (await create_user(tx, email, role=role, state=state)).id
            self.tokens[name] = await self._session(tx, self._ids[name])
        self._forge(await self._session(tx, self._ids["owner"]))

    async def _session(self, tx: AsyncSession, user_id: UUID) -> str:
        session = AuthSession(user_id=user_id, expires_at=datetime.now(UTC) + timedelta(days=1))
        tx.add(session)
        await tx.flush()
        return self._tokens.issue(user_id, session.id, datetime.now(UTC))

    def _forge(self, good: str) -> None:
        """An access token that an attacker forges from the owner's claims."""
        claims = jwt.decode(good, options={"verify_signature": False})
        past = {**claims, "iat": claims["iat"] - 9999, "exp": claims["exp"] - 9999}
        self.tokens["expired JWT"] = jwt.encode(past, SECRET_KEY, algorithm="HS256")
        self.tokens["wrong signature"] = jwt.encode(claims, "x" * 40, algorithm="HS256")
        self.tokens["wrong algorithm"] = jwt.encode(claims, SECRET_KEY + SECRET_KEY, algorithm="HS512")
        self.tokens["refresh type"] = jwt.encode({**claims, "typ": "refresh"}, SECRET_KEY, algorithm="HS256")
        self.tokens["alg none"] = f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}."

    async def _make_keys(self, tx: AsyncSession, argon2: Argon2) -> None:
        past = datetime.now(UTC) - timedelta(minutes=1)
        self.key_id = (await self._key(tx, argon2, "key", KeyRights())).id
        await self._key(tx, argon2, "key", KeyRights())  # `key_id` is one that nobody calls with
        await self._key(tx, argon2, "key that reads", KeyRights(scopes=frozenset({Scope.READ_REPOS})))
        await self._key(tx, argon2, "key that pushes", KeyRights(scopes=frozenset({Scope.SYNC_COMMITS})))
        await self._key(tx, argon2, "key for another repository", KeyRights(repo_ids=[UUID(int=1)]))
        await self._key(tx, argon2, "key from another network", KeyRights(networks=["203.0.113.0/24"]))
        await self._key(tx, argon2, "expired key", KeyRights(expires_at=past))
        (await self._key(tx, argon2, "inactive key", KeyRights())).is_active = False
        (await self._key(tx, argon2, "revoked key", KeyRights())).revoked_at = past
        await self._key(tx, argon2, "retired user's key", KeyRights(), self._ids["retired user"])
        known = self.tokens["key"]
        assert known is not None
        self.tokens["mistyped key"] = known[:-1] + ("a" if known[-1] != "a" else "b")
        self.tokens["unknown key"] = (await hash_new_key(argon2)).key.full_key

    async def _key(
        self, tx: AsyncSession, argon2: Argon2, name: str, rights: KeyRights, user_id: UUID | None = None
    ) -> ApiKeyRow:
        hashed = await hash_new_key(argon2)
        self.tokens[name] = hashed.key.full_key
        return await store_key(tx, hashed, user_id or self._ids["owner"], name, rights)


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
