"""The two endpoints that a machine asks: for its codes, and for its key. Neither asks who it is."""

from typing import Any, Final

from litestar import Request, Router, post
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency

from tgl_protocol.device import GRANT_TYPE, DeviceCodes, DeviceRequest, DeviceToken, DeviceTokenRequest
from tgl_protocol.http import JSON_MEDIA_TYPE
from tgl_server.auth.argon2 import Argon2
from tgl_server.db.engine import Database
from tgl_server.device import errors, service
from tgl_server.device.bodies import read_body
from tgl_server.http.client_address import origin_of
from tgl_server.http.declarations import answers, reads
from tgl_server.http.own_origin import own_origin
from tgl_server.limits.groups import RateGroup, limited_as
from tgl_server.settings import Settings

AnyRequest = Request[Any, Any, Any]

#: The page of the console on which a code is typed.
PAGE_PATH: Final = "/device"


@post(
    "/authorize",
    status_code=200,
    opt=limited_as(RateGroup.LOGIN) | reads(DeviceRequest, JSON_MEDIA_TYPE) | answers(errors.InvalidScope),
)
async def authorize_device(
    request: AnyRequest, database: NamedDependency[Database], settings: NamedDependency[Settings]
) -> DeviceCodes:
    """Begin the login of a machine; whoever is to approve it opens `verification_uri` and compares the code.

    The body may also be a form, as RFC 8628 has it.
    """
    wish = await read_body(request, DeviceRequest)
    codes = await service.ask(database, wish, origin_of(request))
    page = own_origin(request, settings) + PAGE_PATH
    return DeviceCodes(
        device_code=codes.device_code,
        user_code=codes.user_code,
        verification_uri=page,
        verification_uri_complete=f"{page}?code={codes.user_code}",
        expires_in=int(service.LIFETIME.total_seconds()),
        interval=int(service.INTERVAL.total_seconds()),
    )


@post(
    "/token",
    status_code=200,
    opt=reads(DeviceTokenRequest, JSON_MEDIA_TYPE)
    | answers(
        errors.AuthorizationPending,
        errors.SlowDown,
        errors.LoginDeclined,
        errors.DeviceCodeExpired,
        errors.DeviceCodeGone,
        errors.UnsupportedGrantType,
    ),
)
async def collect_key(
    request: AnyRequest, database: NamedDependency[Database], argon2: NamedDependency[Argon2]
) -> DeviceToken:
    """Collect the API key of a login that was approved, which works once; until then the `error` says how it stands.

    The body may also be a form, as RFC 8628 has it.
    """
    asked = await read_body(request, DeviceTokenRequest)
    if asked.grant_type != GRANT_TYPE:
        raise errors.UnsupportedGrantType
    return await service.collect(database, argon2, asked.device_code, origin_of(request))


device_router = Router(
    "/device",
    route_handlers=[authorize_device, collect_key],
    cache_control=CacheControlHeader(no_store=True),
    tags=["device"],
)
