"""Endpoints: where a project's events are sent to, signed by Standard Webhooks, and what became of each."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from tgl_protocol.about import about
from tgl_protocol.events import EventType
from tgl_protocol.webhooks import DEFAULT_OVERLAP_MINUTES, MAX_OVERLAP_MINUTES

#: Of one project.
MAX_ENDPOINTS: Final = 10
MAX_URL_LENGTH: Final = 2000
#: Of a message's body, in bytes.
MAX_MESSAGE_BYTES: Final = 20_000

Url = Annotated[Annotated[str, Meta(min_length=1, max_length=MAX_URL_LENGTH)], about("The https address to send to")]
Types = Annotated[list[EventType] | None, about("The types to send; null for all that there are and will be")]


class DeliveryState(StrEnum):
    """Where a message is: it waits for its next attempt, its receiver has taken it, or it was given up."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class NewEndpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An endpoint to make; its secret is chosen by the server."""

    url: Url
    types: Types = None


class EndpointChange(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Changes of an endpoint; one that was switched off is sent what happens from when it is switched on."""

    url: Url | UnsetType = UNSET
    types: Types | UnsetType = UNSET
    is_active: Annotated[bool | UnsetType, about("Whether events are sent from now on")] = UNSET


class EndpointRotation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new secret; messages are signed with the old one as well until the overlap ends."""

    overlap_minutes: Annotated[
        Annotated[int, Meta(ge=0, le=MAX_OVERLAP_MINUTES)], about("Minutes for which the old secret still signs")
    ] = DEFAULT_OVERLAP_MINUTES


class EndpointInfo(Struct, frozen=True, kw_only=True):
    """An endpoint without its secret."""

    id: Annotated[UUID, about("The endpoint's id")]
    url: Annotated[str, about("The address that events are sent to")]
    types: Types
    is_active: Annotated[bool, about("Whether events are sent")]
    switched_off_reason: Annotated[str | None, about("Why the server switched it off; null if it did not")]
    created_at: Annotated[datetime, about("When it was made")]
    rotated_at: Annotated[datetime | None, about("When its secret was last changed; null if it never was")]
    old_secret_until: Annotated[datetime | None, about("Until when the old secret signs beside the new; else null")]
    pending: Annotated[int, about("Messages that wait for an attempt")]
    failed: Annotated[int, about("Messages that were given up, of those that are kept")]
    last_status: Annotated[int | None, about("The status of the last answer; null if there was none")]
    last_attempt_at: Annotated[datetime | None, about("When something was last sent; null if nothing")]


class EndpointList(Struct, frozen=True):
    """The endpoints of a project, oldest first; there are ten at the most."""

    items: Annotated[list[EndpointInfo], about("The endpoints")]


class EndpointSecret(Struct, frozen=True, kw_only=True):
    """An endpoint with a new secret, which no other answer shows."""

    id: Annotated[UUID, about("The endpoint's id")]
    url: Annotated[str, about("The address that events are sent to")]
    secret: Annotated[str, about("What the receiver checks signatures with; it is shown once")]
    old_secret_until: Annotated[datetime | None, about("Until when the old secret signs beside the new; else null")]


class EndpointDeleted(Struct, frozen=True):
    """An endpoint that is gone, with its deliveries."""

    id: Annotated[UUID, about("The endpoint's id")]


class EventDelivery(Struct, frozen=True, kw_only=True):
    """A message to an endpoint, and the answer to its last attempt."""

    id: Annotated[UUID, about("The delivery's id")]
    message_id: Annotated[UUID, about("The header `webhook-id`: the event's id, the same when it is sent again")]
    type: Annotated[str, about("The event's type; `test` for a trial")]
    repo_id: Annotated[UUID | None, about("The repository that it is about; null if it is about none")]
    state: Annotated[DeliveryState, about("Where it is")]
    created_at: Annotated[datetime, about("Since when it waits, or waited")]
    attempts: Annotated[int, about("How often it was sent")]
    next_attempt_at: Annotated[datetime | None, about("When it is sent next, at the earliest; null if it is not")]
    last_attempt_at: Annotated[datetime | None, about("When it was last sent; null if it was not")]
    last_status: Annotated[int | None, about("The status of the last answer; null if there was none")]
    last_error: Annotated[str | None, about("Why the last attempt failed; null if it did not")]
    last_answer: Annotated[str | None, about("The beginning of the last answer's body; null if there was none")]
    body: Annotated[str, about("The body that is sent")]


class EventDeliveryPage(Struct, frozen=True):
    """One page of an endpoint's deliveries, newest first."""

    items: Annotated[list[EventDelivery], about("The deliveries of this page")]
    next_cursor: Annotated[str | None, about("Send it back as `cursor` for the next page; null on the last one")]


class DeliveryQueued(Struct, frozen=True, kw_only=True):
    """A message that is sent within seconds; its delivery shows what was answered."""

    delivery_id: Annotated[UUID, about("The delivery to look at")]
