"""The refusals of requests that make an API key again."""

from tgl_server.errors import Conflict, Invalid


class KeyMadeAlready(Conflict):
    """This Idempotency-Key has made an API key already, whose secret is shown only once."""

    code = "key_made_already"


class IdempotencyKeyReused(Invalid):
    """This Idempotency-Key came with another body before; each request that makes a key needs one of its own."""

    code = "idempotency_key_reused"
