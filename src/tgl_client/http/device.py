"""The endpoints of a login that somebody approves in a browser (RFC 8628), which need no key."""

from types import TracebackType
from typing import Self

import msgspec

from tgl_client import errors
from tgl_client.http.address import ServerUrl
from tgl_client.http.connection import Connection, OnWait
from tgl_client.http.responses import read_answer
from tgl_client.http.retry import RetryPolicy
from tgl_protocol import device, http

_READ_TIMEOUT = 30.0


class _Refusal(msgspec.Struct, frozen=True):
    """The part of a refusal that the RFC names."""

    error: str
    error_description: str = ""


class DeviceRefusedError(errors.AuthenticationError):
    """There is no key to collect; `error` is the RFC's word for why."""

    def __init__(self, refusal: _Refusal) -> None:
        super().__init__(refusal.error_description.rstrip(". ") or refusal.error, status=400)
        self.error = refusal.error


class DeviceApi:
    """Asks one server for codes and for the key; use it as an asynchronous context manager."""

    def __init__(self, url: ServerUrl, retries: RetryPolicy, on_wait: OnWait) -> None:
        self._url = url
        self._connection = Connection(url, None, retries=retries, read_timeout=_READ_TIMEOUT).heard_by(on_wait)

    async def __aenter__(self) -> Self:
        await self._connection.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._connection.__aexit__(kind, error, traceback)

    async def begin(self, wish: device.DeviceRequest) -> device.DeviceCodes:
        """The codes of a new login; raises `UnknownTargetError` at a server that is too old for it."""
        answer = await self._connection.send("POST", *self._request("authorize", wish))
        return read_answer(answer, device.DeviceCodes)

    async def collect(self, device_code: str) -> device.DeviceToken:
        """The key; raises `DeviceRefusedError` as long as there is none."""
        question = device.DeviceTokenRequest(grant_type=device.GRANT_TYPE, device_code=device_code)
        answer = await self._connection.send("POST", *self._request("token", question))
        if answer.status == 400 and answer.content_type in (http.PROBLEM_MEDIA_TYPE, http.JSON_MEDIA_TYPE):
            try:
                raise DeviceRefusedError(msgspec.json.decode(answer.body, type=_Refusal))
            except msgspec.MsgspecError:
                pass  # no refusal of the RFC's, so it is told as any other
        return read_answer(answer, device.DeviceToken)

    def _request(self, path: str, body: msgspec.Struct) -> tuple[str, dict[str, str], bytes]:
        return self._url.api(f"/device/{path}"), {"Content-Type": http.JSON_MEDIA_TYPE}, msgspec.json.encode(body)
