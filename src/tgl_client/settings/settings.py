"""The settings of a command, each with its origin; `load` makes them."""

from msgspec import Struct

from tgl_client.errors import ConfigError
from tgl_client.http.address import ServerUrl, parse_server_url
from tgl_client.http.retry import RetryPolicy
from tgl_client.settings.lookup import Setting
from tgl_client.settings.source import Source


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that a command needs to know."""

    url: Setting[str | None]
    project: Setting[str | None]
    api_key: Setting[str | None]
    batch_size: Setting[int]
    max_retries: Setting[int]
    timeout: Setting[float | None]
    jobs: Setting[int]
    engine: Setting[str | None]
    update_notice: Setting[str | None]
    sources: tuple[Source, ...]

    def __repr__(self) -> str:
        return f"Settings({self.url.value})"

    def server(self) -> ServerUrl:
        """The checked address; raises `ConfigError` when there is none."""
        if not self.url.value:
            raise ConfigError("no server is named", hint="`tgl login https://...`, or set TGL_URL")
        return parse_server_url(self.url.value)

    def key(self) -> str:
        """The API key; raises `ConfigError` when there is none for this server."""
        if not self.api_key.value:
            server = self.server()
            raise ConfigError(f"there is no API key for {server}", hint=f"`tgl login {server}`, or set TGL_API_KEY")
        return self.api_key.value

    def retries(self) -> RetryPolicy:
        """How often a request is repeated."""
        return RetryPolicy(max_retries=self.max_retries.value)
