"""Whether DATABASE_READ_URL names a standby that answers."""

from typing import Final

from tgl_server.db.standby import MOST_LAG_SECONDS, Fault, StandbyState
from tgl_server.system.check import Check, Level

_FINDINGS: Final = {
    Fault.AWAY: "It does not answer",
    Fault.WRITABLE: "It takes writes, so it is no standby",
    Fault.OTHER_DATABASE: "It is a standby of another database",
    Fault.OTHER_VERSION: "Its tables have another version",
    Fault.BEHIND: f"It is more than {MOST_LAG_SECONDS:.0f} s behind",
}
_REMEDIES: Final = {
    Fault.AWAY: "Start it, or correct DATABASE_READ_URL.",
    Fault.WRITABLE: "Point DATABASE_READ_URL at a standby, or an account with default_transaction_read_only = on.",
    Fault.OTHER_DATABASE: "Correct DATABASE_READ_URL.",
    Fault.OTHER_VERSION: "Look whether it receives what the primary writes: pg_stat_replication there.",
    Fault.BEHIND: "Look at pg_stat_replication on the primary, and for long queries on the standby.",
}


def standby_check(standby: StandbyState) -> Check:
    """What a server does without is a thing to look at; what it refuses to start with is wrong."""
    if standby.fault is None:
        behind = (
            "no physical standby, so its lag is not known" if standby.lag is None else f"{standby.lag:.1f} s behind"
        )
        return Check("Standby", Level.OK, f"It answers what may be some seconds old; {behind}")
    level = Level.BAD if standby.fault in (Fault.WRITABLE, Fault.OTHER_DATABASE) else Level.WARN
    finding = f"{_FINDINGS[standby.fault]}, so the primary answers everything"
    return Check("Standby", level, finding, _REMEDIES[standby.fault])
