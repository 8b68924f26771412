"""The refusals of deliveries, and of requests about webhooks, that have codes of their own."""

from tgl_server.errors import Conflict, Unauthenticated, UnsupportedMediaType


class _NoProof(Unauthenticated):
    """A delivery that does not prove who sent it; a webhook is no client that could log in."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.headers = {}


class MissingProof(_NoProof):
    """The delivery has no proof that its sender knows the webhook's secret; set the secret where it is sent from."""

    code = "missing_proof"


class WrongProof(_NoProof):
    """The delivery was not sent with this webhook's secret; set the secret again where it is sent from."""

    code = "wrong_proof"


class OutdatedProof(_NoProof):
    """The signed time differs from the server's by more than five minutes; correct the sender's clock."""

    code = "outdated_proof"


class NotJson(UnsupportedMediaType):
    """Send the webhook as JSON, uncompressed: choose POST and application/json where it is sent from."""

    code = "webhook_not_json"


class InsecureWebhook(Conflict):
    """This kind of webhook sends its secret, which only HTTPS keeps: set PUBLIC_URL to an https:// address first."""

    code = "insecure_webhook"


class TooManyWebhooks(Conflict):
    """This repository has as many webhooks as it may; delete one that is no longer in use."""

    code = "too_many_webhooks"
