"""Listening to server-sent events as a client does that may be cut off anywhere."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp


@dataclass
class Heard:
    """An event that came."""

    id: int
    type: str
    data: dict[str, Any]


@dataclass
class Listening:
    """One open stream; `last_id` is what a browser would resume by."""

    response: aiohttp.ClientResponse
    last_id: int | None = None
    comments: list[str] = field(default_factory=list)

    async def next(self, seconds: float = 60) -> Heard | None:
        """The next event; None where the stream has ended."""
        found: dict[str, str] = {}
        async with asyncio.timeout(seconds):
            while line := await self.response.content.readline():
                name, _, value = line.decode().rstrip("\n").partition(":")
                if name:
                    found[name] = value.removeprefix(" ")
                elif not line.strip():
                    self.last_id = int(found.get("id", self.last_id or 0)) or None
                    if "data" in found:
                        return Heard(int(found["id"]), found["event"], json.loads(found["data"]))
                    found = {}
                else:
                    self.comments.append(line.decode().strip())
        return None

    def cut(self) -> None:
        """Close the connection without a word, as a laptop does that falls asleep."""
        connection = self.response.connection
        assert connection is not None
        assert connection.transport is not None
        connection.transport.abort()


@asynccontextmanager
async def listening(url: str, token: str, project: str, last_id: int | None = None) -> AsyncIterator[Listening]:
    """A stream, once the server has begun it."""
    headers = {"Authorization": f"Bearer {token}"} | ({} if last_id is None else {"Last-Event-ID": str(last_id)})
    timeout = aiohttp.ClientTimeout(total=None)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.get(f"{url}/api/v1/events", params={"project": project}, headers=headers) as response,
    ):
        assert response.status == 200, await response.text()
        assert await response.content.readline() == b"retry: 3000\n"
        yield Listening(response)
