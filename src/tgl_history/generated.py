"""Which files are generated, vendored or locks, by their paths: patterns of ours, and a repository's own attributes.

Only sums leave this package; a path is matched where it is read, and forgotten.
"""

import re
from collections.abc import Iterable, Iterator
from fnmatch import translate
from functools import lru_cache
from typing import Final, NamedTuple

#: The name of our patterns; it changes with them.
BUILT_IN: Final = "builtin-1"
WITH_ATTRIBUTES: Final = f"{BUILT_IN}+attributes"

_LOCKS = [
    "package-lock.json",
    "npm-shrinkwrap.json",
    "packages.lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "deno.lock",
    "Cargo.lock",
    "poetry.lock",
    "uv.lock",
    "pdm.lock",
    "Pipfile.lock",
    "Gemfile.lock",
    "composer.lock",
    "go.sum",
    "flake.lock",
    "mix.lock",
    "pubspec.lock",
    "Podfile.lock",
    "Cartfile.resolved",
    "Package.resolved",
    "gradle.lockfile",
    "conan.lock",
    ".terraform.lock.hcl",
]
_FOLDERS = [
    "node_modules",
    "bower_components",
    "jspm_packages",
    "vendor",
    "third_party",
    "third-party",
    "Godeps",
    "__snapshots__",
]
_NAMES = [
    "*.min.js",
    "*.min.mjs",
    "*.min.css",
    "*.js.map",
    "*.css.map",
    "*_pb2.py",
    "*_pb2.pyi",
    "*_pb2_grpc.py",
    "*.pb.go",
    "*.pb.cc",
    "*.pb.h",
    "*.pb.swift",
    "*.gen.go",
    "zz_generated.*",
    "*.generated.*",
    "*_generated.*",
    "*.g.dart",
    "*.freezed.dart",
    "*.g.cs",
    "*.Designer.cs",
]

_GIVEN: Final = ("linguist-generated", "linguist-vendored")
_YES: Final = frozenset({*_GIVEN, *(f"{name}=true" for name in _GIVEN)})
_NO: Final = frozenset(f"{sign}{name}{value}" for name in _GIVEN for sign, value in (("-", ""), ("", "=false")))
# What nobody needs, and what makes matching slow.
_MOST_LINES, _LONGEST, _MOST_STARS = 500, 200, 6

_RENAMED = re.compile(r"(.*)\{.* => (.*)\}(.*)")


def _built_in() -> re.Pattern[str]:
    names = "|".join([*map(re.escape, _LOCKS), *(re.escape(name).replace(r"\*", "[^/]*") for name in _NAMES)])
    folders = "|".join(map(re.escape, _FOLDERS))
    return re.compile(rf"(?:.*/)?(?:(?:{folders})/.*|(?:{names}))", re.DOTALL)


_BUILT_IN: Final = _built_in()


#: A pattern for each folder and the name; None for any number of folders.
_Paths = tuple[re.Pattern[str] | None, ...]
_NO_NAME: Final = re.compile(r"(?!)")


class _Rule(NamedTuple):
    """A line of attributes: the paths that it is about, and whether they are generated."""

    paths: _Paths
    is_generated: bool


class GeneratedFiles:
    """Tells which files are generated; attributes of the repository come before our own patterns."""

    def __init__(self, attributes: str = "") -> None:
        self._rules = list(_rules(attributes.splitlines()[:_MOST_LINES]))[::-1]
        self.name = WITH_ATTRIBUTES if self._rules else BUILT_IN
        # Most paths change more than once.
        self.includes = lru_cache(maxsize=20_000)(self._includes)

    def _includes(self, path: str) -> bool:
        said = next((rule.is_generated for rule in self._rules if _is_about(rule.paths, path)), None)
        return _BUILT_IN.fullmatch(path) is not None if said is None else said


def new_path(shown: str) -> str:
    """The path that `git --numstat` shows, after a renaming; what it quotes keeps its escapes."""
    shown = shown.strip('"')
    if " => " not in shown:
        return shown
    within = _RENAMED.fullmatch(shown)
    return f"{within[1]}{within[2]}{within[3]}".replace("//", "/") if within else shown.partition(" => ")[2]


def _rules(lines: Iterable[str]) -> Iterator[_Rule]:
    for line in lines:
        pattern, *given = line.split() or [""]
        said = next((word in _YES for word in reversed(given) if word in _YES | _NO), None)
        is_usable = (
            len(pattern) <= _LONGEST and pattern.count("*") <= _MOST_STARS and pattern[:1] not in ("#", "[", '"')
        )
        if said is not None and is_usable:
            yield _Rule(_compiled(pattern), said)


def _compiled(pattern: str) -> _Paths:
    """A pattern of attributes: one without a slash is about names in any folder."""
    names = pattern.lstrip("/").split("/")
    anywhere = [] if "/" in pattern.rstrip("/") else [None]
    return (*anywhere, *(None if name == "**" else re.compile(translate(name)) for name in names))


def _is_about(paths: _Paths, path: str) -> bool:
    """Whether a pattern matches. No step looks further back than to the last `**`, so that none takes long."""
    names = path.split("/")
    at, folder, after, begun = 0, 0, -1, 0
    while folder < len(names):
        part = paths[at] if at < len(paths) else _NO_NAME
        if part is None:
            after, begun, at = at + 1, folder, at + 1
            if at == len(paths):
                return True
        elif part.match(names[folder]):
            at, folder = at + 1, folder + 1
        elif after >= 0:
            begun += 1
            at, folder = after, begun
        else:
            return False
    return at == len(paths)
