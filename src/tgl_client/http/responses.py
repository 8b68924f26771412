"""Reads an HTTP answer as a value or a typed error. Pure.

Status and content type are looked at before anything is parsed: a proxy's 502 in HTML is a fault of the
server, not a JSON error. The words shown name the URL, the status and the request id, never the key.
"""

import logging
from typing import Final, TypeVar

import msgspec

from tgl_client import errors
from tgl_protocol import http
from tgl_protocol.problem import NOT_A_PUSH_REPOSITORY, Problem
from tgl_protocol.visible import visible

_LOG: Final = logging.getLogger(__name__)

T = TypeVar("T")

_SHOWN_DETAIL = 500


class Answer(msgspec.Struct, frozen=True):
    """A response as it came, unchecked. `location` is a redirect's target."""

    method: str
    url: str
    status: int
    content_type: str
    body: bytes
    request_id: str | None = None
    retry_after: float | None = None
    location: str | None = None

    def __str__(self) -> str:
        request = f", request {self.request_id}" if self.request_id else ""
        return f"{self.method} {self.url}: HTTP {self.status}{request}"


def read_answer(answer: Answer, type_: type[T]) -> T:
    """The decoded body of a success; raises the `AnswerError` that fits otherwise."""
    if not 200 <= answer.status < 300:
        raise error_of(answer)
    if answer.content_type != http.JSON_MEDIA_TYPE:
        raise errors.UnexpectedAnswerError(
            f"the answer is {answer.content_type or 'of no type'}, not JSON ({answer})", status=answer.status
        )
    try:
        return msgspec.json.decode(answer.body, type=type_)
    except msgspec.MsgspecError as error:
        _LOG.debug("%s: %s", answer, error)  # in the words of a library, for whoever looks into it
        raise errors.UnexpectedAnswerError(f"the answer is not what was asked for ({answer})") from error


def error_of(answer: Answer) -> errors.AnswerError:
    """The typed error for an answer that is no success."""
    problem = _problem(answer)
    kind = _kind(answer.status, problem.code if problem else None, understood=problem is not None)
    message = _sentence(answer, problem)
    listed = tuple(problem.errors) if problem and problem.errors is not msgspec.UNSET else ()
    return kind(
        message,
        hint=_redirect_hint(answer),
        status=answer.status,
        code=problem.code if problem else None,
        errors=listed,
        retry_after=answer.retry_after,
    )


def _problem(answer: Answer) -> Problem | None:
    if answer.content_type != http.PROBLEM_MEDIA_TYPE:
        return None
    try:
        return msgspec.json.decode(answer.body, type=Problem)
    except msgspec.MsgspecError:
        return None


def _kind(status: int, code: str | None, *, understood: bool) -> type[errors.AnswerError]:
    """A 401 or 404 that is no problem document comes from a proxy or another site, not from our server."""
    if status == 429:
        return errors.RateLimitedError
    if status >= 500:
        return errors.ServerFaultError
    if status == 413:
        return errors.TooLargeError
    if not understood:
        return errors.UnexpectedAnswerError
    if code == NOT_A_PUSH_REPOSITORY:
        return errors.WrongSyncMethodError
    by_status: dict[int, type[errors.AnswerError]] = {
        401: errors.AuthenticationError,
        403: errors.NotAllowedError,
        404: errors.UnknownTargetError,
    }
    return by_status.get(status, errors.RefusedError)


def _sentence(answer: Answer, problem: Problem | None) -> str:
    if problem is None:
        return f"the server answered {answer.status} ({answer})"
    detail = visible(problem.detail[:_SHOWN_DETAIL]).rstrip(". ") or problem.title
    return f"{detail} ({answer})"


def _redirect_hint(answer: Answer) -> str | None:
    """Redirects are not followed: the key would go along."""
    if 300 <= answer.status < 400 and answer.location:
        return f"the server moved to {answer.location.split('?')[0]}; use that address"
    return None
