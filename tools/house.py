"""Is the house in order? Prints the figures that keep it so, and exits with 1 where a bound is broken.

Layers are those of the import-linter contract in pyproject.toml; a room is a package or a loose module directly in one
of our four packages, and inside a room the packages in it.
"""

import ast
import sys
import tomllib
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import grimp

ROOT = Path(__file__).parent.parent
PACKAGES = ("tgl_protocol", "tgl_history", "tgl_client", "tgl_server")
MEASURED = ("src", "tests", "tools", "benchmarks")  # whose files may not be long

MOST_LOOSE_MODULES = {"tgl_server": 8, "tgl_client": 5}
MOST_FUNCTION_LINES = 40
MOST_FILE_LINES = 300
MOST_FILES_OF_A_PUSH = 8

#: The files of src/tgl_server that a push enters from its handler to COPY, in the order in which it enters them.
#: tests/server/ingest/test_push_path.py traces a push and compares, so this list cannot stay behind.
FILES_OF_A_PUSH = (
    "ingest/routes.py",
    "ingest/phases.py",
    "ingest/decode.py",
    "ingest/encode.py",
    "ingest/push.py",
    "ingest/store.py",
    "ingest/missing.py",
    "db/copy.py",
)
#: What requests go through alike: their body, their session, their turn at a row, and what is counted and traced.
LEFT_OUT_OF_A_PUSH = ("http/", "db/engine.py", "db/row_turns.py", "metrics/", "tracing/")

Edges = dict[str, set[str]]


class Figure(NamedTuple):
    """What was counted; `found` are the places that somebody has to look at when the bound is broken."""

    name: str
    number: int
    most: int
    found: list[str]

    @property
    def is_broken(self) -> bool:
        return self.number > self.most

    def __str__(self) -> str:
        places = [f"    {place}" for place in self.found] if self.is_broken else []
        mark = "  BROKEN" if self.is_broken else ""
        return "\n".join([f"{self.number:4} of {self.most:3}  {self.name}{mark}", *places])


def main() -> int:
    """Print every figure; 1 where one is over its bound."""
    graph = grimp.build_graph(*PACKAGES)
    imports = {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}
    figures = [
        *loose_modules(),
        _figure("arrows back up", arrows_back_up(imports)),
        _figure("circles", circles(imports)),
        _figure("imports of the wire contract beside msgspec and the standard library", foreign_imports()),
        _figure(f"functions over {MOST_FUNCTION_LINES} lines", long_functions()),
        _figure(f"files over {MOST_FILE_LINES} lines", long_files()),
        Figure("files from a push's handler to COPY", len(FILES_OF_A_PUSH), MOST_FILES_OF_A_PUSH, [*FILES_OF_A_PUSH]),
    ]
    print(*figures, sep="\n")
    return int(any(figure.is_broken for figure in figures))


def foreign_imports() -> Iterator[str]:
    """What tgl_protocol imports that is not allowed there."""
    allowed = {"msgspec", "tgl_protocol", *sys.stdlib_module_names}
    for path in sorted((ROOT / "src" / "tgl_protocol").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            yield from (f"{path.name}: {name}" for name in names if name.partition(".")[0] not in allowed)


def _figure(name: str, found: Iterable[str]) -> Figure:
    places = sorted(found)
    return Figure(name, len(places), 0, places)


def loose_modules() -> Iterator[Figure]:
    """The modules that stand in a package and in no room of it."""
    for package, most in MOST_LOOSE_MODULES.items():
        loose = sorted(path.name for path in (ROOT / "src" / package).glob("*.py") if not path.stem.startswith("__"))
        yield Figure(f"loose modules in {package}", len(loose), most, loose)


def arrows_back_up(imports: Edges) -> Iterator[str]:
    """Imports of a higher layer by a lower one."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = pyproject["tool"]["importlinter"]["contracts"]
    for contract in (contract for contract in contracts if contract["type"] == "layers"):
        for container in contract.get("containers", [""]):
            heights = _heights(contract["layers"], container)
            for importer, importeds in imports.items():
                for imported in importeds:
                    if _height(importer, heights) > _height(imported, heights) >= 0:
                        yield f"{importer} -> {imported}"


def _heights(layers: list[str], container: str) -> dict[str, int]:
    """Each module of the layers, and how far below the top it stands."""
    prefix = f"{container}." if container else ""
    split = [layer.replace("|", ":").split(":") for layer in layers]
    return {prefix + name.strip(" ()"): depth for depth, names in enumerate(split) for name in names}


def _height(module: str, heights: dict[str, int]) -> int:
    return max((depth for layer, depth in heights.items() if f"{module}.".startswith(f"{layer}.")), default=-1)


def circles(imports: Edges) -> Iterator[str]:
    """Rooms that import each other, and modules that do; a package and what is in it are one where it gathers them."""
    rooms = _circles(_between_rooms(imports, depth=2))
    rooms_in_rooms = _circles(_between_rooms(imports, depth=3))
    yield from {*rooms, *rooms_in_rooms, *_circles(imports)}


def _between_rooms(imports: Edges, depth: int) -> Edges:
    rooms: Edges = {}
    for importer, importeds in imports.items():
        room = _room(importer, depth)
        rooms.setdefault(room, set()).update(_room(imported, depth) for imported in importeds)
        rooms[room].discard(room)
    return rooms


def _room(module: str, depth: int) -> str:
    return ".".join(module.split(".")[:depth])


def _circles(edges: Edges) -> Iterator[str]:
    """One circle after the other, each opened at one of its imports before the next is looked for."""
    left = {importer: sorted(edges[importer]) for importer in sorted(edges)}  # the same circles in each run
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            circle = error.args[1]
            yield " <- ".join(circle)
            left[circle[1]].remove(circle[0])
        else:
            return


def long_functions() -> Iterator[str]:
    """Those of src; of a command with its list of options, the body counts."""
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                start = node.body[0].lineno if _has_options(node) else node.lineno
                lines = (node.end_lineno or start) - start + 1
                if lines > MOST_FUNCTION_LINES:
                    yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {lines}"


def _has_options(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    annotations = [ast.unparse(argument.annotation) for argument in function.args.args if argument.annotation]
    return any("typer.Option" in text or text.startswith("options.") for text in annotations)


def long_files() -> Iterator[str]:
    for folder in MEASURED:
        for path in (ROOT / folder).rglob("*.py"):
            lines = len(path.read_text().splitlines())
            if lines > MOST_FILE_LINES:
                yield f"{path.relative_to(ROOT)}: {lines}"


if __name__ == "__main__":
    sys.exit(main())
