"""The refusals of sealing and opening."""

from tgl_server.errors import Conflict, ServerError


class NoSecretsKey(Conflict):
    """No key for secrets is set. Make one with `tgl-server secrets new-key`, and set it as SECRETS_KEYS."""

    code = "no_secrets_key"


class CannotOpen(ServerError):
    """A stored secret does not open. No request is answered with it: whoever opens a secret says what that means."""

    def __init__(self) -> None:
        super().__init__((type(self).__doc__ or "").strip())


class SecretUnreadable(CannotOpen):
    """The secret is sealed with a key that SECRETS_KEYS does not have. Add that key behind the new one, or store the
    secret again."""


class SecretMisplaced(CannotOpen):
    """The sealed secret belongs to something else, so it is not used. Store the secret again."""
