"""Opens the client that a command talks through."""

from typing import Final

from msgspec import structs

from tgl_client.client import Client
from tgl_client.errors import AnswerError
from tgl_client.http.retry import RetryPolicy
from tgl_client.settings.settings import Settings
from tgl_client.terminal.output import note
from tgl_client.terminal.words import duration

#: Seconds for which a command that somebody waits for tries again: they can ask again themselves.
PATIENCE: Final = 10.0

#: Seconds without a byte, after which somebody who waits is told so.
READ_TIMEOUT: Final = 15.0


def client_for(settings: Settings) -> Client:
    """A client for a push to the server of the settings; raises `ConfigError` without an address or a key."""
    key, origin = settings.key(), settings.api_key.origin
    client = Client(str(settings.server()), key, key_origin=origin, retries=settings.retries())
    client.heard_by(announce)
    return client


def reading_client(settings: Settings) -> Client:
    """A client for a command that somebody waits for: it gives up soon, however often it may try again."""
    retries = structs.replace(settings.retries(), patience=PATIENCE, max_waiting=PATIENCE)
    return _impatient(str(settings.server()), settings.key(), settings.api_key.origin, retries)


def checking_client(url: str, key: str, origin: str | None = None) -> Client:
    """A client for a check of a server, which tells soon that there is none: it gives up after one retry."""
    return _impatient(url, key, origin, RetryPolicy(max_retries=1, patience=PATIENCE, max_waiting=PATIENCE))


def _impatient(url: str, key: str, origin: str | None, retries: RetryPolicy) -> Client:
    client = Client(url, key, key_origin=origin, retries=retries, read_timeout=READ_TIMEOUT)
    client.heard_by(_Impatience())
    return client


class _Impatience:
    """Announces each wait, and with the first how it ends."""

    def __init__(self) -> None:
        self._is_told = False

    def __call__(self, seconds: float, reason: AnswerError) -> None:
        announce(seconds, reason)
        if not self._is_told:
            note(f"hint: it gives up after {duration(PATIENCE)}; Ctrl-C ends it now")
        self._is_told = True


def announce(seconds: float, reason: AnswerError) -> None:
    """Say for how long a request waits, and why."""
    note(f"waiting {duration(seconds)}: {reason}")
