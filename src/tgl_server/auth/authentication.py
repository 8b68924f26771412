"""Authentication by a bearer token: an API key if it begins with `tgl_`, otherwise an access token."""

from msgspec import Struct

from tgl_protocol.keys import MalformedApiKeyError, looks_like_api_key, parse_api_key
from tgl_server import errors
from tgl_server.auth.keys.authenticate import ApiKeyAuthentication
from tgl_server.auth.principal import Principal
from tgl_server.auth.session import SessionAuthentication
from tgl_server.http.client_address import Origin
from tgl_server.metrics.definitions import API_KEY_REFUSALS


class Authentication(Struct, frozen=True):
    """The authentication by either kind of token."""

    api_keys: ApiKeyAuthentication
    sessions: SessionAuthentication

    async def principal(self, token: str, origin: Origin) -> Principal:
        """The caller, active or waiting for approval; raises a 401 or 403 error."""
        if not looks_like_api_key(token):
            return await self.sessions.principal(token)
        try:
            return await self._by_key(token, origin)
        except (errors.Unauthenticated, errors.Forbidden) as refusal:
            API_KEY_REFUSALS.labels(refusal.code).inc()
            raise

    async def _by_key(self, token: str, origin: Origin) -> Principal:
        try:
            key = parse_api_key(token)
        except MalformedApiKeyError:
            raise errors.MalformedApiKey from None
        return await self.api_keys.principal(key, origin)
