"""A receiver of events: an HTTP server on loopback that keeps what arrives and answers as it is told."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web
from standardwebhooks import Webhook

Answer = Callable[["Message"], Awaitable[web.Response]]


@dataclass(frozen=True)
class Message:
    """A message that arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.body)
        return found

    @property
    def type(self) -> str:
        return str(self.json["type"])

    def verify(self, secret: str) -> Any:
        """Raises unless the library that receivers use believes it."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """`status` answers everything, unless `answer` decides."""

    url: str = ""
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""
    answer: Answer | None = None
    messages: list[Message] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        message = Message(request.path, headers, await request.read())
        self.messages.append(message)
        if self.answer is not None:
            return await self.answer(message)
        return web.Response(status=self.status, headers=self.headers, text=self.text)

    @property
    def ids(self) -> list[str]:
        return [message.id for message in self.messages]


@asynccontextmanager
async def running_receiver(tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver on a free port."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"{'https' if tls else 'http'}://{host}:{port}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()


async def never(_: Message) -> web.Response:
    """Takes longer than anybody waits."""
    await asyncio.sleep(3600)
    raise AssertionError
