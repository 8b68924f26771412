"""The context of a request: what middleware and guards find out and leave for later code."""

from typing import TypeVar, cast

from litestar.types import Scope

Headers = list[tuple[bytes, bytes]]

T = TypeVar("T")

_KEY = "request_context"


class RequestContext:
    """The context of one request, made by the outermost middleware; `request_id` is also in the header `X-Request-Id`.

    What a guard finds (a `Principal`, a `RepoAccess`) is kept by type, so this module need not know the features.
    """

    __slots__ = ("_left", "answer_headers", "log_fields", "request_id")

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        #: Headers for the answer, even if that is a refusal.
        self.answer_headers: Headers = []
        #: More fields for the request's line in the log: its caller, and the code of its refusal.
        self.log_fields: dict[str, str] = {}
        self._left: dict[type, object] = {}

    def leave(self, value: object) -> None:
        """Keep a value under its type, in place of an earlier one of that type."""
        self._left[type(value)] = value

    def find(self, type_: type[T]) -> T | None:
        """The value of this type; None without one."""
        return cast("T | None", self._left.get(type_))

    def get(self, type_: type[T]) -> T:
        """The value of this type; raises `LookupError` if no guard of the route leaves one."""
        if type_ not in self._left:
            raise LookupError(f"no guard of this route leaves a {type_.__name__}")
        return cast("T", self._left[type_])


def begin_context(scope: Scope, request_id: str) -> RequestContext:
    """Make the context of a request that has just arrived."""
    context = RequestContext(request_id)
    scope["state"][_KEY] = context
    return context


def context_of(scope: Scope) -> RequestContext:
    """The context of the request with this scope."""
    return cast("RequestContext", scope["state"][_KEY])
