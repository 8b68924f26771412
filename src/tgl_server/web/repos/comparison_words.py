"""A comparison in sentences: what is equal, what is on one side alone, what differs, and what to do. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from tgl_protocol.comparison import Comparison, DifferentTip
from tgl_server.web.words import count, number

COLUMN_WORDS: Final[Mapping[str, str]] = {
    "author_name": "the author's name",
    "author_email": "the author's address",
    "author_date": "the time of writing",
    "committer_name": "the committer's name",
    "committer_email": "the committer's address",
    "commit_date": "the time of committing",
    "message_title": "the title",
    "message_body": "the message below the title",
    "additions": "the lines added",
    "deletions": "the lines deleted",
    "files_changed": "the number of files",
    "is_merge": "whether it is a merge",
    "parent_count": "the number of parents",
    "parents": "the parents",
}
_LONGEST: Final = 80
_SHAS: Final = 5
_BRANCHES: Final = "refs/heads/"


class Told(Struct, frozen=True):
    """A comparison in words: a verdict with the look of its badge, and a sentence for each difference."""

    look: str
    verdict: str
    sentences: list[str]


def told(found: Comparison) -> Told:
    """What a comparison says to people."""
    sides = f"{count(found.here, 'commit')} here, {number(found.there)} at the remote"
    if found.is_equal:
        proof = f" The fingerprint of both is {found.fingerprint_here}." if found.fingerprint_here else ""
        same = (
            f"All {count(found.here, 'commit')} are equal in every column, and so are the tips of all branches.{proof}"
        )
        return Told("healthy", "Both sides are equal", [same])
    if found.is_covered:
        return Told("healthy", "The server has everything", [f"{sides}.", *_sentences(found)])
    return Told("failing", "The server does not have everything", [f"{sides}.", *_sentences(found)])


def _sentences(found: Comparison) -> list[str]:
    said = []
    if found.only_there:
        what = _named(found.only_there, found.only_there_shas)
        said.append(f"{what} only at the remote. Pull once more, and compare again.")
    if found.only_here:
        what = _named(found.only_here, found.only_here_shas)
        said.append(f"{what} only here: of branches that were rewritten or deleted since. The server keeps them.")
    for name, each in found.columns.items():
        said.append(f"{count(each, 'commit differs', 'commits differ')} in {COLUMN_WORDS.get(name, name)}.")
    for example in found.examples:
        for name, pair in example.columns.items():
            sides = f"“{_cut(pair.here)}” here, “{_cut(pair.there)}” at the remote"
            said.append(f"{example.sha[:12]}: {COLUMN_WORDS.get(name, name)} is {sides}.")
    said += [_tip(tip) for tip in found.tips]
    if found.tips_differ > len(found.tips):
        said.append(f"{count(found.tips_differ - len(found.tips), 'more branch', 'more branches')} differ.")
    if found.unreadable:
        what = count(found.unreadable, "commit or branch", "commits or branches")
        said.append(f"{what} of the server's copy cannot be read, so nothing is proven; git fsck names them.")
    return said


def _named(number_of: int, shas: Sequence[str]) -> str:
    """`3 commits are`, with the first of them."""
    shown = ", ".join(sha[:12] for sha in shas[:_SHAS])
    more = f", and {number_of - _SHAS:,} more" if number_of > _SHAS else ""
    return f"{count(number_of, 'commit')} ({shown}{more}) {'is' if number_of == 1 else 'are'}"


def _tip(tip: DifferentTip) -> str:
    name = tip.name.removeprefix(_BRANCHES)
    if tip.here is None:
        return f"The branch {name} is at {_short(tip.there)} at the remote, and not recorded here."
    if tip.there is None:
        return f"The branch {name} is recorded here at {_short(tip.here)}, and gone at the remote."
    return f"The branch {name} is at {_short(tip.here)} here, and at {_short(tip.there)} at the remote."


def _short(sha: str | None) -> str:
    return (sha or "")[:12]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
