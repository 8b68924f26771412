"""What a league says of a commit: one verdict, and one sentence for each verdict."""

from enum import StrEnum
from typing import Final


class CommitVerdict(StrEnum):
    """What the rules of a season say of one stored copy of a commit; the first that fits, as they are listed here.

    `future`, `late` and `counted` count; the others do not. `struck` is a commissioner's, and comes before all others.
    """

    STRUCK = "struck"
    BEFORE_REPO = "before_repo"
    MERGE = "merge"
    OPTED_OUT = "opted_out"
    BOT = "bot"
    EMPTY = "empty"
    REVERT = "revert"
    NOT_LANDED = "not_landed"
    TOO_LATE = "too_late"
    COPY = "copy"
    FUTURE = "future"
    LATE = "late"
    COUNTED = "counted"

    @property
    def counts(self) -> bool:
        """True if the copy adds to its player's day."""
        return self in (CommitVerdict.FUTURE, CommitVerdict.LATE, CommitVerdict.COUNTED)


#: What each verdict means, for the person whose commit it is.
VERDICT_SENTENCES: Final[dict[CommitVerdict, str]] = {
    CommitVerdict.STRUCK: "A commissioner struck this change, with all its copies; the reason is shown beside it.",
    CommitVerdict.BEFORE_REPO: "It is dated before the day from which its repository counts.",
    CommitVerdict.MERGE: "It is a merge, which has no lines of its own.",
    CommitVerdict.OPTED_OUT: "Its player does not take part in this season.",
    CommitVerdict.BOT: "Its author is a bot, by its name, its address, or because somebody said so.",
    CommitVerdict.EMPTY: "It changes no file.",
    CommitVerdict.REVERT: "It is a revert, or takes a revert back, by its title.",
    CommitVerdict.NOT_LANDED: "It is not on the default branch yet, and counts on the day on which it gets there.",
    CommitVerdict.TOO_LATE: "It arrived too late: its week was closed, and the rules or the season's end leave no day.",
    CommitVerdict.COPY: "It is a copy of a change that counts elsewhere, once.",
    CommitVerdict.FUTURE: "It counts, on the day on which it arrived: the clock that dated it was ahead.",
    CommitVerdict.LATE: "It counts, among the seven days before its arrival: its own week was closed.",
    CommitVerdict.COUNTED: "It counts, on the day of its author date.",
}
