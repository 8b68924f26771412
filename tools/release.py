"""Builds a release and checks it; publishing it is left to a person who may.

Both archives are built, checked by twine, looked into, and installed into an empty environment, where both commands run
and a database is migrated. Beside them `dist/` gets the section of the changelog and a list of all parts (CycloneDX).
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import tgl_protocol

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
VERSION = tgl_protocol.__version__
TWINE, CYCLONEDX = "twine>=6,<7", "cyclonedx-bom>=7,<8"

NEEDED = ("tgl_client/cli/__init__.py", "tgl_server/migrations/env.py", "tgl_server/web/templates/base.html")
FORBIDDEN = ("tests/", "tools/", ".env", "__pycache__")
WHAT_REMAINS = f"""
dist/ is ready. Who may publish does this:
  1. write the version and today's date over "Unreleased" in CHANGELOG.md, and commit it
  2. git tag --sign v{VERSION} && git push origin v{VERSION}
  3. uvx '{TWINE}' upload dist/*.whl dist/*.tar.gz
  4. make a release of the tag with dist/CHANGES.md, and attach dist/sbom.json"""


def main() -> None:
    """Do all of it; the first thing that is wrong ends it."""
    shutil.rmtree(DIST, ignore_errors=True)
    run("uv", "build", "--quiet", "--out-dir", DIST)
    (wheel,), (sdist,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    run("uvx", "--quiet", TWINE, "check", "--strict", wheel, sdist)
    check_contents(wheel, sdist)
    (DIST / "CHANGES.md").write_text(changes((ROOT / "CHANGELOG.md").read_text()))
    with tempfile.TemporaryDirectory(prefix="tgl-release-") as folder:
        try_it(wheel, Path(folder))
    print(WHAT_REMAINS)


def check_contents(wheel: Path, sdist: Path) -> None:
    """Exits with a sentence if the wheel lacks what it needs, or has what nobody needs."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    lacking = [name for name in NEEDED if name not in names]
    foreign = [name for name in names if name.startswith(FORBIDDEN[:3]) or FORBIDDEN[3] in name]
    if lacking or foreign:
        sys.exit(f"the wheel lacks {lacking} and should not have {foreign}")
    with tarfile.open(sdist) as source:
        if not any(name.endswith("/migrations/env.py") for name in source.getnames()):
            sys.exit("the source archive lacks the migrations")


def changes(changelog: str) -> str:
    """The section of this version, or of what is unreleased; exits with a sentence if it is empty."""
    heading = rf"^## (?:Unreleased|\[?{re.escape(VERSION)}\]?.*)\n"
    found = re.search(rf"{heading}(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if found is None or not found[1].strip():
        sys.exit(f"CHANGELOG.md says nothing about {VERSION}")
    return found[1].strip() + "\n"


def try_it(wheel: Path, folder: Path) -> None:
    """Install the wheel into an empty environment, run both commands, and list its parts."""
    python = folder / "venv" / "bin" / "python"
    run("uv", "venv", "--quiet", "--python", sys.executable, folder / "venv")
    run("uv", "pip", "install", "--quiet", "--python", python, f"{wheel}[server]")
    here = {"DATABASE_URL": "", "DATA_DIR": str(folder / "data")}
    run(python.with_name("tgl"), "--version", cwd=folder)
    run(python.with_name("tgl-server"), "--version", cwd=folder)
    run(python.with_name("tgl-server"), "migrate", cwd=folder, **here)
    run(python.with_name("tgl-server"), "doctor", cwd=folder, **here)
    run(
        "uvx",
        "--quiet",
        "--from",
        CYCLONEDX,
        "cyclonedx-py",
        "environment",
        python,
        "--of",
        "JSON",
        "-o",
        DIST / "sbom.json",
    )


def run(*command: object, cwd: Path = ROOT, **environment: str) -> None:
    """Run a program to its end; exits if it fails."""
    words = [str(word) for word in command]
    print("==", *words, flush=True)
    done = subprocess.run(words, cwd=cwd, env={**os.environ, **environment}, check=False)
    if done.returncode:
        sys.exit(f"{words[0]} ended with {done.returncode}; nothing is published")


if __name__ == "__main__":
    main()
