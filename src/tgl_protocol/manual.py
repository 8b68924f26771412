"""Manual pages of a command line, made from the command line itself. Pure; `tgl` and `tgl-server` share it.

A command's help becomes name and description, its parameters the options, `[env: NAME]` in their help the environment,
and its epilog the examples. What no command can say of itself, such as exit statuses, is given as further sections.
"""

import inspect
import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

from msgspec import Struct

_ESCAPED: Final = str.maketrans({"\\": "\\e", "-": "\\-", "'": "\\(aq", '"': "\\(dq", "`": "\\(ga"})
_VARIABLE: Final = re.compile(r"\s*\[env: (\w+)\]")


class Entry(Struct, frozen=True):
    """A term and what it means."""

    term: str
    text: str


class Section(Struct, frozen=True):
    """A part of a page: paragraphs, then terms."""

    title: str
    paragraphs: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()


class Page(Struct, frozen=True):
    """The page of one command: `words` are what is typed, such as `tgl push`."""

    words: str
    summary: str
    synopsis: str
    sections: tuple[Section, ...]

    @property
    def name(self) -> str:
        """The name of the page, such as `tgl-push`."""
        return self.words.replace(" ", "-")


def examples_of(command: Any) -> list[Entry]:
    """The command lines of an epilog, each in a line with what it does behind two spaces."""
    found = [re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in (command.epilog or "").split("\n")]
    return [Entry(line[0], line[1]) for line in found if len(line) == 2]


def pages(command: Any, words: str, further: Sequence[Section] = (), parent: Any = None) -> Iterator[Page]:
    """The page of a Click command, and those of the commands below it; hidden ones have none.

    `further` sections end each page; entries of an `ENVIRONMENT` among them follow the command's own.
    """
    context = command.context_class(
        command, info_name=words.rpartition(" ")[2], parent=parent, **(command.context_settings or {})
    )
    below = {name: each for name, each in getattr(command, "commands", {}).items() if not each.hidden}
    paragraphs = _paragraphs(command)
    yield Page(
        words=words,
        summary=_first_sentence(paragraphs[0] if paragraphs else words),
        synopsis=" ".join(command.collect_usage_pieces(context)),
        sections=tuple(each for each in _sections(command, context, words, below, further) if _holds_something(each)),
    )
    for name, each in below.items():
        yield from pages(each, f"{words} {name}", further, context)


def _sections(
    command: Any, context: Any, words: str, below: dict[str, Any], further: Sequence[Section]
) -> Iterator[Section]:
    parameters = {kind: list[Entry]() for kind in ("argument", "option")}
    variables = []
    for parameter in command.get_params(context):
        if (record := parameter.get_help_record(context)) is not None:
            term, text = (" ".join(each.split()) for each in record)
            parameters[parameter.param_type_name].append(Entry(term, _VARIABLE.sub("", text)))
            variables += [Entry(name, _VARIABLE.sub("", text)) for name in _VARIABLE.findall(text)]
    yield Section("DESCRIPTION", tuple(_paragraphs(command)))
    yield Section("COMMANDS", (), tuple(Entry(name, _first_sentence(_summary(each))) for name, each in below.items()))
    yield Section("ARGUMENTS", (), tuple(parameters["argument"]))
    yield Section("OPTIONS", (), tuple(parameters["option"]))
    yield Section("EXAMPLES", (), tuple(examples_of(command)))
    common = {section.title: section for section in further}
    yield Section("ENVIRONMENT", (), (*variables, *common.pop("ENVIRONMENT", Section("")).entries))
    yield from common.values()
    near = [words.rpartition(" ")[0], *(f"{words} {name}" for name in below)]
    yield Section("SEE ALSO", (", ".join(f"{each.replace(' ', '-')}(1)" for each in near if each),))


def _holds_something(section: Section) -> bool:
    return any(section.paragraphs) or bool(section.entries)


def _paragraphs(command: Any) -> list[str]:
    text = inspect.cleandoc(command.help or "")
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]


def _summary(command: Any) -> str:
    return next(iter(_paragraphs(command)), "")


def _first_sentence(text: str) -> str:
    """The beginning of a text up to its first full stop, without it."""
    return re.split(r"\.(?:\s|$)", text, maxsplit=1)[0]


def plain(page: Page) -> str:
    """The page as text, for where there is no `man`."""
    lines = [f"{page.words} - {page.summary}", "", f"usage: {page.words} {page.synopsis}".rstrip()]
    for section in page.sections:
        lines += ["", section.title, *(f"  {each}" for each in section.paragraphs)]
        lines += [line for entry in section.entries for line in (f"  {entry.term}", f"      {entry.text}")]
    return "\n".join(lines) + "\n"


def roff(page: Page, *, release: str, day: date) -> str:
    """The page in the language of man(7); `release` is the program with its version."""
    lines = [
        f'.TH "{_text(page.name.upper())}" "1" "{day.isoformat()}" "{_text(release)}" "TheGitLeague"',
        ".SH NAME",
        f"{_text(page.name)} \\- {_text(page.summary)}",
        ".SH SYNOPSIS",
        f".B {_text(page.words)}",
        *([_line(page.synopsis)] if page.synopsis else []),
    ]
    for section in page.sections:
        lines.append(f".SH {section.title}")
        for number, paragraph in enumerate(section.paragraphs):
            lines += [".PP"] * (number > 0) + [_line(paragraph)]
        for entry in section.entries:
            lines += [".TP", f".B {_text(entry.term)}", *([_line(entry.text)] if entry.text else [])]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """The text with nothing that roff would obey; hyphens stay what they are, so that options can be copied."""
    return text.translate(_ESCAPED)


def _line(text: str) -> str:
    """A line of text; one that begins with a dot or an apostrophe would be a request."""
    escaped = _text(text)
    return f"\\&{escaped}" if escaped.startswith(".") else escaped
