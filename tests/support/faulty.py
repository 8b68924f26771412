"""A server on loopback that keeps to the contract except where a test tells it to fail.

It stands for what we do not own: overloaded servers, proxies, cut lines. Everything else is tested against the
real server, in `test_push.py`.
"""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from aiohttp import web
from msgspec.structs import replace

from tgl_protocol import commits as wire
from tgl_protocol import http, stream
from tgl_protocol.keys import generate_api_key
from tgl_protocol.problem import Problem
from tgl_protocol.refs import refs_digest

KEY = generate_api_key().full_key
_REPO = "/api/v1/sync/projects/{project}/repos/{repo}"

#: Answers a request in the server's place.
Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class FaultyServer:
    """`faults[endpoint]` are used up one a request, before the server behaves; `always` never end."""

    url: str = ""
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    always: dict[str, Fault] = field(default_factory=dict)
    stored: list[str] = field(default_factory=list)
    refs: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    oldest_client: str = "0.1.0"
    features: list[str] = field(default_factory=list)
    #: False for a server that answers all tips at once, as before there were pages.
    has_pages: bool = False

    async def _next_fault(self, endpoint: str, request: web.Request) -> web.StreamResponse | None:
        self.requests.append(f"{request.method} {endpoint}")
        if endpoint in self.always:
            return await self.always[endpoint](request)
        waiting = self.faults.get(endpoint, [])
        return await waiting.pop(0)(request) if waiting else None

    async def capabilities(self, request: web.Request) -> web.StreamResponse:
        if fault := await self._next_fault("capabilities", request):
            return fault
        limits = wire.Limits(1000, 10_000_000, 50_000, 10_000, 100)
        now = datetime.now(UTC)
        return _json(
            wire.Capabilities(
                "0.1.0", 1, self.oldest_client, now, limits, ["gzip"], [http.JSON_MEDIA_TYPE], self.features
            )
        )

    async def status(self, request: web.Request) -> web.StreamResponse:
        if fault := await self._next_fault("status", request):
            return fault
        last = self.stored[-1] if self.stored else None
        at = datetime.now(UTC) if self.stored else None
        status = wire.RepoStatus(
            UUID(int=1), wire.SyncStatus.HEALTHY, at, last, len(self.stored), None, self.refs, at, at, False
        )
        if self.has_pages:
            few = dict(sorted(self.refs.items())[: int(request.query["max_refs"])])
            status = replace(status, refs=few, **self._counted())
        return _json(status)

    async def list_refs(self, request: web.Request) -> web.StreamResponse:
        if fault := await self._next_fault("refs", request):
            return fault
        return _json(wire.RefsPage(refs=self.refs, next_cursor=None, **self._counted()))

    async def device(self, request: web.Request) -> web.StreamResponse:
        return await self._next_fault("device", request) or web.Response(status=404)

    def _counted(self) -> dict[str, Any]:
        return {"refs_total": len(self.refs), "refs_digest": refs_digest(self.refs)}

    async def missing(self, request: web.Request) -> web.StreamResponse:
        if fault := await self._next_fault("missing", request):
            return fault
        asked = msgspec.json.decode(await _body(request), type=wire.MissingRequest).shas
        known = set(self.stored)
        return _json(wire.MissingResult([sha for sha in asked if sha not in known]))

    async def commits(self, request: web.Request) -> web.StreamResponse:
        if fault := await self._next_fault("commits", request):
            return fault
        sent = msgspec.json.decode(await _body(request), type=wire.PushBatch).commits
        known = set(self.stored)
        details = [
            wire.CommitResult(
                each.sha,
                each.sha not in known and each.sha not in self.refuse,
                self.refuse.get(each.sha),
                "commit_date" if each.sha in self.refuse else msgspec.UNSET,
            )
            for each in sent
        ]
        self.stored += [each.sha for each in details if each.inserted]
        errors = sum(each.error is not None for each in details)
        inserted = sum(each.inserted for each in details)
        result = wire.PushResult(len(sent), inserted, len(sent) - inserted - errors, errors, sent[-1].sha, details)
        return _json(result, 201)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        if fault := await self._next_fault("stream", request):
            return fault
        sent = [msgspec.json.decode(line, type=wire.Commit).sha async for line in request.content if line.strip()]
        new = [sha for sha in sent if sha not in set(self.stored)]
        self.stored += new
        last = sent[-1] if sent else None
        return _json(stream.StreamResult(len(sent), len(new), len(sent) - len(new), 0, 1, last, []), 201)

    async def put_refs(self, request: web.Request) -> web.StreamResponse:
        if fault := await self._next_fault("refs", request):
            return fault
        update = msgspec.json.decode(await _body(request), type=wire.RefsUpdate).refs
        self.refs |= {name: sha for name, sha in update.items() if sha is not None}
        return _json(wire.RefsResult({}, **self._counted()) if self.has_pages else wire.RefsResult(self.refs))


@asynccontextmanager
async def faulty_server() -> AsyncIterator[FaultyServer]:
    """A running server on a free port; requests that hang are cut when it ends."""
    server = FaultyServer()
    app = web.Application(client_max_size=20_000_000)
    app.router.add_get("/api/v1/capabilities", server.capabilities)
    app.router.add_get("/api/v1/leagues", problem(404, "not_found", "There is no such address."))
    app.router.add_post("/api/v1/device/{question}", server.device)
    app.router.add_get(f"{_REPO}/status", server.status)
    app.router.add_post(f"{_REPO}/missing", server.missing)
    app.router.add_post(f"{_REPO}/commits", server.commits)
    app.router.add_post(f"{_REPO}/commits/stream", server.stream)
    app.router.add_get(f"{_REPO}/refs", server.list_refs)
    app.router.add_put(f"{_REPO}/refs", server.put_refs)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()


def problem(status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> Fault:
    """An error as our server words it."""

    async def answer(request: web.Request) -> web.StreamResponse:
        body = msgspec.json.encode(Problem("about:blank", "Error", status, detail, code, "req-1"))
        sent = {http.REQUEST_ID_HEADER: "req-1", **(headers or {})}
        return web.Response(status=status, body=body, content_type=http.PROBLEM_MEDIA_TYPE, headers=sent)

    return answer


def html(status: int, headers: dict[str, str] | None = None) -> Fault:
    """An error page as a proxy sends it."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text="<html>Bad luck</html>", content_type="text/html", headers=headers)

    return answer


def garbage(body: bytes, status: int = 200) -> Fault:
    """An answer of bytes that claims to be JSON."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, content_type=http.JSON_MEDIA_TYPE)

    return answer


async def hang_up(request: web.Request) -> web.StreamResponse:
    """Close the connection in the middle of the answer."""
    response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": http.JSON_MEDIA_TYPE})
    await response.prepare(request)
    await response.write(b'{"total":')
    assert request.transport is not None
    request.transport.abort()
    return response


async def hang(request: web.Request) -> web.StreamResponse:
    """Never answer."""
    await asyncio.Event().wait()
    raise AssertionError


async def _body(request: web.Request) -> bytes:
    """The request's body; aiohttp's server decompresses gzip by itself."""
    body = await request.read()
    return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(value), content_type=http.JSON_MEDIA_TYPE)
