"""Webhooks of forges, which tell of a push: making them, and the deliveries that arrived."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from tgl_protocol.about import about

MAX_WEBHOOK_BYTES: Final = 10 * 1024 * 1024
#: Of one repository: enough to move from one forge to another without a gap.
MAX_WEBHOOKS: Final = 10
MAX_OVERLAP_MINUTES: Final = 7 * 24 * 60
DEFAULT_OVERLAP_MINUTES: Final = 24 * 60
#: By which an event of another sender may differ from the server's clock, where its time is signed.
MAX_CLOCK_DIFFERENCE_SECONDS: Final = 5 * 60
#: A header with the secret, for senders that cannot sign and have no password to set.
OWN_HEADER: Final = "X-TGL-Token"


class WebhookKind(StrEnum):
    """Which forge sends, and so how it proves that it knows the secret; it is never guessed from headers.

    `gitlab` is GitLab's signing token, `gitlab_token` its older secret token. `generic` is any sender that follows
    Standard Webhooks.
    """

    GITHUB = "github"
    GITLAB = "gitlab"
    GITLAB_TOKEN = "gitlab_token"  # noqa: S105 -- the name of a kind
    GITEA = "gitea"
    FORGEJO = "forgejo"
    BITBUCKET_CLOUD = "bitbucket_cloud"
    BITBUCKET_DATA_CENTER = "bitbucket_data_center"
    AZURE_DEVOPS = "azure_devops"
    GENERIC = "generic"


class DeliveryOutcome(StrEnum):
    """What became of a delivery."""

    PULL_REQUESTED = "pull_requested"
    REMOTE_AHEAD = "remote_ahead"
    NOTHING_NEW = "nothing_new"
    PONG = "pong"
    OTHER_EVENT = "other_event"
    DUPLICATE = "duplicate"
    OTHER_REPOSITORY = "other_repository"
    NO_REMOTE = "no_remote"
    PAUSED = "paused"
    UNREADABLE = "unreadable"
    REFUSED = "refused"


class NewWebhook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A webhook to make; its secret is chosen by the server."""

    kind: Annotated[WebhookKind, about("Which forge sends")]


class WebhookRotation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new secret, beside which the old one works until the overlap ends; of three, the oldest ends at once."""

    overlap_minutes: Annotated[
        Annotated[int, Meta(ge=0, le=MAX_OVERLAP_MINUTES)], about("Minutes for which the old secret still works")
    ] = DEFAULT_OVERLAP_MINUTES


class WebhookInfo(Struct, frozen=True, kw_only=True):
    """A webhook without its secret."""

    id: Annotated[UUID, about("The webhook's id")]
    kind: Annotated[WebhookKind, about("Which forge sends")]
    url: Annotated[str, about("The address that the forge sends to")]
    created_at: Annotated[datetime, about("When it was made")]
    rotated_at: Annotated[datetime | None, about("When its secret was last changed; null if it never was")]
    old_secret_until: Annotated[datetime | None, about("Until when the old secret works beside the new; else null")]
    last_received_at: Annotated[datetime | None, about("When something last arrived, refused or not; null if nothing")]
    last_status: Annotated[int | None, about("What that was answered; null if nothing arrived")]


class WebhookSecret(Struct, frozen=True, kw_only=True):
    """A webhook with its secret, which no other answer shows."""

    id: Annotated[UUID, about("The webhook's id")]
    kind: Annotated[WebhookKind, about("Which forge sends")]
    url: Annotated[str, about("The address that the forge sends to")]
    secret: Annotated[str, about("What the forge signs with; shown only this once")]
    old_secret_until: Annotated[datetime | None, about("Until when the old secret works beside this one; else null")]


class WebhookList(Struct, frozen=True):
    """The webhooks of a repository, oldest first."""

    items: Annotated[list[WebhookInfo], about("The webhooks")]


class WebhookDeleted(Struct, frozen=True):
    """A webhook that is gone with its secrets and its deliveries."""

    id: Annotated[UUID, about("The webhook's id")]


class Delivery(Struct, frozen=True, kw_only=True):
    """Something that arrived at a webhook; a refused one has no event, as nobody believed its body."""

    id: Annotated[UUID, about("The delivery's id here")]
    received_at: Annotated[datetime, about("When it arrived")]
    delivery_id: Annotated[str | None, about("The sender's own id of it; null without one")]
    event: Annotated[str | None, about("What it told of, in the sender's word; null if nobody read that")]
    outcome: Annotated[DeliveryOutcome, about("What became of it")]
    reason: Annotated[str | None, about("The code of the refusal; null if it was not refused")]
    status: Annotated[int, about("The HTTP status that it was answered")]
    run_id: Annotated[UUID | None, about("The run of the pull that it asked for; null for none")]


class DeliveryPage(Struct, frozen=True):
    """One page of deliveries, newest first."""

    items: Annotated[list[Delivery], about("The deliveries of this page")]
    next_cursor: Annotated[str | None, about("The cursor of the next page; null on the last")]


class PushEvent(Struct, frozen=True, kw_only=True):
    """The body of a generic webhook; those of forges are theirs."""

    type: Annotated[str, about("`push`; `ping` is answered, and everything else ignored")]
    repository: Annotated[str | None, about("The address of the repository, as for cloning")] = None
    ref: Annotated[str | None, about("The branch that moved, by its full name")] = None
    after: Annotated[str | None, about("The sha that it points at now; forty zeros if it was deleted")] = None


class DeliveryAnswer(Struct, frozen=True, kw_only=True):
    """What becomes of a delivery: 202 if something was done, 200 if there was nothing to do."""

    outcome: Annotated[DeliveryOutcome, about("What becomes of it")]
    duplicate: Annotated[bool, about("True if it had arrived before")] = False
    run_id: Annotated[UUID | None, about("The run of the pull that it asked for; null for none")] = None
    behind_since: Annotated[datetime | None, about("Since when the remote is ahead of what clients pushed")] = None
