"""The check that the extra is installed where the settings ask for it; importable without it."""

from tgl_server.errors import StartupError
from tgl_server.settings import Settings


def check_broker_installed(settings: Settings) -> None:
    """Raises `StartupError` if there is a broker and the extra is not installed."""
    if not settings.broker_url:
        return
    try:
        import celery  # noqa: PLC0415 -- needs the extra
        import kombu.transport.redis  # noqa: F401, PLC0415 -- needs more of it, and fails without naming what
    except ImportError as error:
        raise StartupError(
            f"BROKER_URL names a broker, and {error.name} is not installed here; "
            "pip install 'thegitleague[server,pull]', or start without the variable"
        ) from None
    assert celery
