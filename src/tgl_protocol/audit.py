"""Reading the audit log."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Struct

from tgl_protocol.about import about


class AuditRecord(Struct, frozen=True, kw_only=True):
    """An entry of the audit log: who did what, from where and when; a refused attempt has the outcome `refused`.

    It outlives the users, keys and resources that it names. An actor of null is the server's own command line, or a
    caller who was not authenticated. Names are those of today, and null for what is gone or has none.
    """

    id: Annotated[UUID, about("The entry's id")]
    at: Annotated[datetime, about("When it was done or tried")]
    action: Annotated[str, about("What was done or tried")]
    outcome: Annotated[str, about("`success`, or `refused`")]
    actor_user_id: Annotated[UUID | None, about("Who did it; null for the command line and unauthenticated callers")]
    actor_key_id: Annotated[UUID | None, about("The API key that it was done with; null without one")]
    resource_type: Annotated[str | None, about("The kind of what it was done to")]
    resource_id: Annotated[str | None, about("The id of what it was done to")]
    ip: Annotated[str | None, about("The address that the request came from")]
    user_agent: Annotated[str | None, about("The program that sent the request")]
    request_id: Annotated[str | None, about("The `X-Request-Id` of the request")]
    details: Annotated[dict[str, Any], about("More about the act; its fields depend on the action")]
    actor_user_name: Annotated[str | None, about("The actor's name today")] = None
    actor_key_name: Annotated[str | None, about("The key's name today")] = None
    resource_name: Annotated[str | None, about("The resource's name today")] = None


class AuditPage(Struct, frozen=True):
    """A page of the audit log, newest first; `next_cursor` is null on the last page."""

    items: Annotated[list[AuditRecord], about("The entries of this page")]
    next_cursor: Annotated[str | None, about("The `cursor` of the next page; null on the last")]
