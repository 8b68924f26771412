"""Reading the log of a server, which is written after the answer."""

import asyncio

from tests.servers import RunningServer


async def logged_lines(server: RunningServer, mark: str) -> str:
    """The log's lines that have this text in them, once there are any."""
    lines: list[str] = []
    async with asyncio.timeout(20):
        while not lines:
            await asyncio.sleep(0.02)
            lines = [line for line in server.log().splitlines() if mark in line]
    return "\n".join(lines)
