"""The letters about each topic: from rows of what happened to what a person reads. Pure functions."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import RowMapping

from tgl_protocol.accounts import UserState
from tgl_protocol.events import EventType
from tgl_server.logs.masking import mask_secrets
from tgl_server.mail.letter import Group, Letter, Line, Link
from tgl_server.notifications.models import Topic

#: Lines under one heading; how many more there are is said.
MOST_LINES: Final = 50
_MOST_REASON: Final = 300
_SETTINGS: Final = "/settings/notifications"


def letter_about(topic: Topic, rows: Sequence[RowMapping], origin: str) -> Letter | None:
    """One letter about all rows; None if nothing of it is there any more, such as a repository that was deleted."""
    return _LETTERS[topic](rows, origin)


def _repos(rows: Sequence[RowMapping], origin: str) -> Letter | None:
    rows = [row for row in rows if row["repo_name"] is not None and row["slug"] is not None]
    groups = [
        _group(rows, EventType.REPO_FAILING, "Failing", "bad", origin),
        _group(rows, EventType.REPO_STALE, "Not brought up to date in time", "warn", origin),
        _group(rows, EventType.REPO_RECOVERED, "Well again", "ok", origin),
    ]
    if not rows:
        return None
    troubles = {row["repo_name"] for row in rows if row["type"] != EventType.REPO_RECOVERED}
    return Letter(
        subject=_subject(rows, troubles),
        heading=_subject(rows, troubles),
        groups=[group for group in groups if group.lines],
        action=Link("Open the overview", f"{origin}/"),
        why="You get this mail for projects that you maintain, or chose.",
        settings=_choose(origin),
    )


def _subject(rows: Sequence[RowMapping], troubles: set[str]) -> str:
    if len(rows) == 1:
        return f"{rows[0]['repo_name']} {_WORDS[rows[0]['type']]}"
    if not troubles:
        return f"{len(rows)} repositories are well again"
    return f"{_repositories(len(troubles))} attention"


def _repositories(number: int) -> str:
    return "1 repository needs" if number == 1 else f"{number} repositories need"


_WORDS: Final = {
    EventType.REPO_FAILING: "is failing",
    EventType.REPO_STALE: "was not brought up to date in time",
    EventType.REPO_RECOVERED: "is well again",
}


def _group(rows: Sequence[RowMapping], type_: EventType, heading: str, tone: str, origin: str) -> Group:
    found = [_repo_line(row, origin) for row in rows if row["type"] == type_]
    return Group(heading, _some(found), tone)


def _repo_line(row: RowMapping, origin: str) -> Line:
    return Line(
        f"{row['slug']}/{row['repo_name']}",
        repo_sentence(row["type"], row["data"]),
        _moment(row["at"]),
        repo_url(origin, row["slug"], row["repo_name"]),
    )


def repo_url(origin: str, slug: str, repo: str) -> str:
    """The page of a repository."""
    return f"{origin}/projects/{quote(slug, safe='')}/repos/{quote(repo, safe='')}"


def repo_sentence(type_: str, data: Mapping[str, Any]) -> str:
    """What happened to a repository, in a sentence without a secret."""
    if type_ == EventType.REPO_FAILING:
        return mask_secrets(data.get("error") or "The last run failed.")[:_MOST_REASON]
    last = data.get("last_success_at")
    if type_ == EventType.REPO_STALE:
        every = _every(data.get("cadence_seconds"))
        since = f"the last success was on {_moment(datetime.fromisoformat(last))}" if last else "there was none so far"
        return f"Expected {every}; {since}."
    begun = data.get("since")
    return f"Over is what began on {_moment(datetime.fromisoformat(begun))}." if begun else "The trouble is over."


def _every(seconds: int | None) -> str:
    span = timedelta(seconds=seconds or 0)
    for length, word in ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute")):
        if span >= length:
            number = round(span / length)
            return f"every {word}" if number == 1 else f"every {number} {word}s"
    return "more often"


def _keys(rows: Sequence[RowMapping], origin: str) -> Letter | None:
    lines = [Line(_key(row), _expiry(row["data"]), "", f"{origin}/settings/keys") for row in rows]
    subject = f"API key {rows[0]['data']['name']}: {_in_days(rows[0]['data'])}"
    return Letter(
        subject=subject if len(rows) == 1 else f"{len(rows)} API keys expire",
        heading="API keys expire" if len(rows) > 1 else "An API key expires",
        paragraphs=["Rotate a key before its last day, so that the old one works until the new one is in place."],
        groups=[Group("Your keys", _some(lines), "warn")],
        action=Link("Open your API keys", f"{origin}/settings/keys"),
        why="You get this mail as the owner of the keys.",
        settings=_choose(origin),
    )


def _key(row: RowMapping) -> str:
    return f"{row['data']['name']} ({row['data']['prefix']})"


def _in_days(data: Mapping[str, Any]) -> str:
    days = data.get("days")
    return f"expires within {days} days" if days else "has expired"


def _expiry(data: Mapping[str, Any]) -> str:
    at = data.get("expires_at")
    return f"{_in_days(data)}{f', on {_moment(datetime.fromisoformat(at))}' if at else ''}."


def _people(rows: Sequence[RowMapping], origin: str) -> Letter | None:
    waiting = [row for row in rows if row["state"] == UserState.PENDING]
    if not waiting:
        return None
    pages = f"{origin}/administration/people"
    lines = [Line(row["display_name"], f"{row['email']} waits for approval.", _moment(row["at"])) for row in waiting]
    one = f"{waiting[0]['display_name']} waits for approval"
    return Letter(
        subject=one if len(waiting) == 1 else f"{len(waiting)} accounts wait for approval",
        heading=one if len(waiting) == 1 else f"{len(waiting)} accounts wait for approval",
        groups=[Group("Waiting", _some(lines))],
        action=Link("Approve or decline", f"{pages}?state=pending"),
        why="You get this mail as a commissioner.",
        settings=_choose(origin),
    )


_CHANGES: Final = {
    EventType.KEY_CREATED: "was made",
    EventType.KEY_CHANGED: "was changed",
    EventType.KEY_REVOKED: "was revoked",
}


def _account(rows: Sequence[RowMapping], origin: str) -> Letter | None:
    lines = [_change(row) for row in rows]
    one = f"{lines[0].subject} {lines[0].sentence}".rstrip(".")
    return Letter(
        subject=one if len(lines) == 1 else "Your account was changed",
        heading="Your account was changed",
        groups=[Group("What happened", _some(lines))],
        action=Link("Open your account", f"{origin}/settings/account"),
        afterwards=["If that was not you: sign out everywhere else, choose a new password, and tell a commissioner."],
        why="You get this mail for your own account.",
        settings=_choose(origin),
    )


def _change(row: RowMapping) -> Line:
    if row["type"] == EventType.ACCOUNT_PASSWORD_CHANGED:
        return Line("Your password", "was changed.", _moment(row["at"]))
    return Line(f"Your API key {_key(row)}", f"{_CHANGES[row['type']]}.", _moment(row["at"]))


def test_letter(origin: str) -> Letter:
    """What somebody gets who wants to see whether mails arrive."""
    return Letter(
        subject="A test message of TheGitLeague",
        heading="Mails arrive",
        paragraphs=["You asked for this message to see whether mails reach you. They do."],
        action=Link("Choose what you get", origin + _SETTINGS),
        why="You get this mail as you asked for it.",
    )


def _some(lines: Sequence[Line]) -> list[Line]:
    shown = list(lines[:MOST_LINES])
    if len(lines) > MOST_LINES:
        shown.append(Line("And more", f"{len(lines) - MOST_LINES} that are not listed here."))
    return shown


def _choose(origin: str) -> Link:
    return Link("Choose what you get", origin + _SETTINGS)


def _moment(at: datetime) -> str:
    return f"{at:%-d %b %Y %H:%M} UTC"


_LETTERS: Final[dict[Topic, Callable[[Sequence[RowMapping], str], Letter | None]]] = {
    Topic.REPOS: _repos,
    Topic.KEYS: _keys,
    Topic.PEOPLE: _people,
    Topic.ACCOUNT: _account,
}
