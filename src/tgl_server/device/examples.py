"""Examples of machines' logins for the OpenAPI document: a type checker sees when one is outdated."""

from msgspec import Struct
from msgspec.structs import replace

from tgl_protocol import device
from tgl_server.api_keys.examples import KEY

_PAGE = "https://league.example.com/device"
_CODE = "tgld_shownToTheMachineAlone0123456789ABCDEFGHIJKLM"

EXAMPLES: list[Struct] = [
    device.DeviceRequest(scope="sync:commits read:repos", name="laptop-ada"),
    device.DeviceCodes(
        device_code=_CODE,
        user_code="BCDF-GHJK",
        verification_uri=_PAGE,
        verification_uri_complete=f"{_PAGE}?code=BCDF-GHJK",
        expires_in=600,
        interval=5,
    ),
    device.DeviceTokenRequest(grant_type=device.GRANT_TYPE, device_code=_CODE),
    device.DeviceToken(
        access_token="tgl_k3J9x2Qa_shownOnceAndNeverAgain0123456789ABCDEFx1Y2z3",  # noqa: S106 -- an example
        token_type="Bearer",  # noqa: S106 -- a kind of token, not one
        expires_in=90 * 86_400,
        scope="sync:commits read:repos",
        key=replace(KEY, name="laptop-ada", networks=None),
    ),
]
