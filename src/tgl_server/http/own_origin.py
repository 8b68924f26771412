"""The address under which people reach this server."""

from tgl_server.http.client_address import AnyConnection
from tgl_server.settings import Settings


def own_origin(connection: AnyConnection, settings: Settings) -> str:
    """The origin under which browsers know this server: `PUBLIC_URL`, or else what the request was sent to."""
    if settings.public_url:
        return settings.public_origin
    scheme = "https" if settings.is_secure else connection.scope["scheme"]
    return f"{scheme}://{connection.headers.get('host', '')}"
