"""Remembers, for each repository and target, which commits the last push left: refused there, or damaged here.

`tgl status` shows them. What to send is never decided from these files; they may be deleted at any time.
"""

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tgl_client.report import DamagedCommit, PushReport, RefusedCommit
from tgl_client.settings.files import replace_file
from tgl_client.settings.folders import state_folder, state_name
from tgl_client.terminal.output import json_bytes


class RefusalReport(msgspec.Struct, frozen=True):
    """The refused and damaged commits of one push."""

    path: str
    url: str
    target: str
    pushed_at: datetime
    commits: list[RefusedCommit]
    damaged: list[DamagedCommit] = []


def remember(path: Path, url: str, target: str, report: PushReport) -> None:
    """Store the refused commits, or delete an older report when there are none: each push sends them again.

    Raises `OSError`.
    """
    file = _file(path, url, target)
    if not report.refused_commits and not report.damaged_commits:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = RefusalReport(
        str(path.resolve()), url, target, datetime.now(UTC), report.refused_commits, report.damaged_commits
    )
    replace_file(file, json_bytes(content))


def recall(path: Path, url: str, target: str) -> RefusalReport | None:
    """The refusals of the last push; None when there were none, or when the file cannot be read."""
    try:
        return msgspec.json.decode(_file(path, url, target).read_bytes(), type=RefusalReport)
    except (OSError, msgspec.MsgspecError):
        return None


def _file(path: Path, url: str, target: str) -> Path:
    return state_folder() / "refused" / f"{state_name(path, url, target)}.json"
