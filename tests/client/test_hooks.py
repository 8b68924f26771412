"""Our lines in a hook: other lines survive, and a hook that is no shell script is refused."""

from pathlib import Path

import pytest

from tgl_client.errors import UsageError
from tgl_client.hooks import Folder, HookState, block, state_of, with_block, without_block


@pytest.mark.parametrize(
    "script", ["#!/bin/sh\nexit 0\n", "#!/usr/bin/env bash\nexec other", "echo hello\n", "#!/bin/sh\n"]
)
def test_other_lines_of_a_hook_survive(script: str) -> None:
    installed = with_block(script, "/opt/my tools/tgl")
    assert installed.startswith(script.partition("\n")[0] + "\n# >>> tgl >>>")
    assert with_block(installed, "/opt/my tools/tgl") == installed
    assert without_block(installed).rstrip("\n") == script.rstrip("\n")


def test_a_hook_that_is_no_shell_script_is_refused() -> None:
    with pytest.raises(UsageError):
        with_block("#!/usr/bin/python3\n", "tgl")


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        (block("tgl"), HookState.INSTALLED),
        (block("tgl", ["main", "!a b"]), HookState.INSTALLED),
        (block("tgl").replace("sleep 1", "sleep 2"), HookState.OUTDATED),
        (block("/nowhere/my tools/tgl"), HookState.BROKEN),
        (block("tgl").replace("hook run", "hook"), HookState.BROKEN),
        ("", HookState.MISSING),
    ],
)
def test_a_hook_is_installed_only_where_it_works(tmp_path: Path, lines: str, state: HookState) -> None:
    hook = tmp_path / "post-commit"
    hook.write_text(f"#!/bin/sh\n{lines}echo hello\n")
    hook.chmod(0o755)
    assert state_of(hook, Folder(tmp_path, (tmp_path,))) is state


def test_lines_of_an_earlier_form_are_outdated(tmp_path: Path) -> None:
    hook = tmp_path / "post-commit"
    earlier = '( tgl hook run --branch=main "$PWD" </dev/null >/dev/null 2>&1 & ) || true\n'
    hook.write_text(f"#!/bin/sh\n# >>> tgl >>> written\n{earlier}# <<< tgl <<<\n")
    hook.chmod(0o755)
    assert state_of(hook, Folder(tmp_path, (tmp_path,))) is HookState.OUTDATED
