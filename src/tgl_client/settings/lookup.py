"""One setting from the first place that names it: flag, environment variable, project file, login file, default.

Each value remembers where it came from; `tgl test --origin` shows it.
"""

from collections.abc import Callable, Mapping
from typing import Final, Generic, TypeVar

from msgspec import Struct

from tgl_client.errors import ConfigError
from tgl_client.settings.login_file import login_path
from tgl_client.settings.project_file import ProjectFile

T = TypeVar("T")
N = TypeVar("N", int, float)

#: The origin of a value that nobody named.
DEFAULT: Final = "default"

_IN_PROJECT_FILE = ("batch_size", "max_retries")


class Setting(Struct, Generic[T], frozen=True):
    """A value and where it came from."""

    value: T
    origin: str


class Lookup:
    """Looks a setting up in the environment, the project file, and `kept`, what `tgl config set` has stored."""

    def __init__(
        self,
        environ: Mapping[str, str],
        file: ProjectFile | None,
        kept: Mapping[str, str] | None = None,
        kept_in: str | None = None,
    ) -> None:
        self._environ = environ
        self._file = file
        self.kept = kept or {}
        self.kept_in = kept_in or str(login_path())

    def first(
        self,
        flag: str | None,
        option: str,
        variable: str,
        *,
        key: str | None = None,
        stored: str | None = None,
        default: str | None = None,
    ) -> Setting[str | None]:
        """The first of these that is set: `key` is its name in the project file, `stored` the login file's value."""
        if flag is not None:
            return Setting(flag, f"flag {option}")
        if self._environ.get(variable):
            return Setting(self._environ[variable], f"environment variable {variable}")
        in_file = getattr(self._file, key) if self._file and key else None
        if self._file and key and in_file is not None:
            return Setting(str(in_file), f"{self._file.path}:{self._file.lines[key]}")
        return Setting(stored, self.kept_in) if stored is not None else Setting(default, DEFAULT)

    def number(self, flag: int | None, name: str, default: int, least: int, most: int) -> Setting[int]:
        """A whole number within bounds; option, variable and key follow from its name."""
        variable, option = f"TGL_{name.upper()}", f"--{name.replace('_', '-')}"
        key = name if name in _IN_PROJECT_FILE else None
        words, stored = None if flag is None else str(flag), self.kept.get(name)
        found = self.first(words, option, variable, key=key, stored=stored, default=str(default))
        return Setting(_parse(name, found, int, least, most), found.origin)

    def seconds(self, flag: float | None, name: str) -> Setting[float | None]:
        """A length of time; None when nobody set one."""
        words = None if flag is None else str(flag)
        found = self.first(words, f"--{name}", f"TGL_{name.upper()}", stored=self.kept.get(name))
        return Setting(None if found.value is None else _parse(name, found, float, 0.001, 10**9), found.origin)


def _parse(name: str, found: Setting[str | None], read: Callable[[str], N], least: float, most: float) -> N:
    try:
        value = read(str(found.value))
    except ValueError:
        raise ConfigError(f"{name}: {found.value!r} is not a number ({found.origin})") from None
    if not least <= value <= most:
        raise ConfigError(f"{name}: {found.value} is not between {least} and {most} ({found.origin})")
    return value
