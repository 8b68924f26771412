"""Which project pushes go to when nobody says anything else: the only one, or the one that is chosen."""

import sys
from collections.abc import Sequence
from typing import Final

from tgl_client.errors import UsageError
from tgl_client.pushing.explained import suggestion
from tgl_protocol.projects import ProjectInfo

_SHOWN: Final = 20


def choose(
    projects: Sequence[ProjectInfo] | None, named: str | None, kept: str | None, stored: str = "nothing was stored"
) -> str | None:
    """The project to keep; asks on a terminal where there are several. Raises `UsageError` for one that is not there.

    `projects` are what the key sees, None where it may not list them. `named` was asked for, `kept` is of the last
    login to the same server. `stored` is what the error says of the key.
    """
    if projects is None:
        return named or kept
    known = {name for each in projects for name in (each.slug, str(each.id))}
    slugs = [each.slug for each in projects]
    if named is not None and named not in known:
        raise UsageError(
            f"there is no project {named!r} that this key sees; {stored}",
            hint=suggestion(named, slugs, "tgl projects"),
        )
    if named or kept in known:
        return named or kept
    if len(slugs) == 1:
        return slugs[0]
    return _ask(slugs) if slugs and sys.stdin.isatty() else None


def _ask(slugs: Sequence[str]) -> str | None:
    print("Projects that this key sees:")
    for number, slug in enumerate(slugs[:_SHOWN], start=1):
        print(f"  {number}  {slug}")
    if len(slugs) > _SHOWN:
        print(f"  ... and {len(slugs) - _SHOWN} more")
    while True:
        try:
            answer = input("Which one are your repositories in? [number or name, Enter for none]: ").strip()
        except EOFError:
            return None
        if not answer or answer in slugs:
            return answer or None
        if answer.isdecimal() and 1 <= int(answer) <= len(slugs):
            return slugs[int(answer) - 1]
