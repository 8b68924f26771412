"""Which branches a push is about: globs, exclusions such as `!dependabot/*`, and `@default`. Pure."""

import difflib
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

from tgl_client.errors import UsageError

#: Stands for the default branch, whatever it is called.
DEFAULT_BRANCH: Final = "@default"

_HEADS: Final = "refs/heads/"
_REMOTES: Final = "refs/remotes/"
_USUAL: Final = ("main", "master")
_SHOWN: Final = 5


def chosen(tips: Mapping[str, str], filters: Sequence[str], default: str | None) -> dict[str, str]:
    """The tips that the filters leave; raises `UsageError` when they ask for branches and there is none of these.

    `default` is the short name of the default branch. Exclusions alone leave every other branch, also none.
    """
    wanted = [each for each in filters if not each.startswith("!")]
    unwanted = [each[1:] for each in filters if each.startswith("!")]
    found = {name: sha for name, sha in tips.items() if not wanted or _matches(name, wanted, tips, default)}
    if wanted and not found:
        raise _no_match(wanted, tips)
    return {name: sha for name, sha in found.items() if not _matches(name, unwanted, tips, default)}


def unmatched(tips: Mapping[str, str], filters: Sequence[str], default: str | None) -> list[str]:
    """Those of the filters that ask for branches of which there are none; exclusions may be for later."""
    wanted = [each for each in filters if not each.startswith("!")]
    return [each for each in wanted if not any(_matches(name, [each], tips, default) for name in tips)]


def _matches(name: str, globs: Sequence[str], tips: Mapping[str, str], default: str | None) -> bool:
    """True when a glob matches the full name, or the name that people write: `main`, `origin/main`."""
    short = _short(name)
    for glob in globs:
        if glob == DEFAULT_BRANCH:
            branch = _default_of(tips, default)
            if branch is not None and name in (f"{_HEADS}{branch}", f"{_REMOTES}origin/{branch}"):
                return True
        elif fnmatchcase(name, glob) or fnmatchcase(short, glob):
            return True
    return False


def _default_of(tips: Mapping[str, str], default: str | None) -> str | None:
    """What the repository names, where that exists; a mirror names none, and has what most have."""
    names = {_short(name).removeprefix("origin/") for name in tips}
    return next((each for each in (default, *_USUAL) if each in names), None)


def _no_match(wanted: Sequence[str], tips: Mapping[str, str]) -> UsageError:
    """The error that names the branches that exist, those first which are spelt most like what was asked for."""
    names = sorted((_short(name) for name in tips), key=lambda name: (-_likeness(name, wanted), name))
    if not names:
        return UsageError(f"no branch matches {', '.join(wanted)}", hint="the repository has no branch with a commit")
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return UsageError(f"no branch matches {', '.join(wanted)}", hint=f"there are: {', '.join(names[:_SHOWN])}{more}")


def _likeness(name: str, wanted: Sequence[str]) -> float:
    return max(difflib.SequenceMatcher(None, name, each).ratio() for each in wanted)


def _short(name: str) -> str:
    return name.removeprefix(_HEADS).removeprefix(_REMOTES)
