"""Builds a release and checks it; publishing it is left to a person who may.

Both archives are built, checked by twine, looked into, and installed into an empty environment, where both commands run
and a database is migrated. Beside them `dist/` gets the section of the changelog and a list of all parts (CycloneDX).
"""

import json
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
TRIAL = f"""
This was a trial: {{why}}.
To publish, write {VERSION} and today's date over "Unreleased" in CHANGELOG.md, commit it, and run this again."""
WHAT_REMAINS = f"""
dist/ is ready. Who may publish does this:
  1. git tag --sign v{VERSION} && git push origin v{VERSION}
  2. uvx '{TWINE}' upload dist/*.whl dist/*.tar.gz
  3. make a release of the tag with dist/CHANGES.md, and attach dist/sbom.json"""


def main() -> None:
    """Do all of it; the first thing that is wrong ends it."""
    shutil.rmtree(DIST, ignore_errors=True)
    run("uv", "build", "--quiet", "--out-dir", DIST)
    (wheel,), (sdist,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    if not wheel.name.startswith(f"thegitleague-{VERSION}-"):
        sys.exit(f"pyproject.toml has another version than src/tgl_protocol/__init__.py, {VERSION}")
    run("uvx", "--quiet", TWINE, "check", "--strict", wheel, sdist)
    check_contents(wheel, sdist)
    changelog = (ROOT / "CHANGELOG.md").read_text()
    (DIST / "CHANGES.md").write_text(changes(changelog))
    with tempfile.TemporaryDirectory(prefix="tgl-release-") as folder:
        try_it(wheel, Path(folder))
    parts = without_files((DIST / "sbom.json").read_text())
    check_parts(parts)
    (DIST / "sbom.json").write_text(parts)
    why = why_a_trial(changelog, output("git", "status", "--porcelain"))
    print(TRIAL.format(why=why) if why else WHAT_REMAINS)


def why_a_trial(changelog: str, uncommitted: str) -> str:
    """Why these archives are not to be published; empty if they are."""
    if not re.search(rf"^## \[?{re.escape(VERSION)}\]?.* \d{{4}}-\d{{2}}-\d{{2}}$", changelog, re.MULTILINE):
        return f"CHANGELOG.md has no section of {VERSION} with its date"
    return "something is not committed" if uncommitted.strip() else ""


def check_contents(wheel: Path, sdist: Path) -> None:
    """Exits with a sentence if the wheel lacks what it needs, or has what nobody needs.

    The source archive has what the repository has: who packages it can build, read and test it.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    lacking = [name for name in NEEDED if name not in names]
    foreign = [name for name in names if name.startswith(FORBIDDEN[:3]) or FORBIDDEN[3] in name]
    if lacking or foreign:
        sys.exit(f"the wheel lacks {lacking} and should not have {foreign}")
    with tarfile.open(sdist) as source:
        packed = {member.name.partition("/")[2] for member in source.getmembers() if member.isfile()}
    tracked = set(output("git", "ls-files").splitlines()) | {"PKG-INFO"}
    if packed != tracked:
        sys.exit(f"the source archive lacks {sorted(tracked - packed)} and should not have {sorted(packed - tracked)}")


def changes(changelog: str) -> str:
    """The section of this version, or of what is unreleased; exits with a sentence if it is empty."""
    heading = rf"^## (?:Unreleased|\[?{re.escape(VERSION)}\]?[^\n]*)\n"
    found = re.search(rf"{heading}(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if found is None or not found[1].strip():
        sys.exit(f"CHANGELOG.md says nothing about {VERSION}")
    return found[1].strip() + "\n"


def without_files(parts: str) -> str:
    """A list of parts without the places on this machine from which they were installed, as ours was."""
    found = json.loads(parts)
    for each in found["components"]:
        places = each.get("externalReferences", [])
        places[:] = [place for place in places if not place["url"].startswith("file:")]
    return json.dumps(found, indent=2) + "\n"


def check_parts(parts: str) -> None:
    """Exits with a sentence if the list of parts lacks us or what we need, or tells where this machine keeps files."""
    names = {each["name"] for each in json.loads(parts)["components"]}
    if lacking := {"thegitleague", "litestar", "asyncpg", "aiohttp"} - names:
        sys.exit(f"the list of parts lacks {sorted(lacking)}")
    if found := re.search(r"file://[^\s\"]*", parts):
        sys.exit(f"the list of parts names a file of this machine: {found[0]}")


def try_it(wheel: Path, folder: Path) -> None:
    """Install the wheel into an empty environment, first the client alone, run both commands, and list its parts."""
    python = folder / "venv" / "bin" / "python"
    run("uv", "venv", "--quiet", "--python", sys.executable, folder / "venv")
    run("uv", "pip", "install", "--quiet", "--python", python, wheel)
    run(python.with_name("tgl"), "--version", cwd=folder)
    run("uv", "pip", "install", "--quiet", "--python", python, f"{wheel}[server]")
    here = {"DATABASE_URL": "", "DATA_DIR": str(folder / "data")}
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


def output(*command: str) -> str:
    """What a program prints."""
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


if __name__ == "__main__":
    main()
