"""What a push may be told: as a library's argument, and made from the settings of the command line."""

from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import force_setattr

from tgl_client.errors import ConfigError, UsageError
from tgl_client.http.stream_body import STREAM_FROM
from tgl_client.settings.lookup import Setting
from tgl_client.settings.settings import Settings
from tgl_client.settings.source import Source
from tgl_protocol import http

#: Those of `tgl_history.Engine`, in words, as that one comes with libgit2, which is loaded while the server answers.
EngineName = Literal["git", "pygit2"]


class PushOptions(Struct, frozen=True):
    """What a push may be told; the defaults push every branch whole.

    `branches` are globs, of which one alone may be a text; `!glob` leaves branches out, `@default` is the default one.
    `engine` counts lines, by default git where there is one; `jobs` are git processes (0: one for each core).
    `recheck` distrusts the recorded tips.
    More commits than `stream_from` go as one stream to a server that takes streams. `join_history` also pushes where
    the server has another history in the repository.
    """

    branches: tuple[str, ...] = ()
    remotes: bool = False
    since: datetime | None = None
    recheck: bool = False
    batch_size: int = http.MAX_COMMITS_PER_BATCH
    jobs: int = 0
    engine: EngineName | None = None
    stream_from: int = STREAM_FROM
    join_history: bool = False

    def __post_init__(self) -> None:
        given: object = self.branches
        if isinstance(given, str):  # it would be matched letter by letter, and match nothing
            force_setattr(self, "branches", (given,))


def options_from(
    settings: Settings,
    source: Source,
    *,
    remotes: bool = False,
    since: datetime | None = None,
    recheck: bool = False,
    join_history: bool = False,
) -> PushOptions:
    """The options for one repository; raises `ConfigError` for an engine that does not exist."""
    return PushOptions(
        branches=source.branches,
        remotes=remotes,
        since=since,
        recheck=recheck,
        batch_size=settings.batch_size.value,
        jobs=settings.jobs.value,
        engine=_engine(settings.engine),
        join_history=join_history or source.join_history,
    )


def parse_since(text: str) -> datetime:
    """The moment that `--since` names; without a zone it is UTC, as everywhere."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--since {text!r} is not a date", hint="write it as 2026-01-31 or 2026-01-31T12:00+01:00"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _engine(setting: Setting[str | None]) -> EngineName | None:
    match setting.value:
        case None | "":
            return None
        case "git" | "pygit2" as name:
            return name
        case other:
            raise ConfigError(f"there is no engine {other!r} ({setting.origin})", hint="it is git or pygit2")
