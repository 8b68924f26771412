"""What the operator lets the server fetch, from where, and how much."""

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

from msgspec import Struct

from tgl_server.outbound.addresses import Reach, Resolver, system_resolver
from tgl_server.settings import Settings

MAX_REFS = 100_000


class RemotePolicy(Struct, frozen=True, kw_only=True):
    """The operator's rules; the defaults fetch from public hosts over HTTPS and ssh."""

    reach: Reach = Reach()
    ports: frozenset[int] = frozenset()
    allow_http: bool = False
    local_roots: tuple[Path, ...] = ()
    max_bytes: int = 10 * 1024**3
    max_refs: int = MAX_REFS
    deadline: timedelta = timedelta(hours=1)
    #: The time in which a remote may send less than a kilobyte a second.
    stall: timedelta = timedelta(minutes=1)
    #: The time in which an ssh host has to show its keys, the look-up of its name included.
    scan: timedelta = timedelta(seconds=40)
    ca_file: Path | None = None
    #: For HTTPS alone. It resolves the names, so only `reach.hosts` are fetched through it.
    proxy: str | None = None
    resolve: Resolver = system_resolver

    def __repr__(self) -> str:
        return f"RemotePolicy(max_bytes={self.max_bytes}, deadline={self.deadline}, stall={self.stall})"


def policy_of(settings: Settings) -> RemotePolicy:
    """The rules that the settings state."""
    return RemotePolicy(
        reach=Reach(
            networks=tuple(ip_network(text) for text in settings.pull_allowed_networks),
            hosts=settings.pull_allowed_hosts,
        ),
        ports=frozenset(settings.pull_allowed_ports),
        allow_http=settings.pull_allow_http,
        local_roots=tuple(Path(root) for root in settings.pull_local_roots),
        max_bytes=settings.pull_max_bytes,
        deadline=timedelta(minutes=settings.pull_fetch_minutes),
        stall=timedelta(seconds=settings.pull_stall_seconds),
        ca_file=Path(settings.pull_ca_file) if settings.pull_ca_file else None,
        proxy=settings.pull_proxy or None,
    )
