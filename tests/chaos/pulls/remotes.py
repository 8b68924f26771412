"""Remotes that grow and are slow, and a count of who asks for one of them at once."""

import random
import time
from collections import Counter
from pathlib import Path
from threading import Lock

from tests.support.forge import Forge, Handler
from tests.support.histories import git

_PIECE_SECONDS = 0.05
#: Random bytes in each commit, so that a pack takes several pieces to arrive.
_BYTES = 250_000


class Remotes:
    """Repositories of a forge that have one history, each so far as it was pushed."""

    def __init__(self, forge: Forge, source: Path, names: list[str], chance: random.Random) -> None:
        self.names = names
        self.most: Counter[str] = Counter()
        self._forge, self._source, self._chance = forge, source, chance
        self._now: dict[Handler, str] = {}
        self._lock = Lock()
        self._commit()
        self.urls = {name: forge.add(source, name) for name in names}
        forge.intercept = self._answer

    def grow(self, number: int) -> None:
        """Push a new commit to so many of them."""
        self._commit()
        for name in self._chance.sample(self.names, number):
            self._forge.update(self._source, name)

    def tip(self, name: str) -> str:
        """The newest commit of one."""
        return git(self._forge.root / f"{name}.git", "rev-parse", "refs/heads/main").strip()

    def _commit(self) -> None:
        if not (self._source / ".git").exists():
            self._source.mkdir(parents=True, exist_ok=True)
            git(self._source, "init", "-q", "-b", "main")
        (self._source / "data").write_bytes(self._chance.randbytes(_BYTES))
        git(self._source, "add", "data")
        git(self._source, "-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-q", "-m", "more")

    def _answer(self, handler: Handler) -> bool:
        """Slowly, and counted: git asks one thing after the other, so two at once are two pulls at once."""
        name = handler.path.split("/")[1]
        plain = handler.send

        def send(piece: bytes) -> None:
            time.sleep(_PIECE_SECONDS)
            plain(piece)

        handler.send = send  # type: ignore[method-assign]
        with self._lock:
            self._now[handler] = name
            self.most[name] = max(self.most[name], sum(each == name for each in self._now.values()))
        try:
            return handler.answer_by_git()
        finally:
            with self._lock:
                del self._now[handler]

    def answering(self) -> set[Handler]:
        """The answers that are under way; those to a killed git end soon, when nobody takes them."""
        with self._lock:
            return set(self._now)

    def have_ended(self, answers: set[Handler]) -> bool:
        """Whether none of these answers is under way any more."""
        return not answers & self.answering()
