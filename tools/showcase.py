"""Made-up repositories of a made-up company, with histories up to today, for pictures of the product."""

import random
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

PEOPLE = ("Ada Lovelace", "Grace Hopper", "Linus Berg", "Mei Tanaka", "Oluwaseun Ade", "Priya Nair", "Zoë Martin")
#: A repository and how many commits it gets in a week.
REPOS = {"billing-api": 14, "checkout": 9, "design-system": 6, "mobile-app": 18, "search": 4, "infrastructure": 7}
_WEEKS = 16
_VERBS = ("Add", "Fix", "Simplify", "Remove", "Test", "Document", "Speed up", "Rename")
_THINGS = (
    "the retry of failed payments",
    "the cache of exchange rates",
    "rounding in invoices",
    "the empty basket",
    "keyboard focus in dialogs",
    "the index of products",
    "what the health check reads",
    "the spinner on slow networks",
    "time zones in reports",
    "the import of old orders",
)


def make_repositories(folder: Path) -> list[Path]:
    """Real repositories, the same ones in each run but for their dates."""
    return [_make(folder / name, weekly, random.Random(name)) for name, weekly in REPOS.items()]


def add_commit(path: Path, title: str) -> None:
    """One more commit, of now."""
    stream = _commit(PEOPLE[0], datetime.now(UTC), title, 99, "from refs/heads/main^0\n")
    _import(path, [stream])


def _make(path: Path, weekly: int, rng: random.Random) -> Path:
    subprocess.run(["git", "init", "-q", "-b", "main", str(path)], check=True)
    _import(path, _commits(weekly, rng))
    return path


def _commits(weekly: int, rng: random.Random) -> Iterator[str]:
    end = datetime.now(UTC) - timedelta(hours=1)
    minutes = _WEEKS * 7 * 24 * 60
    for number, ago in enumerate(sorted(rng.sample(range(minutes), weekly * _WEEKS), reverse=True)):
        # The first people of a team do more than the last ones.
        who = PEOPLE[min(rng.randrange(len(PEOPLE)), rng.randrange(len(PEOPLE)))]
        yield _commit(who, end - timedelta(minutes=ago), f"{rng.choice(_VERBS)} {rng.choice(_THINGS)}", number)


def _commit(who: str, at: datetime, title: str, number: int, origin: str = "") -> str:
    email = f"{who.split(maxsplit=1)[0].lower()}@example.com"
    text = "".join(f"line {line}\n" for line in range(number % 40 + 1))
    return (
        f"commit refs/heads/main\ncommitter {who} <{email}> {at.timestamp():.0f} +0000\n"
        f"data {len(title)}\n{title}\n{origin}M 644 inline part-{number % 7}.txt\ndata {len(text)}\n{text}\n"
    )


def _import(path: Path, commits: Iterator[str] | list[str]) -> None:
    subprocess.run(
        ["git", "-C", str(path), "fast-import", "--quiet", "--date-format=raw"],
        input="".join(commits).encode(),
        check=True,
    )
