"""Refusals that clients of OAuth read: our problem documents with the words of RFC 6749 beside our own."""

from tgl_server.errors import ApiError


class OAuthRefusal(ApiError):
    """The request of a login by RFC 8628 was refused."""

    status = 400
    #: The RFC's word, which its clients look for; `code` is ours.
    error: str
