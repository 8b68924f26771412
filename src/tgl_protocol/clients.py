"""The clients that push to a repository."""

from datetime import datetime
from typing import Annotated

from msgspec import Struct

from tgl_protocol.about import about


class PushingClient(Struct, frozen=True):
    """One client that pushes to a repository: its runs with one key (none for a session), user and client version.

    A key that is restricted to repositories, or only pushes, sees no names, and no key but itself.
    `clock_skew_seconds` is by how much its clock is behind ours, from the `Date` header of its latest push with one.
    """

    key_prefix: Annotated[str | None, about("The public first part of the API key; null for a session")]
    key_name: Annotated[str | None, about("The key's name")]
    user_name: Annotated[str | None, about("The name of the key's owner")]
    client_version: Annotated[str | None, about("The client's version, as it told")]
    runs: Annotated[int, about("How many of the runs are this client's")]
    inserted: Annotated[int, about("Commits that were new in them")]
    last_seen_at: Annotated[datetime, about("When its last batch came")]
    clock_skew_seconds: Annotated[int | None, about("Seconds by which its clock is behind; null if unknown")]


class PushingClients(Struct, frozen=True):
    """The clients of the last 1000 runs, the most recently seen first."""

    items: Annotated[list[PushingClient], about("The clients, the most recently seen first")]
