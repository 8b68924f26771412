"""Remembers, for each clone and target, which of its branch tips the server had recorded, and which it recorded itself.

What is true of the tips on record is true as long as their digest is the same, however old the file is; so it only
saves reading them again. It may be deleted at any time.
"""

from pathlib import Path

import msgspec
from msgspec import Struct

from tgl_client.settings.files import replace_file
from tgl_client.settings.folders import state_folder, state_name


class Remembered(Struct, frozen=True):
    """Tips that were on record when the server's tips had this digest; `own` are the names that this clone recorded.

    `clone` tells the clone from another one that takes its place later, and has deleted none of its branches.
    """

    clone: str | None = None
    digest: str | None = None
    tips: dict[str, str] = {}
    own: frozenset[str] = frozenset()


def recall_tips(path: Path, url: str, target: str) -> Remembered:
    """What was kept; nothing if there is no file, or one that cannot be read."""
    try:
        return msgspec.json.decode(_file(path, url, target).read_bytes(), type=Remembered)
    except (OSError, msgspec.MsgspecError):
        return Remembered()


def keep_tips(path: Path, url: str, target: str, remembered: Remembered) -> None:
    """Keep it for the next push. Raises `OSError`."""
    file = _file(path, url, target)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_file(file, msgspec.json.encode(remembered))


def _file(path: Path, url: str, target: str) -> Path:
    return state_folder() / "tips" / f"{state_name(path, url, target)}.json"
