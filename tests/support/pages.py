"""The statements that a page costs: the application in this process, without what runs beside its requests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
from sqlalchemy import event

from tests.support.people import PASSWORD
from tests.support.servers import SECRET_KEY
from tests.support.visitor import HTML, SAME_SITE
from tgl_server.app import create_app
from tgl_server.services import Services
from tgl_server.settings import BY_ITSELF, Hosting, Settings


class CountedPages:
    """A visitor of the application who learns how many statements each page costs."""

    def __init__(self, services: Services, client: httpx.AsyncClient) -> None:
        self._services, self._client = services, client

    async def sign_in(self, email: str) -> None:
        answer = await self._client.post("/sign-in", data={"email": email, "password": PASSWORD}, headers=SAME_SITE)
        assert answer.status_code == 303, answer.text

    async def statements(self, path: str) -> int:
        """The number of statements of a page that is shown, its session included."""
        counted: list[str] = []
        engine = self._services.database.engine.sync_engine

        def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            counted.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            answer = await self._client.get(path)
        finally:
            event.remove(engine, "before_cursor_execute", note)
        assert answer.status_code == 200, answer.text
        return len(counted)


@asynccontextmanager
async def counted_pages(database_url: str) -> AsyncIterator[CountedPages]:
    """The application over a migrated database, asked in this process."""
    async with in_this_process(database_url) as (services, client):
        yield CountedPages(services, client)


@asynccontextmanager
async def in_this_process(
    database_url: str, hosting: Hosting = BY_ITSELF
) -> AsyncIterator[tuple[Services, httpx.AsyncClient]]:
    """The services of an application in this process, and a browser's requests to it."""
    settings = Settings(database_url=database_url, secret_key=SECRET_KEY, argon2_time_cost=1, argon2_memory_kib=1024)
    app = create_app(settings, hosting=hosting)
    services: Services = app.state["services"]
    await services.passwords.prepare()
    transport = httpx.ASGITransport(app=cast("Any", app))
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://league.test", headers=HTML) as client:
            yield services, client
    finally:
        services.argon2.close()
        await services.rate_limiter.close()
        await services.database.close()
