"""What `tgl man` does: it makes the manual pages from the commands, and shows one or writes all."""

import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tgl_client.cli.man.common import common_sections
from tgl_client.errors import UsageError
from tgl_client.exit_codes import ExitCode
from tgl_client.settings.files import replace_file, system_errors, usual_mode
from tgl_protocol import __version__
from tgl_protocol.manual import Page, pages, plain, roff


def show(root: Any, words: tuple[str, ...]) -> ExitCode:
    """Show the page of a command with `man`, or as text; raises `UsageError` for one that there is not."""
    wanted = " ".join(("tgl", *words))
    page = next((each for each in pages(root, "tgl", common_sections()) if each.words == wanted), None)
    if page is None:
        raise UsageError(f"there is no command `{wanted}`", hint="`tgl help` lists them")
    if not _is_opened(page):
        print(plain(page), end="")
    return ExitCode.DONE


def write_all(root: Any, folder: Path) -> ExitCode:
    """Write a file for each command."""
    with system_errors(hint="check free space, and who may write there"):
        folder.mkdir(parents=True, exist_ok=True)
        for page in pages(root, "tgl", common_sections()):
            file = folder / f"{page.name}.1"
            replace_file(file, _roff(page), mode=usual_mode())
            print(file)
    return ExitCode.DONE


def _is_opened(page: Page) -> bool:
    """Open the page with `man`; false where there is none, or one that takes no file."""
    program = shutil.which("man")
    if program is None:
        return False
    with tempfile.NamedTemporaryFile(suffix=".1", prefix=f"{page.name}-") as file:
        file.write(_roff(page))
        file.flush()
        return subprocess.run([program, "-l", file.name], check=False, stderr=subprocess.DEVNULL).returncode == 0


def _roff(page: Page) -> bytes:
    return roff(page, release=f"tgl {__version__}", day=datetime.now(UTC).date()).encode()
