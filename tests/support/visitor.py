"""A person's browser without a screen: plain HTTP with cookies and the headers that browsers send."""

from typing import Any, Self
from urllib.parse import urlencode

import aiohttp

from tests.support.api import Answer
from tests.support.people import PASSWORD

HTML = {"Accept": "text/html,application/xhtml+xml"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


class Visitor:
    """Requests with a cookie jar of their own; redirects are not followed, so that tests see them."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), headers=HTML)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(self, path: str, **arguments: Any) -> Answer:
        return await self._request("GET", path, **arguments)

    async def head(self, path: str) -> Answer:
        return await self._request("HEAD", path)

    async def post(self, path: str, fields: Any = (), *, headers: dict[str, str] | None = None) -> Answer:
        """Submit a form, as a page of the same server does unless other headers say otherwise."""
        given = {**FORM, **(SAME_SITE if headers is None else headers)}
        return await self._request("POST", path, data=urlencode(fields, doseq=True).encode(), headers=given)

    async def status(self, method: str, path: str) -> int:
        """The status of a page, or of an empty form, whose body may never end."""
        headers = {**FORM, **SAME_SITE} if method == "POST" else {}
        async with self._session.request(method, self.url + path, allow_redirects=False, headers=headers) as response:
            return response.status

    async def sign_in(self, email: str, password: str = PASSWORD) -> Answer:
        answer = await self.post("/sign-in", {"email": email, "password": password, "next": "/"})
        assert answer.status == 303, answer.body
        return answer

    async def _request(self, method: str, path: str, **arguments: Any) -> Answer:
        async with self._session.request(method, self.url + path, allow_redirects=False, **arguments) as response:
            return Answer(response.status, response.headers, await response.read())
