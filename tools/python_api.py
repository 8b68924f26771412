"""The page about the client as a library, from its docstrings: what `help(tgl_client)` says, on one page."""

import inspect
import re
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

import tgl_client
from tgl_client import errors
from tgl_client.report import DamagedCommit, PushState, RefusedCommit
from tgl_client.terminal.progress import Phase

#: What the public names answer with or are given, beside themselves.
BESIDE = (PushState, RefusedCommit, DamagedCommit, Phase)


def python_page() -> str:
    """The page; names with their signatures, and each docstring as it is."""
    lines = ["# The client as a Python library", "", "`import tgl_client`; `help(tgl_client)` says the same."]
    lines += ["[How to use it](../howto/python-api.md) has an example. Names that are not here may change at any time;"]
    lines += ["`tgl_client.__version__` is the version."]
    for name in sorted(set(tgl_client.__all__) - {"__version__"}):
        lines += _class(getattr(tgl_client, name), "tgl_client")
    lines += ["", "## Errors", "", "Each has `exit_code`, with which `tgl` ends, here in the second column:", ""]
    lines += ["```text", *_tree(), "```", "", "## Words and parts"]
    for each in BESIDE:
        lines += _class(each, each.__module__, "###")
    return "\n".join(lines) + "\n"


def _class(of: type, module: str, heading: str = "##") -> Iterator[str]:
    yield from ["", f"{heading} {module}.{of.__name__}", ""]
    if issubclass(of, Enum):
        yield from [_prose(of), "", *(f"- `{member.value}`" for member in of)]
        return
    yield from ["```python", _signature(of.__name__, of), "```", "", _prose(of)]
    for name, member in vars(of).items():
        if name.startswith("_") or not (inspect.isfunction(member) or isinstance(member, property)):
            continue
        yield from ["", f"{heading}# {of.__name__}.{name}", ""]
        if isinstance(member, property):
            yield _prose(member)
        else:
            kind = "async def" if inspect.iscoroutinefunction(member) else "def"
            yield from ["```python", f"{kind} {_signature(name, member)}", "```", "", _prose(member)]


def _signature(name: str, of: Callable[..., Any]) -> str:
    """One line, or one for each parameter if it is long; names of types without their modules."""
    signature = inspect.signature(of)
    parameters = [str(each) for each in signature.parameters.values() if each.name != "self"]
    keywords = [each for each in signature.parameters.values() if each.kind is each.KEYWORD_ONLY]
    if keywords:
        parameters.insert(len(parameters) - len(keywords), "*")
    answer = (
        "" if signature.return_annotation is inspect.Signature.empty or isinstance(of, type) else _answer(signature)
    )
    line = _short(f"{name}({', '.join(parameters)}){answer}")
    if len(line) <= 100:
        return line
    return _short("\n".join([f"{name}(", *(f"    {each}," for each in parameters), f"){answer}"]))


def _answer(signature: inspect.Signature) -> str:
    return f" -> {inspect.formatannotation(signature.return_annotation)}"


def _short(text: str) -> str:
    """Without modules, with `X | None` for what is optional, and `...` for what is made anew for each."""
    text = re.sub(r"<(\w+)\.(\w+): [^>]*>", r"\1.\2", text).replace("<factory>", "...")
    text = re.sub(r"\b(?:[a-z_]\w*\.)+(?=[A-Z])|\bdatetime\.(?=datetime)", "", text)
    return re.sub(r"Optional\[(.*)\](?=[ ,)])", r"\1 | None", text)


def _prose(of: Any) -> str:
    """A docstring whose paragraphs are Markdown's; what is indented in it stays code."""
    return inspect.getdoc(of) or ""


def _tree() -> list[str]:
    """The tree of errors, as the module draws it."""
    text = inspect.getdoc(errors) or ""
    return text.partition("\n\n")[2].splitlines()
