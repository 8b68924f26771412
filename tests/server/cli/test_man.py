"""`tgl-server man`: a page for every command, made from the command."""

from pathlib import Path

from tests.support.command import tgl_server


def test_the_page_of_a_command_is_printed() -> None:
    done = tgl_server("man", "repos", "prune")
    assert done.code == 0
    assert done.out.startswith("tgl-server repos prune - Delete the commits that no recorded branch tip reaches")
    assert "\nOPTIONS\n  --forget REF\n" in done.out
    unknown = tgl_server("man", "psuh")
    assert (unknown.code, "there is no command `tgl-server psuh`" in unknown.err) == (1, True)


def test_every_page_is_written(tmp_path: Path) -> None:
    done = tgl_server("man", "--to", tmp_path / "man1")
    assert (done.code, done.out.split()) == (0, [str(path) for path in _in_order(tmp_path / "man1", done.out)])
    page = (tmp_path / "man1" / "tgl-server-keys-create.1").read_text()
    assert page.startswith('.TH "TGL\\-SERVER\\-KEYS\\-CREATE" "1"')
    (tmp_path / "file").touch()
    refused = tgl_server("man", "--to", tmp_path / "file")
    assert (refused.code, "cannot be written" in refused.err) == (1, True)


def _in_order(folder: Path, told: str) -> list[Path]:
    """The files that are there, in the order told."""
    return sorted(folder.iterdir(), key=lambda path: told.find(f"{path}\n"))
