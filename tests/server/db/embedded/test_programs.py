"""PostgreSQL's programs, where the account that runs them can reach them."""

import shutil
from pathlib import Path

from tests.support.postgres import as_root
from tgl_server.db.embedded.account import choose_server_account, run_as
from tgl_server.db.embedded.programs import Programs, find_programs, reachable_programs


@as_root
def test_programs_out_of_reach_are_copied_once(tmp_path: Path, open_folder: Path) -> None:
    """The wheel in a home of mode 0700, as `uv` and `pyenv` put it for root."""
    package = find_programs().home.parent
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    for name in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.parent / name, hidden / name, ignore=shutil.ignore_patterns("include", "pginstall"))
    programs, account = Programs(hidden / package.name / "pginstall18", 18), choose_server_account()
    copied = reachable_programs(programs, account, copies=open_folder / "programs")
    assert copied.home.is_relative_to(open_folder)
    assert run_as(account, [copied.initdb, "--version"], cwd=Path("/")).stdout.startswith("initdb (PostgreSQL) 18")
    assert run_as(account, [copied.postgres, "--describe-config"], cwd=Path("/")).returncode == 0
    assert reachable_programs(programs, account, copies=open_folder / "programs") == copied
    assert len(list((open_folder / "programs").iterdir())) == 1
