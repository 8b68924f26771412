"""Remembers, for each repository and target, what the server refused in the last push; `tgl status` shows it.

Only a memory for people: what to send is never decided from it, and it may be deleted at any time.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tgl_client.folders import state_folder, state_name
from tgl_client.report import PushReport, RefusedCommit


class RefusalReport(msgspec.Struct, frozen=True):
    """The refused commits of one push."""

    path: str
    url: str
    target: str
    pushed_at: datetime
    commits: list[RefusedCommit]


def remember(path: Path, url: str, target: str, report: PushReport) -> None:
    """Write down what was refused, or forget what was: refused commits are sent again by each push."""
    file = _file(path, url, target)
    if not report.refused_commits:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = RefusalReport(str(path.resolve()), url, target, datetime.now(UTC), report.refused_commits)
    temporary = file.with_suffix(f".{os.getpid()}")
    temporary.write_bytes(msgspec.json.encode(content))
    temporary.replace(file)


def recall(path: Path, url: str, target: str) -> RefusalReport | None:
    """What the last push left behind; None when nothing, or when it cannot be read."""
    try:
        return msgspec.json.decode(_file(path, url, target).read_bytes(), type=RefusalReport)
    except (OSError, msgspec.MsgspecError):
        return None


def _file(path: Path, url: str, target: str) -> Path:
    return state_folder() / "refused" / f"{state_name(path, url, target)}.json"
