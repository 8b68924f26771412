"""What became of a delivery, in words: how it went, and what to do if it did nothing. Pure."""

from collections.abc import Mapping
from typing import Final

from tgl_protocol.webhooks import Delivery, DeliveryOutcome
from tgl_server.errors import BodyTooLarge
from tgl_server.webhooks.errors import MissingProof, NotJson, OutdatedProof, WrongProof

#: The look of a badge, and its words.
VERDICTS: Final[Mapping[DeliveryOutcome, tuple[str, str]]] = {
    DeliveryOutcome.PULL_REQUESTED: ("healthy", "A pull was asked for"),
    DeliveryOutcome.REMOTE_AHEAD: ("healthy", "The remote is ahead"),
    DeliveryOutcome.NOTHING_NEW: ("idle", "Nothing new"),
    DeliveryOutcome.PONG: ("healthy", "Ping, answered"),
    DeliveryOutcome.OTHER_EVENT: ("idle", "Another event, ignored"),
    DeliveryOutcome.DUPLICATE: ("idle", "Was here before"),
    DeliveryOutcome.OTHER_REPOSITORY: ("stale", "For another repository"),
    DeliveryOutcome.NO_REMOTE: ("stale", "The repository has no address"),
    DeliveryOutcome.PAUSED: ("stale", "Pulling is paused"),
    DeliveryOutcome.UNREADABLE: ("stale", "Could not be read"),
    DeliveryOutcome.REFUSED: ("failing", "Refused"),
}

_ADVICE: Final[Mapping[DeliveryOutcome, str]] = {
    DeliveryOutcome.OTHER_EVENT: "Choose push events alone where it is sent from.",
    DeliveryOutcome.OTHER_REPOSITORY: "Its address is not this repository's: correct one of them, and send it again.",
    DeliveryOutcome.NO_REMOTE: "Set the repository's address in its settings, and send it again.",
    DeliveryOutcome.PAUSED: "A webhook ends no pause: resume on the page Pulls.",
    DeliveryOutcome.UNREADABLE: "Its body is not what this kind of sender documents: is the webhook of the right kind?",
}

_REFUSALS: Final[Mapping[str, str]] = {
    error.code: " ".join((error.__doc__ or "").split()) for error in (MissingProof, WrongProof, OutdatedProof, NotJson)
} | {BodyTooLarge.code: "It was larger than the 10 MB that a delivery may have; the schedule still pulls."}


def advice_on(delivery: Delivery) -> str:
    """What to do about a delivery that did nothing; empty if nothing is to be done."""
    if delivery.outcome is DeliveryOutcome.REFUSED:
        return _REFUSALS.get(delivery.reason or "", delivery.reason or "")
    return _ADVICE.get(delivery.outcome, "")
