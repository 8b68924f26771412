"""Plain HTTP for the tests: what a consumer without our client would send."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from json import dumps, loads
from typing import Any, Self

import aiohttp

from tests.support.documented import check_documented


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # names in any case
    body: bytes

    @property
    def json(self) -> Any:
        return loads(self.body)


class Api:
    """A session with one bearer token. Each answer must be one that the OpenAPI document promises."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url
        self.token = token
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(headers=self._headers)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def request(self, method: str, path: str, *, json: Any = None, **arguments: Any) -> Answer:
        if json is not None:
            arguments["data"] = io.BytesIO(dumps(json).encode())
            arguments["headers"] = {"Content-Type": "application/json", **arguments.get("headers", {})}
        async with self._session.request(method, self.url + path, **arguments) as response:
            answer = Answer(response.status, response.headers, await response.read())
        check_documented(method, path, answer.status, answer.headers, answer.body)
        return answer

    async def get(self, path: str, **arguments: Any) -> Answer:
        return await self.request("GET", path, **arguments)

    async def post(self, path: str, json: Any = None, **arguments: Any) -> Answer:
        return await self.request("POST", path, json=json, **arguments)

    async def put(self, path: str, json: Any = None, **arguments: Any) -> Answer:
        return await self.request("PUT", path, json=json, **arguments)
