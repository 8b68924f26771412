"""The monkey: breaks what can break, at random but repeatably, several things at the same time."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import psutil

from tests.chaos.clocks import Clock
from tests.chaos.histories import Origin
from tests.chaos.postgres import RestartedPostgres, StopMode
from tests.chaos.proxy import CutPlace, CuttingProxy
from tests.chaos.pushers import Pusher
from tests.support.processes import command_line

# Granian takes a worker that dies within 5.5 s of its birth for one that never works, and gives up.
_GROWN_SECONDS = 7
_LONGEST_DOWNTIME = 2.5
_JUMPS = (-50 * 3600, -3600, -90, 0, 90, 3600, 50 * 3600)
_GROWTH = (5, 40, 300, 1200)


class Deed(StrEnum):
    """What the monkey does; each must have happened in a run that is to say something."""

    WORKER = "workers killed"
    PUSHER = "pushers killed"
    FAST = "fast restarts of PostgreSQL"
    IMMEDIATE = "immediate restarts"
    BODY_CUT = "cuts in requests"
    ANSWER_CUT = "cuts in answers"
    JUMP = "clock jumps"
    GROWTH = "times new commits"


@dataclass
class Monkey:
    """Its lanes run side by side, each with chances of its own: a seed repeats what each does, not the moment."""

    seed: int
    server_pid: int
    postgres: RestartedPostgres
    proxy: CuttingProxy
    clock: Clock
    origin: Origin
    pushers: Sequence[Pusher]
    done: Counter[Deed] = field(default_factory=Counter)
    # No start of PostgreSQL meets a jump: pg_ctl would not find the start that it waits for.
    _still: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def rage(self, seconds: float) -> None:
        """For so long, on a slow machine up to twice as long again until each deed was done.

        What was begun is finished, so that PostgreSQL runs in the end.
        """
        stopped = asyncio.Event()
        lanes = [
            self._lane("workers", stopped, 4, 8, self._kill_worker),
            self._lane("pushers", stopped, 3, 8, self._kill_pusher),
            self._lane("postgres", stopped, 6, 12, self._restart_postgres),
            self._lane("cuts", stopped, 0.3, 1.5, self._cut),
            self._lane("growth", stopped, 3, 6, self._grow),
        ]
        if self.clock.library:
            lanes.append(self._lane("clock", stopped, 3, 7, self._jump))
        async with asyncio.TaskGroup() as group:
            for lane in lanes:
                group.create_task(lane)
            await asyncio.sleep(seconds)
            for _ in range(int(2 * seconds)):
                if self.undone():
                    await asyncio.sleep(1)
            stopped.set()
        self.proxy.disarm()

    def undone(self) -> list[Deed]:
        """What never happened although it could have."""
        wanted = set(Deed) - (set() if self.clock.library else {Deed.JUMP})
        return sorted(wanted - set(self._all_done()))

    def __str__(self) -> str:
        done = self._all_done()
        return ", ".join(f"{done[deed]} {deed}" for deed in Deed)

    def _all_done(self) -> Counter[Deed]:
        cuts = {Deed.BODY_CUT: self.proxy.cuts[CutPlace.BODY], Deed.ANSWER_CUT: self.proxy.cuts[CutPlace.ANSWER]}
        return self.done + Counter(cuts)

    async def _lane(
        self,
        name: str,
        stopped: asyncio.Event,
        shortest: float,
        longest: float,
        act: Callable[[random.Random], Awaitable[None]],
    ) -> None:
        chance = random.Random(f"{self.seed} {name}")
        while not stopped.is_set():
            try:
                await asyncio.wait_for(stopped.wait(), chance.uniform(shortest, longest))
            except TimeoutError:
                await act(chance)

    async def _kill_worker(self, chance: random.Random) -> None:
        workers = [each for each in workers_of(self.server_pid) if time.time() - each.create_time() > _GROWN_SECONDS]
        if workers:
            chance.choice(workers).kill()
            self.done[Deed.WORKER] += 1

    async def _kill_pusher(self, chance: random.Random) -> None:
        if chance.choice(self.pushers).kill():
            self.done[Deed.PUSHER] += 1

    async def _restart_postgres(self, chance: random.Random) -> None:
        mode = chance.choice(list(StopMode))
        async with self._still:
            await asyncio.to_thread(self.postgres.stop, mode)
            await asyncio.sleep(chance.uniform(0, _LONGEST_DOWNTIME))
            await asyncio.to_thread(self.postgres.start)
        self.done[Deed.FAST if mode is StopMode.FAST else Deed.IMMEDIATE] += 1

    async def _cut(self, chance: random.Random) -> None:
        self.proxy.cut_next(chance.choice(list(CutPlace)))

    async def _jump(self, chance: random.Random) -> None:
        async with self._still:
            self.clock.set(chance.choice(_JUMPS))
        self.done[Deed.JUMP] += 1

    async def _grow(self, chance: random.Random) -> None:
        await asyncio.to_thread(self.origin.grow, chance.choice(_GROWTH))
        self.done[Deed.GROWTH] += 1


def workers_of(server_pid: int) -> list[psutil.Process]:
    """The processes that answer, which Granian forks from the main one."""
    own = command_line(psutil.Process(server_pid))
    return [each for each in psutil.Process(server_pid).children() if command_line(each) == own]
