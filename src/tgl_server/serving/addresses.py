"""Addresses and ports to listen on, checked before Granian gets them."""

import socket

from tgl_server.errors import StartupError


def ip_address(host: str) -> str:
    """The address of a host name, an IPv4 one if there is one: Granian accepts no names."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "this cannot be a name"
        raise StartupError(f"cannot listen on {host}: {reason}; choose an address of this machine as --host") from None
    return str(min(found, key=lambda each: each[0] != socket.AF_INET)[4][0])


def free_port(host: str) -> int:
    """A TCP port that is free at this moment; `host` is an address."""
    return _bind(host, 0)


def check_address(host: str, port: int) -> None:
    """Raises `StartupError` for a port that is in use, for which Granian prints a traceback in each worker."""
    _bind(host, port)


def _bind(host: str, port: int) -> int:
    """Listen for a moment; the port on which that worked, which is free again."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            where = f"{host} port {port}" if port else host
            raise StartupError(
                f"cannot listen on {where}: {error.strerror}; choose another {'--port' if port else '--host'}"
            ) from None
        bound: int = probe.getsockname()[1]
        return bound
