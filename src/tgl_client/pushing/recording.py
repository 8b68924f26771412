"""The recorded branch tips of one push: learning them in few bytes, recording new ones, and deleting our own.

Tips are compared by the digest of all: a repository may have any number, and most pushes change one of them.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from tgl_client.http.address import Target
from tgl_client.http.api import Api
from tgl_client.pushing.remembered import Remembered, keep_tips, recall_tips
from tgl_client.pushing.tally import Tally
from tgl_protocol.commits import RepoStatus

#: As many tips come with the status, in less than 0.1 MB; more are read only if they changed.
FEW_REFS: Final = 1000


class Recording:
    """What the server has on record, as far as one push needs it; `gone` are branches to delete there."""

    def __init__(self, api: Api, path: Path, target: Target, tally: Tally) -> None:
        self._tally = tally
        self._api = api
        self._target = target
        self._place = (path, str(api.url), str(target))
        self._remembered = recall_tips(*self._place)
        self._recorded: dict[str, str] = {}
        self._own: set[str] = set()
        self._digest: str | None = None
        self._total = 0
        self._last_removal: int | None = None
        self.gone: list[str] = []
        #: The full name of the default branch, where the clone knows it.
        self.head: str | None = None

    async def read(self, status: RepoStatus) -> RepoStatus:
        """The status with every tip that this push has to know: all, or ours if none changed since our last push."""
        self._digest, self._last_removal = status.refs_digest, status.last_removal
        self._total = len(status.refs) if status.refs_total is None else status.refs_total
        if status.refs_total is None or self._total <= FEW_REFS:
            self._recorded = dict(status.refs)
        elif self._digest == self._remembered.digest:
            self._recorded = dict(self._remembered.tips)
        else:
            self._recorded = await self._read_all()
        return replace(status, refs=dict(self._recorded))

    async def _read_all(self) -> dict[str, str]:
        """The pages are of different moments, and any of their tips has all its history there."""
        found: dict[str, str] = {}
        async with aclosing(self._api.refs(self._target)) as pages:
            async for page in pages:
                found |= page.refs
                self._digest, self._total = page.refs_digest, page.refs_total
        return found

    def compare(self, here: Collection[str], clone: str | None, *, remotes: bool) -> None:
        """Find the tips that this clone recorded and whose branch is gone from `here`, all its branches.

        One that another machine has recorded since at another commit is theirs.
        """
        before = self._remembered
        if clone is None or before.clone != clone:
            return
        self._own = {name for name in before.own if self._recorded.get(name) == before.tips.get(name)}
        looked_for = (name for name in self._own if remotes or not name.startswith("refs/remotes/"))
        self.gone = sorted(name for name in looked_for if name not in here)

    def keep(self, tracked: Collection[str]) -> None:
        """Do not delete these: their branch was deleted here, and not at the remote."""
        self.gone = [name for name in self.gone if name not in tracked]

    async def record(self, refs: Mapping[str, str], run_id: UUID, chunk: int, *, closes: bool) -> None:
        """Record the tips and delete those that are gone; the last request closes the run, or is one for that alone."""
        changes: dict[str, str | None] = {**dict(sorted(refs.items())), **dict.fromkeys(self.gone)}
        parts = list(_parts(changes, chunk)) or ([{}] if closes else [])
        for number, part in enumerate(parts, start=1):
            closing = number == len(parts)
            run, head = (run_id, self.head) if closing else (None, None)
            result = await self._api.put_refs(self._target, part, run, self._last_removal, head)
            self._tally.refs_recorded += sum(sha is not None for sha in part.values())
            self._digest = result.refs_digest
            self._total = len(result.refs) if result.refs_total is None else result.refs_total
        self._recorded.update(refs)
        self._own |= refs.keys()
        for name in self.gone:
            self._recorded.pop(name, None)
            self._own.discard(name)

    def remember(self, here: Mapping[str, str], clone: str | None) -> None:
        """Keep for the next push what this one has learned; where nothing can be kept, the next one asks more."""
        known = {name: sha for name, sha in self._recorded.items() if here.get(name) == sha or name in self._own}
        learned = Remembered(clone, self._digest, known, frozenset(self._own))
        is_needed = bool(self._own) or self._total > FEW_REFS
        if learned != self._remembered and (is_needed or self._remembered.own):
            with suppress(OSError, UnicodeError):
                keep_tips(*self._place, learned)


def _parts(changes: Mapping[str, str | None], size: int) -> Iterator[dict[str, str | None]]:
    items = list(changes.items())
    for start in range(0, len(items), size):
        yield dict(items[start : start + size])
