"""Looks, before anything is sent, for repositories of one run that go to one target and have different histories.

The comparison with the server would refuse the second of them, and which is the wrong one nobody could tell.
"""

from collections.abc import Sequence
from contextlib import suppress
from itertools import combinations
from pathlib import Path

from tgl_client.errors import ConfigError, TglError
from tgl_client.http.address import Target
from tgl_client.pushing.locate import target_of
from tgl_client.pushing.reader import opened
from tgl_client.settings.source import Source


async def refuse_mixed_targets(sources: Sequence[Source]) -> None:
    """Raises `ConfigError` for two repositories with one target that share no commit, unless one says `join_history`.

    Those that are not cloned here, or cannot be read, are left to the push itself.
    """
    by_target: dict[Target, list[Source]] = {}
    for source in sources:
        with suppress(TglError):
            if source.mirrored is None and not source.join_history:
                by_target.setdefault(await target_of(source), []).append(source)
    for target, several in by_target.items():
        for one, other in combinations(several, 2):
            if await _are_apart(one.path or Path(), other.path or Path()):
                raise ConfigError(
                    f"{one.name} ({one.origin}) and {other.name} ({other.origin}) both go to {target}, and have no "
                    "commit in common",
                    hint="give each a `repo_id` of its own, or say `join_history: true` at one of them",
                )


async def _are_apart(one: Path, other: Path) -> bool:
    """True if neither has a tip or a root of the other; a shallow clone may have them below its boundary."""
    with suppress(TglError):
        async with opened(one) as (first, in_first), opened(other) as (second, in_second):
            tips = await in_first.call(lambda: first.tips(broken=lambda *_: None))
            others = await in_second.call(lambda: second.tips(broken=lambda *_: None))
            if not tips or not others:
                return False
            if await in_second.call(second.has_any, tips.values()) or await in_first.call(
                first.has_any, others.values()
            ):
                return False
            ancestry = await in_first.call(first.ancestry, tips.values())
            roots = [sha.hex() for sha in ancestry.roots]
            beyond = await in_second.call(second.ancestry, others.values())
            is_certain = not ancestry.is_shallow and not beyond.is_shallow
            return is_certain and not await in_second.call(second.has_any, roots)
    return False
