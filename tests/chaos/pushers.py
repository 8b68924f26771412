"""The pushers: each with its own clones, locks and clock, pushing over and over until told to end."""

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.clocks import environment_off_by
from tests.chaos.histories import Clone
from tests.support.command import TGL
from tests.support.world import World
from tgl_client.exit_codes import ExitCode

ROOT = Path(__file__).parents[2]

_STREAM_PUSH = (sys.executable, "-m", "tests.chaos.stream_push")
_LONGEST_SECONDS = 240
_WRONG_CLOCKS = (-400 * 86_400, -3 * 3600, -90, 90, 3 * 3600, 400 * 86_400)
#: How a push may end while things break: done, without a usable answer, or killed.
_USUAL = (ExitCode.DONE, ExitCode.NETWORK, -signal.SIGKILL)


@dataclass(frozen=True)
class Target:
    """One of a pusher's repositories, here and on the server."""

    clone: Clone
    world: World


@dataclass(frozen=True)
class Ending:
    """How a push ended."""

    pusher: str
    target: str
    code: int
    state: str
    sent: int
    words: str

    @property
    def is_usual(self) -> bool:
        return self.code in _USUAL and "Traceback" not in self.words

    def __str__(self) -> str:
        return f"{self.pusher} ended with {self.code} ({self.state}) at {self.target}: {self.words[-2000:]}"


@dataclass
class Pusher:
    """Pushes one of its repositories at a time, by stream or in batches."""

    name: str
    by_stream: bool
    targets: Sequence[Target]
    home: Path
    url: str
    library: Path | None
    chance: random.Random
    endings: list[Ending] = field(default_factory=list)
    _process: asyncio.subprocess.Process | None = None

    async def go_on(self, stopped: asyncio.Event) -> None:
        """From random points of the history, until told to stop; the push that runs is finished."""
        while not stopped.is_set():
            target = self.chance.choice(self.targets)
            await asyncio.to_thread(target.clone.stand_somewhere, self.chance)
            self.endings.append(await self._push(target, self._chosen(), self._own_clock()))

    async def push_all(self) -> list[Ending]:
        """Everything there is, as a cron job would, with a clock that is right."""
        endings = []
        for target in self.targets:
            await asyncio.to_thread(target.clone.stand_at_tips)
            endings.append(await self._push(target, {"TGL_BATCH_SIZE": "500", "TGL_MAX_RETRIES": "5"}, {}))
        return endings

    def kill(self) -> bool:
        """kill -9, if a push is running."""
        if self._process is None or self._process.returncode is not None:
            return False
        self._process.kill()
        return True

    def _chosen(self) -> dict[str, str]:
        """Small batches make many requests, large ones long transactions."""
        sizes = (7, 40, 200, 1000)
        return {
            "TGL_BATCH_SIZE": str(self.chance.choice(sizes)),
            "TGL_MAX_RETRIES": str(self.chance.randrange(1, 5)),
        }

    def _own_clock(self) -> dict[str, str]:
        is_wrong = self.chance.random() < 0.3
        return environment_off_by(self.library, self.chance.choice(_WRONG_CLOCKS)) if is_wrong else {}

    async def _push(self, target: Target, chosen: dict[str, str], clock: dict[str, str]) -> Ending:
        where = {"URL": self.url, "API_KEY": target.world.key, "PROJECT": target.world.project, "REPO": "first"}
        environment = {
            **os.environ,
            **{f"TGL_{name}": value for name, value in where.items()},
            "TGL_HOME": str(self.home),
            **chosen,
            **clock,
        }
        self._process = await asyncio.create_subprocess_exec(
            *self._command(target.clone.path, chosen),
            cwd=ROOT,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        return await self._end_of(self._process, target)

    def _command(self, path: Path, chosen: dict[str, str]) -> tuple[str, ...]:
        if self.by_stream:
            return (*_STREAM_PUSH, str(path), chosen["TGL_BATCH_SIZE"])
        return (*TGL, "push", str(path), "--json", "--jobs", "1")

    async def _end_of(self, process: asyncio.subprocess.Process, target: Target) -> Ending:
        name = target.world.project
        try:
            out, err = await asyncio.wait_for(process.communicate(), _LONGEST_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
            return Ending(self.name, name, 1, "hanging", 0, f"it did not end within {_LONGEST_SECONDS} s")
        assert process.returncode is not None
        report = json.loads(out)["repositories"][0] if out else {}
        words = f"{err.decode(errors='replace')} {report.get('error') or ''} {report.get('refused_commits') or ''}"
        return Ending(self.name, name, process.returncode, report.get("state", "?"), report.get("sent", 0), words)
