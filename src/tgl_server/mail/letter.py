"""Letters: what a mail says, written once and rendered as plain text and as HTML."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from msgspec import Struct

from tgl_protocol.visible import visible


class Link(Struct, frozen=True):
    """An address to go to, and what to call it."""

    label: str
    url: str


class Line(Struct, frozen=True):
    """One thing that happened: what it is about, a sentence, and when, as text."""

    subject: str
    sentence: str
    when: str = ""
    url: str = ""


class Group(Struct, frozen=True):
    """Lines under a heading; `tone` is `bad`, `warn`, `ok` or `plain`, and colours the heading."""

    heading: str
    lines: Sequence[Line]
    tone: str = "plain"


class Letter(Struct, frozen=True, kw_only=True):
    """What a mail says. `why` tells the reader why they get it, and `settings` where they change that."""

    subject: str
    heading: str
    paragraphs: Sequence[str] = ()
    groups: Sequence[Group] = ()
    action: Link | None = None
    afterwards: Sequence[str] = ()
    why: str
    settings: Link | None = None


def as_text(letter: Letter) -> str:
    """The letter for programs that show plain text."""
    return _ENVIRONMENT.get_template("letter.txt").render(letter=letter).strip() + "\n"


def as_html(letter: Letter) -> str:
    """The letter for all others; it loads nothing from anywhere."""
    return _ENVIRONMENT.get_template("letter.html").render(letter=letter)


def _shown(value: object) -> object:
    """Characters that hide or reorder text are written out, and a line stays a line: names are written by others."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(("html",)),
    finalize=_shown,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)
