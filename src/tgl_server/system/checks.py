"""What is right and wrong with a running server, each with what to do about it: pure functions of its state."""

from collections.abc import Iterable, Iterator
from typing import Final

from tgl_server.auth.turns import MAX_WAITING
from tgl_server.broker.address import shown_broker
from tgl_server.db.embedded import LEAST_ROOM_BYTES
from tgl_server.pull.operating import PullFigures
from tgl_server.settings import Environment
from tgl_server.system.check import Check, Level
from tgl_server.system.mail_checks import mail_check
from tgl_server.system.standby_check import standby_check
from tgl_server.system.state import DatabaseState, ProcessState, SystemState
from tgl_server.system.use_checks import clients_check

__all__ = ["Check", "Level", "broker_check", "checks_of", "worst_first"]

_MB: Final = 1024 * 1024
#: With less than this, and than a tenth of the database, somebody should look for room while there is time.
_ENOUGH_ROOM_BYTES: Final = 2 * 1024 * _MB
_NOTABLE_LAG_SECONDS: Final = 60.0
_NOTABLE_SKEW_SECONDS: Final = 5.0
#: A pull that waits longer has too few workers, or none that hears of it.
_LATE_PULL_SECONDS: Final = 900.0
#: Sweeps that may fail or take long before somebody should know.
_MISSED_SWEEPS: Final = 3


def checks_of(state: SystemState) -> list[Check]:
    """All checks, the worst first; those about a process are left out where none was asked."""
    found = [*_database_checks(state.database), _connections(state), *_hosting_checks(state)]
    if state.use is not None:
        found += [_lag(state.database), clients_check(state.use, state.settings)]
    found += _pull_checks(state)
    if state.mail is not None:
        found.append(mail_check(state.mail))
    if state.standby is not None:
        found.append(standby_check(state.standby))
    if state.process is not None:
        found += _process_checks(state, state.process)
    return worst_first(found)


def worst_first(checks: Iterable[Check]) -> list[Check]:
    """The checks by how bad they are, and otherwise in their order."""
    order = list(Level)
    return sorted(checks, key=lambda check: order.index(check.level))


def _database_checks(database: DatabaseState) -> Iterator[Check]:
    if database.migration == database.needed_migration:
        yield Check("Migration", Level.OK, f"At version {database.migration}, as this server needs")
    else:
        finding = f"At version {database.migration or 'none'}; this server needs {database.needed_migration}"
        yield Check("Migration", Level.BAD, finding, "Run tgl-server migrate, and restart the server.")
    if database.is_read_only:
        remedy = "Point DATABASE_URL at the primary, or turn default_transaction_read_only off."
        yield Check("Writes", Level.BAD, "The database takes no writes", remedy)
    else:
        yield Check("Writes", Level.OK, "The database takes writes")
    if database.is_durable:
        yield Check("Durability", Level.OK, "What was answered survives a power cut")
    else:
        remedy = "Set both to on in postgresql.conf, and restart PostgreSQL."
        yield Check("Durability", Level.BAD, "fsync or full_page_writes is off: a power cut destroys data", remedy)
    skew = database.clock_skew
    if abs(skew) < _NOTABLE_SKEW_SECONDS:
        yield Check("Clock", Level.OK, "The clocks of server and database agree")
    else:
        finding = f"This machine's clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the database's"
        yield Check("Clock", Level.WARN, finding, "Synchronise both with NTP: timedatectl set-ntp true")


def _connections(state: SystemState) -> Check:
    settings, database = state.settings, state.database
    wanted = state.hosting.workers * (settings.db_pool_size + settings.db_max_overflow)
    finding = f"{database.connections} of {database.most_connections} in use; this server may take {wanted}"
    if wanted <= database.most_connections:
        return Check("Connections", Level.OK, finding)
    remedy = "Lower DB_POOL_SIZE, DB_MAX_OVERFLOW or --workers, or raise PostgreSQL's max_connections."
    return Check("Connections", Level.WARN, finding, remedy)


def _lag(database: DatabaseState) -> Check:
    seconds = max((each.seconds for each in database.lag.values()), default=0.0)
    if seconds < _NOTABLE_LAG_SECONDS:
        return Check("Sums", Level.OK, "Activity and contributors include every push")
    late = ", ".join(name for name, each in database.lag.items() if each.seconds >= _NOTABLE_LAG_SECONDS)
    finding = f"{late}: {seconds:.0f} s behind the pushes"
    return Check("Sums", Level.WARN, finding, "Look for follower_failed in the log, then run tgl-server verify.")


