"""The rules of a season in sentences, one for each parameter, exact enough to compute the table by them. Pure.

The examples are of what has happened in a season, and none of them names a player.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from tgl_protocol.leagues import CommitVerdict
from tgl_server.leagues.beside import beside
from tgl_server.leagues.happened import Seen
from tgl_server.leagues.rules import Board, CoAuthors, Counting, Dates, Late, Provisional, Rules

OPENING = "Points belong to days, not to commits."
GAME = (
    "This is a game. It counts what can be counted of a commit, which is not what work is worth, and it says nothing "
    "of "
    "reviews, of help, or of how hard something was. Whoever does not want to play hides, at any time, and is nowhere."
)


class Worded(Struct, frozen=True):
    """Parameters of the rules in a sentence, with an example of what has happened."""

    names: tuple[str, ...]
    sentence: str
    example: str = ""


class Section(Struct, frozen=True):
    """Sentences that belong together."""

    title: str
    rules: Sequence[Worded]


def opening(rules: Rules, weeks: int) -> str:
    """The sentence that the rules open with, and what follows from it for a season of so many weeks."""
    day, kept = _best_day(rules), weeks - rules.drops(weeks)
    week = rules.best_days * day
    return (
        f"{OPENING} A day is worth at most {day}, a week the best {rules.best_days} days ({week}), "
        f"a season of {weeks} weeks {f'the best {kept}' if kept < weeks else 'all of them'} ({kept * week})."
    )


def in_words(rules: Rules, weeks: int, seen: Seen | None = None) -> list[Section]:
    """All rules of a season of so many weeks; the examples are left out where nothing has happened yet."""
    found = seen or Seen()
    return [
        Section("From lines to points", list(_points(rules, weeks, found))),
        Section("Which day", list(_days(rules, found))),
        Section("What does not count", list(_verdicts(rules, found))),
        Section("Once each", list(_copies(found))),
        Section("People", list(_people(rules, found))),
        Section("Beside the table", [Worded(*each) for each in beside(rules)]),
    ]


def _points(rules: Rules, weeks: int, seen: Seen) -> Iterator[Worded]:
    capped = seen.largest_change > rules.line_cap
    yield Worded(
        ("line_cap",),
        f"The lines of a change are those that it adds and those that it deletes together, {rules.line_cap} at the "
        "most. Those of generated, vendored and lock files are left out, where clients tell them apart.",
        f"The largest change so far has {seen.largest_change:,} lines, and counts as "
        f"{min(seen.largest_change, rules.line_cap)}."
        if capped
        else "",
    )
    day = seen.day
    yield Worded(
        ("line_steps", "line_points"),
        "The lines of a day's changes are added up. They give the points of the last step that they reach: "
        f"{_steps(rules.line_steps, rules.line_points, 'line')}.",
        f"On {day.day:%-d %b %Y} somebody had {day.value:,} lines: {day.line_points} points." if day else "",
    )
    yield Worded(
        ("commit_steps", "commit_points"),
        "The number of a day's changes gives points by steps of its own: "
        f"{_steps(rules.commit_steps, rules.commit_points, 'change')}. Both are added.",
        f"That day had {number_of(day.changes, 'change')}, worth {day.points - day.line_points}: together {day.points}."
        if day
        else "",
    )
    yield from _sums(rules, weeks, seen)


def _sums(rules: Rules, weeks: int, seen: Seen) -> Iterator[Worded]:
    week = seen.week
    yield Worded(
        ("best_days",),
        f"A week runs from Monday to Sunday, and the points of its best {rules.best_days} days are its points.",
        f"In week {week.week} somebody played {week.days} days worth {week.all_points} points; {week.points} count."
        if week
        else "",
    )
    yield _dropped(rules, weeks, seen)
    yield Worded(
        (),
        "The order is by season points, then by the best week, the second best and so on, those that are left out "
        "among "
        "them. Players who are equal in all of it share a rank, and are champions together.",
        f"{number_of(seen.tied, 'player')} of {seen.players} share a rank." if seen.tied else "",
    )


def _dropped(rules: Rules, weeks: int, seen: Seen) -> Worded:
    drops = rules.drops(weeks)
    if not drops:
        return Worded(("drop_weeks",), "Season points are the points of all weeks.")
    first = -(-weeks // drops)
    lost = seen.all_week_points - seen.season_points
    return Worded(
        ("drop_weeks",),
        f"Season points are those of the best weeks: of the weeks that have begun, that many times {drops}/{weeks}, "
        f"rounded down, are left out, the weakest. The first is left out in week {first}, and {drops} at the end. "
        "So a holiday costs little, and nobody keeps lists of absences.",
        f"Somebody's weeks add up to {seen.all_week_points}; without the weakest they are {seen.season_points}."
        if lost
        else "",
    )


def _days(rules: Rules, seen: Seen) -> Iterator[Worded]:
    offset = rules.day_offset_minutes
    clock = "of UTC" if not offset else f"of a clock {abs(offset)} minutes {'ahead of' if offset > 0 else 'behind'} UTC"
    yield Worded(("day_offset_minutes",), f"A day runs from midnight to midnight {clock}.")
    if rules.counting is Counting.LANDED:
        yield Worded(
            ("counting",),
            "A commit counts once the default branch of its repository has it; that is its arrival. Where it was "
            "not known when the season opened, it is when the commit is stored here.",
        )
    else:
        yield Worded(("counting",), "A commit counts once it is stored here, on whatever branch; that is its arrival.")
    if rules.dates is Dates.AS_WRITTEN:
        yield Worded(
            ("dates", "grace_days", "late"),
            "A commit counts on the day of its author date, as it is written: nobody has witnessed it, so the season "
            "is "
            "an exhibition and unofficial. No week is ever closed.",
        )
        return
    yield from _witnessed(rules, seen)


def _witnessed(rules: Rules, seen: Seen) -> Iterator[Worded]:
    late, future = seen.verdicts.get(CommitVerdict.LATE, 0), seen.verdicts.get(CommitVerdict.FUTURE, 0)
    yield Worded(
        ("dates",),
        "A commit counts on the day of its author date if it arrives before that day's week is closed, and on the "
        "day of "
        "its arrival if its author date is after that. Nothing arrives before the league took its repository in.",
        f"{number_of(future, 'commit')} came from a clock that was ahead." if future else "",
    )
    yield Worded(
        ("grace_days",),
        f"A week is closed {rules.grace_days} days after its Sunday has ended; nothing gets into it then.",
    )
    said = (
        "What arrives later does not count."
        if rules.late is Late.VOID
        else "What arrives later keeps its weekday: it counts on that weekday in the seven days up to its arrival, "
        "or on the day of its arrival where that weekday is before the season."
    )
    yield Worded(("late",), said, f"{number_of(late, 'commit')} arrived later." if late else "")


def _verdicts(rules: Rules, seen: Seen) -> Iterator[Worded]:
    def happened(verdict: CommitVerdict) -> str:
        number = seen.verdicts.get(verdict, 0)
        return f"{number_of(number, 'commit')} of {seen.commits:,} so far." if number else ""

    yield Worded(
        (),
        "A commit is judged by the first of these that fits: struck, before its time, merge, opted out, bot, no file, "
        "revert, not landed, too late, copy. One that none fits counts.",
    )
    yield Worded(
        (),
        "A commissioner can strike a change with all its copies, and has to say why; the reason is shown beside it.",
        happened(CommitVerdict.STRUCK),
    )
    yield Worded(
        (),
        "Before its time is what is dated before the season's first day, or before the day from which its repository "
        "counts.",
        happened(CommitVerdict.BEFORE_REPO),
    )
    yield Worded(("merges",), "Merges do not count: they have no lines of their own.", happened(CommitVerdict.MERGE))
    yield Worded(
        ("bots",),
        "Bots do not count. An address is a bot's if somebody has said so; if nobody has said anything, when its name, "
        "the address, or what is before its @ fits one of these patterns, whatever the case, in which * stands for any "
        f"text and one that begins with @ is the end of an address: {', '.join(rules.bots) or 'none'}.",
        happened(CommitVerdict.BOT),
    )
    yield Worded((), "A commit that changes no file does not count.", happened(CommitVerdict.EMPTY))
    yield Worded(
        ("reverts", "self_revert_days"),
        'Reverts do not count: a title that begins with Revert " or Reapply ". What was reverted keeps its points.',
        happened(CommitVerdict.REVERT),
    )
    yield Worded(
        (),
        "Too late is what was written in the season and has its day after the last one.",
        happened(CommitVerdict.TOO_LATE),
    )


def _copies(seen: Seen) -> Iterator[Worded]:
    copies = seen.verdicts.get(CommitVerdict.COPY, 0)
    yield Worded(
        (),
        "Commits of one player are one change if they have two of these three in common: the second of their author "
        "date; "
        "their title, without a number such as (#12) at its end; their numbers of added lines, deleted lines and "
        "files. "
        "A copy of a copy is one too. Merges, reverts, bots and commits without a file are nobody's copies.",
        f"{number_of(copies, 'commit')} are copies; one change is here {seen.most_copies} times." if copies else "",
    )
    yield Worded(
        (),
        "Of the copies that would count one does: that with the earliest day, then with the most lines, then in the "
        "first "
        "repository by the league's order, then with the lowest sha.",
    )


def _people(rules: Rules, seen: Seen) -> Iterator[Worded]:
    yield Worded(
        (),
        "A player has the commits of all addresses that are theirs; one that changes hands takes its whole season "
        "along.",
    )
    if rules.coauthors is CoAuthors.SPLIT:
        yield Worded(
            ("coauthors", "most_coauthors"),
            f"The first {rules.most_coauthors} co-authors who play, bots left out, share the lines of a change with "
            f"its "
            "author in equal whole parts, and the rest is the author's. They get no change: of a week's days with "
            "shared "
            "lines alone only the best one counts. A bot's commit is that of its first human co-author.",
        )
    else:
        yield Worded(("coauthors", "most_coauthors"), "Co-authors are not scored: a change is its author's.")
    yield Worded(
        ("provisional",),
        "Players whose address nobody has claimed are shown to members, under the name of their commits."
        if rules.provisional is Provisional.SHOWN
        else "Players whose address nobody has claimed are not shown.",
    )
    hidden = seen.verdicts.get(CommitVerdict.OPTED_OUT, 0)
    yield Worded(
        (),
        "Whoever hides takes no part and is shown to nobody; whoever comes back has all that they did. A pseudonym is "
        "all that others see of those who chose one.",
        f"{number_of(hidden, 'commit')} take no part." if hidden else "",
    )
    yield Worded(
        ("board",),
        "Everybody is shown the first ten ranks, and their own place with two on either side: nobody is shown last."
        if rules.board is Board.TOP_AND_ME
        else "The whole table is shown.",
    )


def _steps(steps: Sequence[int], points: Sequence[int], noun: str) -> str:
    first, *rest = zip(steps, points, strict=True)
    said = [
        f"{number_of(first[0], noun)} {number_of(first[1], 'point')}",
        *(f"{step:,}: {worth}" for step, worth in rest),
    ]
    return ", ".join(said)


def number_of(number: int, noun: str) -> str:
    """A number with its noun, like "1 point" and "2,000 points"."""
    return f"{number:,} {noun if number == 1 else f'{noun}s'}"


def _best_day(rules: Rules) -> int:
    return rules.line_points[-1] + rules.commit_points[-1]
