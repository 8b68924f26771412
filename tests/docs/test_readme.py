"""The README's "Use it" is run as it stands, on a fresh machine as far as files go."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.repositories import linear_repository
from tgl_server.serving import addresses

README = Path(__file__).parents[2] / "README.md"
#: What a reader puts in place of the README's own; the checkout stands for `pip install`.
INSTALL, DATABASE, URL, KEY = (
    r"pip install .*",
    r"export DATABASE_URL=.*",
    r"https://league\.example\.com",
    r"tgl_\.\.\.",
)


def blocks() -> list[list[str]]:
    """The commands of the server's machine, then those of the client's."""
    section = README.read_text().partition("## Use it\n")[2].partition("\n## ")[0]
    return [block.splitlines() for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL)]


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TGL_", "XDG_"))}
    kept.pop("DATABASE_URL", None)
    bin_folder = str(Path(sys.executable).parent)
    home = {"HOME": str(tmp_path / "home"), "DATA_DIR": str(tmp_path / "data")}
    return {**kept, **home, "PATH": f"{bin_folder}:{kept['PATH']}"}


def test_the_readme_has_the_lines_that_a_reader_replaces() -> None:
    server, client = ("\n".join(block) for block in blocks())
    assert all(re.search(line, server) for line in (INSTALL, DATABASE))
    assert all(re.search(line, client) for line in (INSTALL, URL, KEY))


def test_use_it_ends_with_a_push_that_arrived(machine: dict[str, str], tmp_path: Path) -> None:
    server, client = blocks()
    *prepare, serve = [line for line in server if not re.match(f"{INSTALL}|{DATABASE}", line)]
    printed = [shell(line, machine, tmp_path) for line in prepare]
    key = re.findall(r"^tgl_\w+$", "\n".join(printed), re.MULTILINE)
    assert len(key) == 1
    port = addresses.free_port("127.0.0.1")
    with subprocess.Popen(
        [*serve.split(), "--port", str(port)], env=machine, cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr
            assert any("Listening" in line for line in process.stderr)
            script = "\n".join(["set -e", *(line for line in client if not re.match(INSTALL, line))])
            script = re.sub(KEY, key[0], re.sub(URL, f"http://127.0.0.1:{port}", script))
            pushed = shell(script, machine, linear_repository(tmp_path / "shop", commits=12))
        finally:
            process.terminate()
    assert "12 sent" in pushed


def shell(script: str, machine: dict[str, str], folder: Path) -> str:
    """All that it printed."""
    done = subprocess.run(
        ["sh", "-c", script],
        env=machine,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr
