"""The line statistics of one commit, as both engines count them and the wire contract carries them."""

from typing import NamedTuple


class Stat(NamedTuple):
    """What `git log --shortstat` shows for one commit; and of its lines those of generated files, where asked for."""

    files_changed: int
    additions: int
    deletions: int
    generated_additions: int = 0
    generated_deletions: int = 0
    #: The name of the rules by which files are generated.
    generated_by: str = ""


NO_CHANGE = Stat(0, 0, 0)
