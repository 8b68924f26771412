"""The line statistics of one commit, as both engines count them and the wire contract carries them."""

from typing import NamedTuple


class Stat(NamedTuple):
    """What `git log --shortstat` shows for one commit."""

    files_changed: int
    additions: int
    deletions: int


NO_CHANGE = Stat(0, 0, 0)
