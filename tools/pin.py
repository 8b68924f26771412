"""Exact versions without addresses: writes them into pyproject.toml, or checks what is installed against them.

python tools/pin.py           # resolve to the newest allowed and write
python tools/pin.py --check   # exit 1 when something installed is not what is pinned
"""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"
_BLOCK = re.compile(r"constraint-dependencies = \[\n(?: {4}.*\n)*\]\n")


def resolve() -> list[str]:
    """`name==version ; marker` of everything, for every Python and platform that we support."""
    subprocess.run(["uv", "lock", "--upgrade", "--quiet"], check=True, cwd=PYPROJECT.parent)
    command = ["uv", "export", "--all-groups", "--all-extras", "--no-hashes", "--no-annotate", "--no-header", "--quiet"]
    exported = subprocess.run([*command, "--no-emit-project"], check=True, cwd=PYPROJECT.parent, capture_output=True)
    return sorted(line for line in exported.stdout.decode().splitlines() if "==" in line)


def write(pins: list[str]) -> None:
    """Replace the block in pyproject.toml."""
    block = "constraint-dependencies = [\n" + "".join(f'    "{pin}",\n' for pin in pins) + "]\n"
    text = PYPROJECT.read_text()
    PYPROJECT.write_text(_BLOCK.sub(lambda _: block, text))


def check() -> list[str]:
    """What is installed here and differs from its pin."""
    pins = tomllib.loads(PYPROJECT.read_text())["tool"]["uv"]["constraint-dependencies"]
    return [problem for pin in pins if (problem := _difference(Requirement(pin)))]


def _difference(pin: Requirement) -> str | None:
    if pin.marker is not None and not pin.marker.evaluate():
        return None
    try:
        found = version(pin.name)
    except PackageNotFoundError:
        return f"{pin.name} is pinned and not installed"
    return None if pin.specifier.contains(found, prereleases=True) else f"{pin.name} {found} is not {pin.specifier}"


if __name__ == "__main__":
    if "--check" in sys.argv:
        problems = check()
        sys.exit("\n".join(problems) or 0)
    PYPROJECT.write_text(_BLOCK.sub("constraint-dependencies = [\n]\n", PYPROJECT.read_text()))
    write(resolve())
