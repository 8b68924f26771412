"""The one shape of every error answer: `application/problem+json` (RFC 9457) with a stable `code`."""

from typing import Annotated, Final

from msgspec import UNSET, Struct, UnsetType

from tgl_protocol.about import about

#: The only code that a client distinguishes from others of its status: the repository does not accept pushes.
NOT_A_PUSH_REPOSITORY: Final = "not_a_push_repository"


class FieldError(Struct, frozen=True, omit_defaults=True):
    """One reason for a refusal: `index` and `sha` name the commit in the order sent, `field` the part of it."""

    message: Annotated[str, about("What is wrong, for people")]
    index: Annotated[int | None, about("The place of the commit or sha in the order sent; from 0")] = None
    sha: Annotated[str | None, about("The sha of the commit")] = None
    field: Annotated[str | None, about("The field, parameter, header or ref that it is about")] = None


class Problem(Struct, frozen=True):
    """A problem of RFC 9457, extended by `code`, `request_id`, for validation `errors`, and for RFC 8628 `error`."""

    type: Annotated[str, about("Always `about:blank`: `code` says more")]
    title: Annotated[str, about("The status in words")]
    status: Annotated[int, about("The HTTP status")]
    detail: Annotated[str, about("What happened and what to do, for people")]
    #: A stable word for programs; `detail` is the sentence for people. A newer server may have more codes.
    code: Annotated[str, about("A stable word for programs")]
    request_id: Annotated[str, about("The name of this request in the server's log")]
    errors: Annotated[
        list[FieldError] | UnsetType, about("Every reason, where there are several or a field is to blame")
    ] = UNSET
    confirm: Annotated[
        str | UnsetType, about("The token with which the same request is done, where it takes something from others")
    ] = UNSET
    error: Annotated[str | UnsetType, about("The error of RFC 6749 or RFC 8628, in answers to a device's login")] = (
        UNSET
    )
    error_description: Annotated[str | UnsetType, about("The same as `detail`, as these RFCs call it")] = UNSET
