"""Reads `repos.yaml`. Every error names file, line and column, and for an unknown key the nearest known one.

The document is read as YAML nodes, which know their place, and checked by hand: a library that validates plain
values has lost the lines by then.
"""

import difflib
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml

from tgl_client.errors import ConfigError
from tgl_client.settings.files import others_can_read
from tgl_client.settings.project_file import ProjectFile, RepoEntry
from tgl_history.naming import repository_name

T = TypeVar("T")

_REPO_KEYS = ("path", "repo_id", "git_url", "branches", "ssh_key", "username", "password_env", "join_history")
#: What other tools and earlier files call the keys of this one.
_OTHER_NAMES = {
    "name": ("repo_id",),
    "id": ("repo_id", "project_id"),
    "url": ("git_url", "api_url"),
    "remote": ("git_url",),
    "token": ("api_key",),
    "project": ("project_id",),
    "repositories": ("repos",),
}

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def read_project_file(path: Path, environ: Mapping[str, str], *, found: bool = False) -> ProjectFile:
    """Read and check the file; raises `ConfigError` with the place of the first mistake."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", hint="name a file with --config") from error
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text") from None
    file = _parse(path, text, environ, found=found)
    has_key = file.api_key and not _is_variable(text, file.lines["api_key"])
    if has_key and others_can_read(path.stat().st_mode):
        raise ConfigError(
            f"{path} holds an API key, and other users can read it",
            hint=f"`chmod 600 {path}`, or write `api_key: $TGL_API_KEY` and keep the key in the environment",
        )
    return file


def _parse(path: Path, text: str, environ: Mapping[str, str], *, found: bool) -> ProjectFile:
    reader = _Reader(path, environ)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        words = "this is not YAML: look at quotes, colons, tabs and indentation here and in the line above"
        raise reader.error(error.problem_mark, words) from error
    except RecursionError:
        raise ConfigError(f"{path} is nested too deeply") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} holds a character that YAML does not allow") from error
    if root is None:
        raise ConfigError(f"{path} is empty", hint="`tgl init` writes one")
    top = reader.mapping(root, ("api_url", "api_key", "batch_size", "max_retries", "projects"))
    projects = reader.sequence(top["projects"]) if "projects" in top else []
    return ProjectFile(
        path=path,
        found=found,
        lines={name: node.start_mark.line + 1 for name, node in top.items()},
        api_url=reader.optional(top, "api_url", reader.text),
        api_key=reader.optional(top, "api_key", reader.text),
        batch_size=reader.optional(top, "batch_size", lambda node: reader.number(node, 1, 1000)),
        max_retries=reader.optional(top, "max_retries", lambda node: reader.number(node, 0, 100)),
        repos=tuple(entry for node in projects for entry in _project(reader, node)),
    )


def _project(reader: "_Reader", node: yaml.Node) -> list[RepoEntry]:
    fields = reader.mapping(node, ("name", "project_id", "repos"))
    project = reader.optional(fields, "project_id", reader.text) or reader.optional(fields, "name", reader.text)
    if project is None:
        raise reader.error(node.start_mark, "this project has neither `project_id` nor `name`")
    repos = reader.sequence(fields["repos"]) if "repos" in fields else []
    return [_repo(reader, each, project) for each in repos]


def _repo(reader: "_Reader", node: yaml.Node, project: str) -> RepoEntry:
    fields = reader.mapping(node, _REPO_KEYS)
    if "path" not in fields and "git_url" not in fields:
        raise reader.error(node.start_mark, "this repository has neither `path` nor `git_url`")
    return RepoEntry(
        line=node.start_mark.line + 1,
        project=project,
        path=reader.optional(fields, "path", reader.path),
        repo_id=reader.optional(fields, "repo_id", reader.repo),
        git_url=reader.optional(fields, "git_url", reader.text),
        branches=reader.optional(fields, "branches", reader.texts) or (),
        ssh_key=reader.optional(fields, "ssh_key", reader.path),
        username=reader.optional(fields, "username", reader.text),
        password_env=reader.optional(fields, "password_env", reader.name),
        join_history=reader.optional(fields, "join_history", reader.switch) or False,
    )


class _Reader:
    """Reads values from YAML nodes, or says where they are wrong."""

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        self._path = path
        self._environ = environ

    def error(self, mark: Any, message: str, hint: str | None = None) -> ConfigError:
        place = f"{self._path}:{mark.line + 1}:{mark.column + 1}" if mark else str(self._path)
        return ConfigError(f"{place}: {message}", hint=hint)

    def mapping(self, node: yaml.Node, known: tuple[str, ...]) -> dict[str, yaml.Node]:
        """The fields by name; an unknown or repeated one is an error."""
        if not isinstance(node, yaml.MappingNode):
            raise self.error(node.start_mark, f"expected {', '.join(known)} here")
        fields: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = str(key.value)
            if name not in known:
                words = f"unknown key `{name}`{_did_you_mean(name, known)}"
                raise self.error(key.start_mark, words, _called_here(name, known))
            if name in fields:
                raise self.error(key.start_mark, f"`{name}` is here twice")
            fields[name] = value
        return fields

    def sequence(self, node: yaml.Node) -> list[yaml.Node]:
        if _is_null(node):
            return []
        if not isinstance(node, yaml.SequenceNode):
            raise self.error(node.start_mark, "expected a list: lines that begin with `- `")
        return list(node.value)

    def optional(self, fields: dict[str, yaml.Node], name: str, read: Callable[[yaml.Node], T]) -> T | None:
        """The field's value; None when the field is missing or empty."""
        return read(fields[name]) if name in fields and not _is_null(fields[name]) else None

    def name(self, node: yaml.Node) -> str:
        """A text, taken literally."""
        if not isinstance(node, yaml.ScalarNode) or not node.value:
            raise self.error(node.start_mark, "expected a text")
        return str(node.value)

    def text(self, node: yaml.Node) -> str:
        """A text with `$VARS` expanded; one that is not set is an error, as an empty key or path helps nobody."""

        def value_of(match: re.Match[str]) -> str:
            variable = match[1] or match[2]
            if variable not in self._environ:
                raise self.error(node.start_mark, f"the environment variable {variable} is not set")
            return self._environ[variable]

        return _VARIABLE.sub(value_of, self.name(node))

    def repo(self, node: yaml.Node) -> str:
        """A repository's name or id on the server; the older client knew it by its address."""
        name = self.text(node)
        if "/" in name:
            raise self.error(
                node.start_mark,
                f"{name!r} is an address, and `repo_id` a name or id on the server",
                hint=f"write `repo_id: {repository_name(name, Path('app'))}`, and the address as `git_url`",
            )
        return name

    def path(self, node: yaml.Node) -> Path:
        """A path; `~` is the home folder, and a relative path begins at the file's folder."""
        return self._path.parent / os.path.expanduser(self.text(node))  # noqa: PTH111 -- leaves an unknown ~user alone

    def texts(self, node: yaml.Node) -> tuple[str, ...]:
        """A list of texts, or a single one."""
        if isinstance(node, yaml.ScalarNode):
            return (self.text(node),)
        return tuple(self.text(each) for each in self.sequence(node))

    def switch(self, node: yaml.Node) -> bool:
        """True or false, as YAML writes them."""
        if not isinstance(node, yaml.ScalarNode) or node.value.lower() not in ("true", "false"):
            raise self.error(node.start_mark, "expected true or false")
        return bool(node.value.lower() == "true")

    def number(self, node: yaml.Node, least: int, most: int) -> int:
        value = self.name(node)
        if not value.isdecimal() or not least <= int(value) <= most:
            raise self.error(node.start_mark, f"expected a number from {least} to {most}, not {value!r}")
        return int(value)


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _is_variable(text: str, line: int) -> bool:
    """True when the value on that line only names a variable."""
    value = text.splitlines()[line - 1].partition(":")[2].strip().strip("'\"")
    return _VARIABLE.fullmatch(value) is not None


def _called_here(name: str, known: tuple[str, ...]) -> str | None:
    """What a key that is called otherwise elsewhere is called here."""
    ours = next((each for each in _OTHER_NAMES.get(name, ()) if each in known), None)
    return f"here it is `{ours}`" if ours else None


def _did_you_mean(name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f", did you mean `{near[0]}`?" if near else f"; known are {', '.join(known)}"
