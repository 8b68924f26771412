"""`tgl` starts fast: a command loads what it needs, and help and version load nothing of it."""

import subprocess
import sys

import pytest

HEAVY = {"aiohttp", "pygit2", "yaml", "rich", "filelock", "tgl_history"}


def modules_loaded_by(*arguments: str) -> set[str]:
    """Every module that the process imported, by Python's own account."""
    command = [sys.executable, "-X", "importtime", "-m", "tgl_client", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["push", "--help"], ["status", "--help"]])
def test_help_and_version_load_nothing_heavy(arguments: list[str]) -> None:
    loaded = modules_loaded_by(*arguments)
    assert "tgl_client.cli" in loaded
    assert loaded & HEAVY == set()
