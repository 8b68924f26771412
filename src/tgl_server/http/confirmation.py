"""The refusal of a request that takes something from others, until it is sent again with a token."""

from tgl_server.errors import Conflict


class ConfirmationNeeded(Conflict):
    """This takes something from others; the same request with `?confirm=` and the token of this answer does it."""

    code = "confirmation_needed"

    def __init__(self, detail: str = "", token: str = "") -> None:
        self.token = token
        super().__init__(detail)
