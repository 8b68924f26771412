"""Seasons without a database: commits as small values, judged and scored by the Python reference."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from hashlib import sha1
from itertools import count
from typing import Any
from uuid import UUID, uuid5

from msgspec import Struct

from tgl_server.leagues.copies import Trait
from tgl_server.leagues.credit import credited, is_bot, is_revert, title_key
from tgl_server.leagues.reference import JudgedCopy, SeasonResult, season_result
from tgl_server.leagues.rules import Counting, Rules
from tgl_server.leagues.scoring import DAY, Seen, Span, Terms, judge, span_of, to_day

START = date(2026, 1, 5)
FIRST = to_day(START)
_NUMBERS = count(1)


def player(name: str) -> UUID:
    """The player of a name, the same one in each run."""
    return uuid5(UUID(int=0), name)


def sha_for(*parts: object) -> bytes:
    """Twenty bytes that depend on the parts alone."""
    return sha1(repr(parts).encode(), usedforsecurity=False).digest()


class Work(Struct, frozen=True, kw_only=True):
    """A commit, by the day of the season on which it was written and on which it arrived, from 0."""

    who: str = "ada"
    day: int = 0
    second: int = 0
    arrived: int | None = None
    title: str = ""
    lines: tuple[int, int] = (30, 0)
    files: int = 1
    position: int = 0
    sha: bytes = b""
    is_merge: bool = False
    name: str = "Ada"
    email: str = "ada@example.com"
    named: Sequence[str] = ()
    landed: int | None = None
    generated: int = 0


def work(**fields: Any) -> Work:
    """A commit unlike all others, but for what is given: its title, its second and its size are its own."""
    number = next(_NUMBERS)
    plain = {"title": f"Change {number}", "second": 1000 + number % 80000, "sha": sha_for(number)}
    return Work(**{**plain, **fields})


def again(commit: Work, **changed: Any) -> Work:
    """A copy with another sha, and what else is changed."""
    fields = {name: getattr(commit, name) for name in Work.__struct_fields__}
    return Work(**{**fields, "sha": sha_for("again", next(_NUMBERS)), **changed})


def honest(who: str = "ada", week: int = 0, **fields: Any) -> list[Work]:
    """A good week: on five days two commits of thirty lines each."""
    return [work(who=who, day=7 * week + day, **fields) for day in range(5) for _ in range(2)]


def score(
    commits: Iterable[Work],
    rules: Rules | None = None,
    *,
    weeks: int = 12,
    span: Span | None = None,
    struck: Collection[bytes] = (),
    counting: Counting = Counting.PUSHED,
) -> SeasonResult:
    """The season of these commits, by the reference."""
    rules = rules or Rules()
    span = span or span_of(rules, START, weeks)
    copies = [copy for each in commits if (copy := _judged(rules, span, counting, each)) is not None]
    return season_result(rules, span, weeks, copies, struck)


def week_of(found: SeasonResult, who: str = "ada", week: int = 0) -> int:
    """A player's points in one week; 0 for nobody."""
    points = found.weeks.get(player(who))
    return points[week] if points else 0


def _judged(rules: Rules, span: Span, counting: Counting, each: Work) -> JudgedCopy | None:
    authored = (FIRST + each.day) * DAY + each.second
    arrived = authored + 60 if each.arrived is None else (FIRST + each.arrived) * DAY + each.second
    landed = None if each.landed is None else (FIRST + each.landed) * DAY + each.second
    bot = is_bot(rules.bots, each.name, each.email)
    author, sharers = credited(None if bot else each.who, each.named, rules.most_coauthors)
    seen = Seen(
        authored=authored, arrived=arrived, additions=each.lines[0], deletions=each.lines[1], files=each.files,
        is_merge=each.is_merge, is_revert=is_revert(each.title), is_bot=author is None, landed=landed,
        generated=each.generated,
    )  # fmt: skip
    judged = judge(rules, span, Terms(each.position, FIRST, 0, counting=counting), seen)
    if judged is None:
        return None
    trait = Trait(authored, title_key(each.title), *each.lines, each.files)
    whose = [player(name) for name in sharers]
    return JudgedCopy(player(author or each.who), each.position, each.sha, trait, judged, whose)
