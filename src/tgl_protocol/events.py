"""Events: what happened to repositories, keys and accounts, for webhooks, streams and messages to people."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from msgspec import Struct

from tgl_protocol.about import about
from tgl_protocol.commits import RunSource, RunState
from tgl_protocol.projects import SyncMethod


class EventType(StrEnum):
    """What happened, in the form `what.happened`; a server of another version may know others."""

    RUN_FINISHED = "run.finished"
    RUN_FAILED = "run.failed"
    COMMITS_STORED = "commits.stored"
    REPO_FAILING = "repo.failing"
    REPO_STALE = "repo.stale"
    REPO_RECOVERED = "repo.recovered"
    REPO_BEHIND = "repo.behind"
    REPO_MIGRATED = "repo.migrated"
    WEEK_SEALED = "week.sealed"
    SEASON_CLOSED = "season.closed"
    KEY_CREATED = "key.created"
    KEY_CHANGED = "key.changed"
    KEY_REVOKED = "key.revoked"
    KEY_EXPIRING = "key.expiring"
    ACCOUNT_PENDING = "account.pending"
    ACCOUNT_PASSWORD_CHANGED = "account.password_changed"  # noqa: S105 -- the name of a type


class Trouble(StrEnum):
    """What is wrong with a repository: its last run failed, or it missed its cadence."""

    FAILING = "failing"
    STALE = "stale"


class RunEnded(Struct, frozen=True, kw_only=True):
    """The data of `run.finished` and `run.failed`."""

    run_id: Annotated[UUID, about("The run's id")]
    source: Annotated[RunSource, about("Who brought the commits: a client's push, or a pull of the server's")]
    state: Annotated[RunState, about("How the run ended")]
    total: Annotated[int, about("Commits sent, new or not")]
    inserted: Annotated[int, about("Commits that were new")]
    skipped: Annotated[int, about("Commits that were stored already")]
    errors: Annotated[int, about("Commits that were refused")]
    started_at: Annotated[datetime, about("When the run began")]
    error: Annotated[str | None, about("What went wrong; null if nothing")]


class CommitsStored(Struct, frozen=True, kw_only=True):
    """The data of `commits.stored`: one run's new commits, of which only the first and the last are named."""

    run_id: Annotated[UUID, about("The run that brought them")]
    count: Annotated[int, about("Commits of the run that were new")]
    first_sha: Annotated[str | None, about("The first of them, in the order in which they arrived")]
    last_sha: Annotated[str | None, about("The last of them, in the order in which they arrived")]


class RepoInTrouble(Struct, frozen=True, kw_only=True):
    """The data of `repo.failing` and `repo.stale`, which come once until `repo.recovered`."""

    last_success_at: Annotated[datetime | None, about("The last success; null if there never was one")]
    cadence_seconds: Annotated[int | None, about("How often the repository is expected to be brought up to date")]
    error: Annotated[str | None, about("The last run's error; null for a repository that is not failing")]


class RepoRecovered(Struct, frozen=True, kw_only=True):
    """The data of `repo.recovered`."""

    troubles: Annotated[list[Trouble], about("What is over")]
    since: Annotated[datetime, about("When the first of these was noticed")]
    last_success_at: Annotated[datetime | None, about("The last success; null if there never was one")]


class RepoBehind(Struct, frozen=True, kw_only=True):
    """The data of `repo.behind`: the forge has told of commits that no client has pushed."""

    behind_since: Annotated[datetime, about("When the forge first told of them")]


class RepoMigrated(Struct, frozen=True, kw_only=True):
    """The data of `repo.migrated`: commits arrive by the other method from now on."""

    from_method: Annotated[SyncMethod, about("The method before")]
    to_method: Annotated[SyncMethod, about("The method from now on")]


class SeasonEvent(Struct, frozen=True, kw_only=True):
    """The data of `week.sealed` and `season.closed`: it names no player, and the digest tells each reader its own."""

    league: Annotated[str, about("The slug of the league")]
    season: Annotated[int, about("The number of the season")]
    week: Annotated[int | None, about("The number of the week in the season, from 1; null for the season")]
    sha256: Annotated[str, about("The seal, 64 hexadecimal digits")]


class KeyEvent(Struct, frozen=True, kw_only=True):
    """The data of events about an API key: never the key itself."""

    key_id: Annotated[UUID, about("The key's id")]
    prefix: Annotated[str, about("The key's visible beginning")]
    name: Annotated[str, about("The key's name")]
    expires_at: Annotated[datetime | None, about("When it expires; null if it does not")]
    days: Annotated[int | None, about("For `key.expiring`: 14, 3 or 0 days before the end; else null")] = None


class AccountEvent(Struct, frozen=True, kw_only=True):
    """The data of events about an account."""

    user_id: Annotated[UUID, about("The account's id")]


class StreamedEvent(Struct, frozen=True, kw_only=True):
    """An event of a stream, as the JSON text of its `data:`; `id:` is its number, and `event:` its type."""

    id: Annotated[UUID, about("The event's id, the same as in the header `webhook-id` of an endpoint's message")]
    type: Annotated[str, about("What happened; there may be types that a client does not know yet")]
    at: Annotated[datetime, about("When it happened")]
    project_id: Annotated[UUID | None, about("The project that it happened in")]
    repo_id: Annotated[UUID | None, about("The repository that it is about; null if it is about none")]
    data: Annotated[dict[str, Any], about("What the type says of it")]


EventData = (
    RunEnded
    | CommitsStored
    | RepoInTrouble
    | RepoRecovered
    | RepoBehind
    | RepoMigrated
    | SeasonEvent
    | KeyEvent
    | AccountEvent
)
