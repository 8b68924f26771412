"""The parameter of the rules that decides a verdict, and what it says."""

from typing import Final

from tgl_protocol.leagues import CommitVerdict
from tgl_server.leagues.rules import Rules
from tgl_server.leagues.scoring import to_date

#: Some verdicts follow from the commit alone, or from what somebody did, and from no parameter.
_DECIDING: Final[dict[CommitVerdict, str]] = {
    CommitVerdict.MERGE: "merges",
    CommitVerdict.BOT: "bots",
    CommitVerdict.REVERT: "reverts",
    CommitVerdict.NOT_LANDED: "counting",
    CommitVerdict.TOO_LATE: "late",
    CommitVerdict.FUTURE: "dates",
    CommitVerdict.LATE: "grace_days",
    CommitVerdict.COUNTED: "line_cap",
}


def deciding_rule(rules: Rules, verdict: CommitVerdict, counts_from: int) -> tuple[str | None, str | None]:
    """The name and the value of the parameter; `counts_from` is the repository's first day that counts."""
    if verdict is CommitVerdict.BEFORE_REPO:
        return "counts_from", to_date(counts_from).isoformat()
    name = _DECIDING.get(verdict)
    if name is None:
        return None, None
    value = getattr(rules, name)
    return name, ", ".join(value) if isinstance(value, tuple) else str(value)
