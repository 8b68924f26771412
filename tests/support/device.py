"""The login of a machine, as the machine asks for it over HTTP."""

from typing import Any

from tests.support.api import Answer, Api
from tgl_protocol.device import GRANT_TYPE

AUTHORIZE, TOKEN = "/api/v1/device/authorize", "/api/v1/device/token"


async def begin(api: Api, **wish: Any) -> dict[str, Any]:
    """Ask for codes."""
    answer = await api.post(AUTHORIZE, {"name": "laptop-ada", **wish})
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json
    return found


async def poll(api: Api, codes: dict[str, Any]) -> Answer:
    """Ask for the key."""
    return await api.post(TOKEN, {"grant_type": GRANT_TYPE, "device_code": codes["device_code"]})


async def refused(api: Api, codes: dict[str, Any]) -> str:
    """The word with which there is no key."""
    answer = await poll(api, codes)
    assert answer.status == 400, answer.body
    word: str = answer.json["error"]
    assert answer.json["error_description"] == answer.json["detail"]
    return word
