"""The refusals of streams that have codes of their own."""

from tgl_server.errors import ApiError


class TooManyStreams(ApiError):
    """You have as many streams of events as you may, or the server has; close one, or come back later."""

    status = 429
    code = "too_many_streams"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"Retry-After": "30"})
