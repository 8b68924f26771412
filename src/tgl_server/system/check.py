"""One check of a running server: its name, how bad it is, what was found, and what to do."""

from enum import StrEnum

from msgspec import Struct


class Level(StrEnum):
    """How bad it is, the worst first: pushes or data are in danger, somebody should look, or all is well."""

    BAD = "bad"
    WARN = "warn"
    OK = "ok"


class Check(Struct, frozen=True):
    """One thing that was looked at; `remedy` is what to do, and empty if all is well."""

    name: str
    level: Level
    finding: str
    remedy: str = ""
