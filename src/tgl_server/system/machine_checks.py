"""What is right and wrong around a server, each with what to do about it: pure functions of what was found."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from tgl_server.remotes.command import OLDEST_GIT
from tgl_server.settings import Settings
from tgl_server.system.check import Check, Level
from tgl_server.system.machine import MachineState, Published, SealedState

_MB: Final = 1024 * 1024
_FEW_DAYS: Final = 14


def machine_checks(
    machine: MachineState, settings: Settings, *, pulled_repos: int, has_worker: bool, now: datetime
) -> Iterator[Check]:
    """The checks of this machine. `has_worker` says that a server here starts a pull worker beside itself."""
    storage = settings.rate_limit_storage.partition("://")[0]
    if machine.does_limiter_answer:
        yield Check("Rate limits", Level.OK, f"Counted in {storage}")
    else:
        remedy = "Start it, or correct RATE_LIMIT_STORAGE."
        yield Check("Rate limits", Level.BAD, f"{storage} does not answer, so requests pass uncounted", remedy)
    yield _git(machine.git_version, is_needed=has_worker and pulled_repos > 0)
    if machine.mirrors_free is not None:
        yield _mirrors(machine, machine.mirrors_free, settings.pull_min_free_bytes, is_used=pulled_repos > 0)
    if machine.published is not None:
        yield _published(machine.published, now)


def _git(version: tuple[int, ...] | None, *, is_needed: bool) -> Check:
    """Git pulls repositories, and nothing else; a worker may be on another machine that has it."""
    oldest = ".".join(map(str, OLDEST_GIT))
    if version is not None and version >= OLDEST_GIT:
        return Check("Git", Level.OK, f"Version {'.'.join(map(str, version))}")
    level, found = (Level.BAD if is_needed else Level.OK), f"Version {'.'.join(map(str, version or (0,)))}, too old"
    if version is None:
        found = "None on the PATH"
    elif version == (0,):
        found = "What is on the PATH does not run"
    if not is_needed:
        return Check("Git", level, f"{found}; only a worker that pulls needs {oldest} or later")
    return Check("Git", level, f"{found}; pulling needs {oldest} or later", f"Install git {oldest} or later.")


def _mirrors(machine: MachineState, free: int, least: int, *, is_used: bool) -> Check:
    finding = f"{free // _MB:,} MB free at {machine.mirrors}"
    if free >= least or not is_used:
        return Check("Mirrors", Level.OK, finding)
    remedy = "Make room, name another MIRROR_DIR, or lower PULL_MIRRORS_BYTES or PULL_MIN_FREE_BYTES."
    return Check("Mirrors", Level.BAD, f"{finding}, less than PULL_MIN_FREE_BYTES: a worker here pulls nothing", remedy)


def _published(published: Published, now: datetime) -> Check:
    if published.fault:
        remedy = f"Look at the proxy, its certificate and the name: curl -v {published.url}/health"
        return Check("Address", Level.WARN, f"{published.url}: {published.fault}", remedy)
    if published.certificate_ends is None:
        return Check("Address", Level.OK, f"{published.url} answers")
    days = (published.certificate_ends - now).days
    finding = f"{published.url} answers; its certificate ends in {days} days"
    if days >= _FEW_DAYS:
        return Check("Address", Level.OK, finding)
    return Check("Address", Level.WARN, finding, "Renew the certificate, and see why it was not renewed by itself.")


def sealed_check(sealed: SealedState, *, has_keys: bool) -> Check:
    """Whether SECRETS_KEYS opens what is sealed in the database."""
    if sealed.unreadable:
        finding = f"{sealed.unreadable} of {sealed.secrets} sealed secrets are opened by no key"
        remedy = "Add the key that they are sealed with to SECRETS_KEYS, or store these secrets anew."
        return Check("Secrets", Level.BAD, finding if has_keys else f"{finding}, as SECRETS_KEYS is not set", remedy)
    if sealed.old:
        finding = f"{sealed.old} of {sealed.secrets} sealed secrets are opened by an older key alone"
        return Check("Secrets", Level.WARN, finding, "Run tgl-server secrets rotate; then the older key can go.")
    if not has_keys:
        return Check("Secrets", Level.OK, "None is sealed, and SECRETS_KEYS is not set")
    return Check("Secrets", Level.OK, f"The first key opens all {sealed.secrets} sealed secrets")
