"""Manual pages are made from commands, and are what man(7) takes."""

import shutil
import subprocess
from datetime import date
from typing import Annotated

import pytest
import typer

from tgl_protocol.manual import Entry, Page, Section, pages, plain, roff

DAY = date(2031, 2, 3)


def _app() -> typer.Typer:
    app = typer.Typer(help="Keeps things. In order.")

    @app.command(epilog="\b\nExamples:\n  things add --name x  add one")
    def add(name: Annotated[str, typer.Option(metavar="NAME", help="Its name. [env: THING]")] = "") -> None:
        """Add a thing.

        .Dots and 'quotes' at the beginning of a line are no requests, and \\n is no new line.
        """

    @app.command(hidden=True)
    def secret() -> None:
        """Nobody knows."""

    return app


def _section(page: Page, title: str) -> Section:
    return next(section for section in page.sections if section.title == title)


def test_there_is_a_page_for_each_command_that_is_shown() -> None:
    app = typer.Typer()
    app.add_typer(_app(), name="things")
    assert [page.name for page in pages(typer.main.get_command(app), "all")] == ["all", "all-things", "all-things-add"]


def test_a_page_says_what_the_command_declares() -> None:
    app = typer.Typer()
    app.add_typer(_app(), name="things")
    further = (Section("ENVIRONMENT", (), (Entry("NO_COLOR", "No colours."),)), Section("FILES", ("None.",)))
    page = list(pages(typer.main.get_command(app), "all", further))[-1]
    assert (page.words, page.summary, page.synopsis) == ("all things add", "Add a thing", "[OPTIONS]")
    assert Entry("--name NAME", "Its name.") in _section(page, "OPTIONS").entries
    variables = _section(page, "ENVIRONMENT").entries
    assert [each.term for each in variables] == ["THING", "NO_COLOR"]
    assert _section(page, "EXAMPLES").entries == (Entry("things add --name x", "add one"),)
    assert [section.title for section in page.sections][-2:] == ["FILES", "SEE ALSO"]
    assert "OPTIONS\n  --name NAME\n      Its name." in plain(page)


@pytest.mark.parametrize("text", [".SH NO", "'br", "a \\n b", '-x `y` "z"', "ends in \\", "Ünïcode \u2014"])
def test_no_text_is_obeyed(text: str) -> None:
    page = Page("things", text, text, (Section("DESCRIPTION", (text, text), (Entry(text, text), Entry("x", ""))),))
    source = roff(page, release="things 1.0", day=DAY)
    requests = {line.split()[0] for line in source.splitlines() if line.startswith((".", "'"))}
    assert requests <= {".TH", ".SH", ".PP", ".TP", ".B"}
    if groff := shutil.which("groff"):
        told = subprocess.run(
            [groff, "-man", "-ww", "-z", "-K", "utf8"], input=source, capture_output=True, text=True, check=True
        )
        assert told.stderr == ""
