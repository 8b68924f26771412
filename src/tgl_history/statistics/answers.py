"""What counting processes answer, read: the statistics of commits, and of which lines are of generated files. Pure."""

import re

from tgl_history.generated import GeneratedFiles, new_path
from tgl_history.stat import Stat

_FILE = re.compile(r"^(\d+)\t(\d+)\t(.*)$", re.MULTILINE)
_ANSWER = re.compile(
    rb"^([0-9a-f]{40})\n((?:[0-9-]+\t[0-9-]+\t.*\n)*)"
    rb"(?: (\d+) files? changed(?:, (\d+) insertions?\(\+\))?(?:, (\d+) deletions?\(-\))?\n)?",
    re.MULTILINE,
)


def parse_answer(text: bytes, generated: GeneratedFiles | None) -> dict[str, Stat]:
    """The statistics in a chunk's answer, by commit id."""
    return {
        sha.decode(): Stat(int(files or 0), int(added or 0), int(deleted or 0), *_lines_of_generated(each, generated))
        for sha, each, files, added, deleted in _ANSWER.findall(text)
    }


def _lines_of_generated(each: bytes, generated: GeneratedFiles | None) -> tuple[int, int, str]:
    """Of a commit's lines by file those of generated ones, added and deleted, and by which rules."""
    if not each or generated is None:
        return 0, 0, ""
    files = _FILE.findall(each.decode("utf-8", "replace"))
    found = [(int(added), int(deleted)) for added, deleted, shown in files if generated.includes(new_path(shown))]
    return sum(added for added, _ in found), sum(deleted for _, deleted in found), generated.name
