"""A pack that unpacks to more than a pull may have: the pull fails with a sentence, and its process lives on."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.hostile import huge_base

MB = 1024 * 1024
#: Reads a mirror within so many bytes more than the process has, says what a pull would say, and goes on.
READ = """
import asyncio, sys
from pathlib import Path
from tgl_server.pull.child import bound_memory
from tgl_server.pull.failures import explain
from tgl_server.pull.reading import opened

def has() -> int:
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmData")]
    return int(line.split()[1]) * 1024

async def read() -> None:
    async with opened(Path(sys.argv[1])) as history:
        bound_memory(has() + int(sys.argv[2]))
        print(len(await history.walk(list((await history.tips()).values()), [])))

try:
    asyncio.run(read())
except Exception as error:
    print(explain(error, Path(sys.argv[1])))
print(len(bytearray(2**20)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts what a process allocates")
def test_a_hostile_pack_takes_no_more_memory_than_a_pull_may_have(tmp_path: Path) -> None:
    huge_base(tmp_path / "hostile.git", 64 * MB)
    said = [
        subprocess.run(
            [sys.executable, "-c", READ, str(tmp_path / "hostile.git"), str(bound * MB)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.splitlines()
        for bound in (1024, 40)
    ]
    assert said[0] == ["1", "1048576"]
    assert said[1][0].startswith(
        "Reading a commit takes more memory than a pull may have; push from a checkout instead"
    )
    assert said[1][1:] == ["1048576"]