def _hosting_checks(state: SystemState) -> Iterator[Check]:
    if state.free_bytes is not None:
        yield _room(state.free_bytes, state.database.bytes)
    settings = state.settings
    if settings.environment is Environment.PRODUCTION and not settings.public_url:
        finding = "PUBLIC_URL is not set, so links are made of what a browser says"
        yield Check("Address", Level.WARN, finding, "Set PUBLIC_URL to the address that people open.")


def _pull_checks(state: SystemState) -> Iterator[Check]:
    """Nothing is said where nothing is pulled and no broker is set."""
    pulls, broker = state.database.pulls, state.settings.broker_url
    if pulls.repos:
        yield _workers(pulls, broker)
        yield _waiting(pulls)
    if broker and state.process is not None:
        yield broker_check(broker, does_answer=bool(state.process.does_broker_answer))


def broker_check(url: str, *, does_answer: bool) -> Check:
    """Whether the broker at an address wakes up workers."""
    where = shown_broker(url)
    if does_answer:
        return Check("Broker", Level.OK, f"{where} answers")
    remedy = "Start it, or correct BROKER_URL and restart server, workers and beats; nothing is lost meanwhile."
    return Check("Broker", Level.WARN, f"{where} does not answer, so it wakes up no worker", remedy)


def _workers(pulls: PullFigures, broker: str) -> Check:
    pulled = f"{pulls.repos} {'repository is' if pulls.repos == 1 else 'repositories are'} pulled"
    if pulls.workers:
        return Check("Workers", Level.OK, f"{pulls.workers} seen; {pulled}")
    finding = f"{pulled}, and no worker was seen in the last 45 s"
    command = "tgl-server worker --with-beat" if broker else "tgl-server worker --no-broker"
    return Check("Workers", Level.BAD, finding, f"Start {command}, or look into its log.")


def _waiting(pulls: PullFigures) -> Check:
    if pulls.paused_at is not None:
        finding = f"All are paused since {pulls.paused_at:%Y-%m-%d %H:%M} UTC: {pulls.paused_reason}"
        return Check("Pulls", Level.WARN, finding, "Run tgl-server pulls resume when they may go on.")
    finding = f"{pulls.running} run, {pulls.due + pulls.queued} wait, the oldest for {pulls.oldest:.0f} s"
    if pulls.oldest < _LATE_PULL_SECONDS:
        return Check("Pulls", Level.OK, finding)
    remedy = "Start more workers or raise --children; with a broker, look whether a tgl-server beat runs."
    return Check("Pulls", Level.WARN, finding, remedy)


def _room(free: int, used: int) -> Check:
    finding = f"{free // _MB:,} MB free on the disk of the embedded database"
    if free < LEAST_ROOM_BYTES:
        return Check("Disk", Level.BAD, finding, "Make room now: PostgreSQL ends when it cannot write.")
    if free < max(_ENOUGH_ROOM_BYTES, used // 10):
        return Check("Disk", Level.WARN, finding, "Make room before it is full.")
    return Check("Disk", Level.OK, finding)


def _process_checks(state: SystemState, process: ProcessState) -> Iterator[Check]:
    if process.pool["idle"] or process.pool["unopened"]:
        yield Check("Pool", Level.OK, f"{process.pool['in_use']} of this worker's connections in use")
    else:
        finding = f"All {process.pool['in_use']} of this worker's connections in use, and requests wait"
        yield Check("Pool", Level.WARN, finding, "Look for slow_batch in the log; raise DB_POOL_SIZE.")
    storage = state.settings.rate_limit_storage.partition("://")[0]
    if process.does_limiter_answer:
        yield Check("Rate limits", Level.OK, f"Counted in {storage}")
    else:
        remedy = "Start it, or correct RATE_LIMIT_STORAGE and restart the server."
        yield Check("Rate limits", Level.BAD, f"{storage} does not answer, so requests pass uncounted", remedy)
    queue, waiting = max(process.argon2_waiting.items(), key=lambda each: each[1])
    if waiting < MAX_WAITING // 2:
        yield Check("Passwords and keys", Level.OK, f"{sum(process.argon2_waiting.values())} wait to be verified")
    else:
        finding = f"{waiting} wait in the queue {queue}; from {MAX_WAITING} on they are refused"
        yield Check("Passwords and keys", Level.WARN, finding, "Raise ARGON2_CONCURRENCY, or look who tries to log in.")
    yield _sweep(process.swept_seconds, state.settings.sweep_seconds)


def _sweep(seconds: float | None, pause: int) -> Check:
    if seconds is not None and seconds < _MISSED_SWEEPS * pause:
        return Check("Sweep", Level.OK, f"Done {seconds:.0f} s ago")
    finding = "None since this worker started" if seconds is None else f"The last one was {seconds:.0f} s ago"
    return Check("Sweep", Level.WARN, finding, "Look for sweep_failed in the log; runs stay open until it works.")
