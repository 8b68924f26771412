"""What the tests of accounts ask again and again, over HTTP and on a connection of their own."""

from typing import Any

from sqlalchemy import text

from tests.api import Answer, Api
from tests.server.people import PASSWORD
from tgl_server.db.engine import Database

NEWCOMER = "newcomer@example.com"


async def register(api: Api, email: str = NEWCOMER, **more: Any) -> Answer:
    return await api.post("/api/v1/auth/register", {"email": email, "password": PASSWORD, **more})


async def log_in(api: Api, email: str = NEWCOMER, password: str = PASSWORD) -> Answer:
    return await api.post("/api/v1/auth/login", {"email": email, "password": password})


async def refresh(api: Api, refresh_token: str) -> Answer:
    return await api.post("/api/v1/auth/refresh", {"refresh_token": refresh_token})


async def ask(api: Api, token: str, path: str = "/auth/me", method: str = "GET", **arguments: Any) -> Answer:
    """With another token than the session's own."""
    return await api.request(method, f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"}, **arguments)


async def rows(database: Database, query: str, **parameters: Any) -> list[Any]:
    """Read on a connection of the test's own."""
    async with database.statements() as connection:
        return list((await connection.execute(text(query), parameters)).all())


async def audited(database: Database, action: str) -> list[Any]:
    """Outcome, details and resource of each row with this action, oldest first."""
    query = "SELECT outcome, details, resource_id, actor_user_id, actor_key_id FROM audit_logs WHERE action = :action"
    return await rows(database, f"{query} ORDER BY id", action=action)


async def execute(database: Database, statement: str, **parameters: Any) -> None:
    async with database.transaction() as tx:
        await tx.execute(text(statement), parameters)
