"""Declarations of guards and handlers about themselves, read by the document, the limits and the middleware.

A guard's `Admission` stands on the guard. A handler's declarations are its `opt=`, joined with `|`; those of a router
hold for all of its handlers:

    @post("/commits", guards=[may_push], opt=answers(InvalidCommits) | reads(PushBatch, JSON_MEDIA_TYPE))
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from litestar.handlers import BaseRouteHandler
from msgspec import Struct

from tgl_protocol.http import JSON_MEDIA_TYPE, MSGPACK_MEDIA_TYPE
from tgl_server.errors import ApiError

ErrorTypes = tuple[type[ApiError], ...]
Options = dict[str, object]

T = TypeVar("T")
AnyGuard = TypeVar("AnyGuard", bound=Callable[..., Any])

_ADMISSION = "admission"


class TokenScheme(Struct, frozen=True):
    """A bearer token that is neither an API key nor a session's, such as one from the settings."""

    name: str
    description: str


class PathName(Struct, frozen=True):
    """A parameter of the path that only a guard reads, no handler, and how it refuses one that names nothing."""

    name: str
    description: str
    example: str
    refuses: ErrorTypes = ()


class Admission(Struct, frozen=True, kw_only=True):
    """A guard's declaration: whom it lets in, and how it refuses the others."""

    refuses: ErrorTypes = ()
    #: False for a guard that does not ask who the caller is.
    authenticates: bool = True
    #: The scopes of which an API key needs one: empty admits any key, None admits no key.
    scopes: tuple[str, ...] | None = None
    #: For a guard that takes a token of its own where one is set.
    token: TokenScheme | None = None
    path: tuple[PathName, ...] = ()


class RawBody(Struct, frozen=True):
    """A body that the handler reads itself, after its guards; a streamed one has one object per line, in any number."""

    type: type[Struct]
    media_types: tuple[str, ...]
    is_streamed: bool


class OwnErrors(Struct, frozen=True):
    """The errors that the handler raises itself, besides those of its guards, body and parameters."""

    errors: ErrorTypes


class OtherStatus(Struct, frozen=True):
    """Another status of success with the same body, for a handler that chooses by what it did."""

    status: int


class Texts(Struct, frozen=True):
    """Media types that the handler answers beside JSON or instead of it, by the Accept header."""

    media_types: tuple[str, ...]
    is_file: bool


class RequestHeader(Struct, frozen=True):
    """A header that handlers read."""

    name: str
    description: str
    schema: dict[str, Any]
    example: str


class RequestHeaders(Struct, frozen=True):
    """The headers that the handler reads itself."""

    headers: tuple[RequestHeader, ...]


class AlwaysAvailable(Struct, frozen=True):
    """The handler needs no database, and answers while the server is stopping."""


class Page(Struct, frozen=True):
    """The handler is a page of the console for people, and no endpoint of the API."""


class NeverEnds(Struct, frozen=True):
    """The handler answers for as long as somebody listens, so that its duration says nothing."""


class AnyQuery(Struct, frozen=True):
    """The handler answers whatever the query says, which it does not read."""


def declare_admission(admission: Admission) -> Callable[[AnyGuard], AnyGuard]:
    """A decorator that puts an admission on a guard."""

    def declare(guard: AnyGuard) -> AnyGuard:
        setattr(guard, _ADMISSION, admission)
        return guard

    return declare


def admits_anyone(*refuses: type[ApiError], token: TokenScheme | None = None) -> Callable[[AnyGuard], AnyGuard]:
    """A decorator for a guard that does not ask who the caller is."""
    return declare_admission(Admission(refuses=refuses, authenticates=False, token=token))


def admission_of(guard: object) -> Admission:
    """The admission that a guard declares; raises `LookupError` for one that declares none."""
    admission = getattr(guard, _ADMISSION, None)
    if not isinstance(admission, Admission):
        name = getattr(guard, "__name__", guard)
        raise LookupError(f"The guard {name} does not declare whom it admits and what it refuses.")
    return admission


def option(fact: object) -> Options:
    """A declaration as a handler's or router's `opt=`. It is kept by its type, so another of that type replaces it."""
    return {_key(type(fact)): fact}


def declared(handler: BaseRouteHandler, type_: type[T]) -> T | None:
    """The handler's declaration of this type, or that of a router around it."""
    return cast("T | None", handler.opt.get(_key(type_)))


def _key(type_: type) -> str:
    return f"{type_.__module__}.{type_.__qualname__}"


def answers(*errors: type[ApiError]) -> Options:
    """Declares errors that the handler raises itself."""
    return option(OwnErrors(errors))


def answers_status(status: int) -> Options:
    """Declares another status with which the handler answers what it answers."""
    return option(OtherStatus(status))


def reads(type_: type[Struct], *media_types: str) -> Options:
    """Declares that the handler reads its body itself: JSON or MessagePack, unless other media types are named."""
    return option(RawBody(type_, media_types or (JSON_MEDIA_TYPE, MSGPACK_MEDIA_TYPE), is_streamed=False))


def reads_lines(type_: type[Struct], media_type: str) -> Options:
    """Declares that the handler reads its body as it arrives: one object per line, as long as the client sends."""
    return option(RawBody(type_, (media_type,), is_streamed=True))


def reads_headers(*headers: RequestHeader) -> Options:
    """Declares that the handler reads these headers of the request."""
    return option(RequestHeaders(headers))


def answers_text(*media_types: str, is_file: bool = False) -> Options:
    """Declares that the handler answers these media types too; a file has a name."""
    return option(Texts(media_types, is_file))


def always_available() -> Options:
    """Declares that the handler never answers 503."""
    return option(AlwaysAvailable())


def is_page() -> Options:
    """Declares handlers of the console, which the document and the API's access matrix leave out."""
    return option(Page())


def never_ends() -> Options:
    """Declares a handler whose answer goes on for as long as somebody listens."""
    return option(NeverEnds())


def takes_any_query() -> Options:
    """Declares that unknown query parameters are no fault, for machines that would restart the service over one."""
    return option(AnyQuery())
