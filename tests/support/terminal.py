"""`tgl login --device` as a process of its own, whose output is read while it waits for its person."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.command import TGL


class Terminal:
    """A running `tgl login`, whose output is read up to a mark."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.shown = ""

    async def until(self, pattern: str) -> re.Match[str]:
        assert self.process.stderr is not None
        while not (found := re.search(pattern, self.shown)):
            part = await self.process.stderr.read(4096)
            assert part, self.shown
            self.shown += part.decode()
        return found

    async def code(self) -> str:
        """The code that its person is to type."""
        return (await self.until(r"\n {4}([B-Z]{4}-[B-Z]{4})\n"))[1]

    async def ended(self) -> tuple[int, str, str]:
        """Exit code, stdout, and all of stderr."""
        out, err = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, out.decode(), self.shown + err.decode()


@asynccontextmanager
async def logging_in(url: str, *options: str) -> AsyncIterator[Terminal]:
    """Run `tgl login --device`, without a terminal to ask on; it is killed if it is still running at the end."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *TGL, "login", "--device", url, *options, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
    )
    try:
        yield Terminal(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
