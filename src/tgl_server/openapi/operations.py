"""One operation of the document, from the handler, its guards and its signature."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream
from msgspec import Struct

from tgl_protocol.http import JSON_MEDIA_TYPE
from tgl_server.http.created import Located
from tgl_server.http.declarations import OtherStatus, RawBody, Texts, declared
from tgl_server.openapi.access import path_names, security_of, who_may
from tgl_server.openapi.headers import UNCHANGED, answer_headers
from tgl_server.openapi.parameters import headers_of, parameters_of, shared_parameters
from tgl_server.openapi.refusals import ErrorType, error_responses, errors_of, is_limited
from tgl_server.openapi.schemas import Schema, schema_of


class Operation:
    """One handler under one path; `raw` is Litestar's own description of it."""

    def __init__(
        self,
        path: str,
        handler: HTTPRouteHandler,
        raw: dict[str, Any],
        enums: dict[str, Schema],
        examples: Iterable[Struct],
    ) -> None:
        self.handler = handler
        self.tags: list[str] = raw.get("tags") or []
        self._raw_body = declared(handler, RawBody)
        self.body, self._is_body_needed = _body(handler, self._raw_body)
        self.answer = _answer(handler)
        self._examples = [example for example in examples if type(example) is self.body]
        self._parameters = parameters_of(path, raw.get("parameters") or [], path_names(handler), enums)
        self._has_body = self.body is not None
        self._has_tag = _answers_with_tag(handler, self.answer)
        places = {one["in"] for one in self._parameters} | ({"header"} if headers_of(handler) else set())
        self.errors: list[ErrorType] = errors_of(handler, places, has_body=self._has_body)

    def described(self) -> dict[str, Any]:
        text = " ".join((self.handler.fn.__doc__ or "").split())
        summary = re.split(r"[.;:?] |[.?]$", text)[0]
        operation = {
            "operationId": self.handler.handler_name,
            "summary": summary,
            "description": "\n\n".join([*_rest(text, summary), f"**Who:** {who_may(self.handler)}"]),
            "tags": self.tags,
            "security": security_of(self.handler),
            "parameters": [
                *self._parameters,
                *shared_parameters(self.handler, has_body=self._has_body, has_tag=self._has_tag),
            ],
        }
        if self._has_body:
            operation["requestBody"] = {"required": self._is_body_needed, "content": self._body_content()}
        unchanged = {"304": UNCHANGED} if self._has_tag else {}
        other = declared(self.handler, OtherStatus)
        statuses = [self.handler.status_code, *([other.status] if other else [])]
        succeeded = {str(status): self._success() for status in statuses}
        operation["responses"] = {**succeeded, **unchanged, **error_responses(self.errors)}
        return operation

    def _body_content(self) -> dict[str, Any]:
        if self._raw_body is None:
            return {JSON_MEDIA_TYPE: {"schema": schema_of(self.body)}}
        content: dict[str, Any] = {"schema": schema_of(self.body)}
        if self._raw_body.is_streamed:
            lines = {"type": "string", "description": f"One `{self.body.__name__}` a line, as JSON"}
            content = {"schema": lines, "example": _lines(self._examples)}
        return dict.fromkeys(self._raw_body.media_types, content)

    def _success(self) -> dict[str, Any]:
        texts = declared(self.handler, Texts) or Texts((), is_file=False)
        headers = answer_headers(
            is_limited=is_limited(self.handler),
            is_file=texts.is_file,
            is_located=_answers_with_location(self.handler),
            has_tag=self._has_tag,
        )
        content = {JSON_MEDIA_TYPE: {"schema": schema_of(self.answer)}} if self.answer is not None else {}
        content |= {name: {"schema": {"type": "string"}} for name in texts.media_types}
        described = {"description": _described(self.answer), "headers": headers}
        return {**described, "content": content} if content else described


def _rest(text: str, summary: str) -> list[str]:
    """What is left to say below a heading, as a paragraph; nothing where the heading says all."""
    rest = text[len(summary) + 1 :].strip()
    return [rest[0].upper() + rest[1:]] if rest else []


def _lines(examples: Iterable[Struct]) -> str:
    """The examples as the body of a stream."""
    return "\n".join(msgspec.json.encode(example).decode() for example in examples) + "\n"


def _body(handler: HTTPRouteHandler, raw: RawBody | None) -> tuple[Any, bool]:
    """The type of the request's body, or None, and True if the body is required."""
    if raw is not None:
        return raw.type, True
    field = handler.parsed_data_field
    if field is None:
        return None, False
    inner = [type_ for type_ in field.args if type_ is not type(None)] if field.is_optional else [field.annotation]
    return inner[0], not field.is_optional


def _answer(handler: HTTPRouteHandler) -> Any:
    found = (handler.responses or {}).get(handler.status_code)
    field = handler.parsed_return_field
    type_ = found.data_container if found else field.args[0] if _answers_with_location(handler) else field.annotation
    return None if type_ in (None, type(None), Response[bytes], Stream) else type_


def _answers_with_tag(handler: HTTPRouteHandler, answer: Any) -> bool:
    """True for JSON that may be stored, which has an `ETag` and is 304 for who has it already."""
    is_stored = not any("no-store" in (each.value or "") for each in handler.resolve_response_headers())
    return "GET" in handler.http_methods and answer is not None and is_stored


def _answers_with_location(handler: HTTPRouteHandler) -> bool:
    return handler.parsed_return_field.is_subclass_of(Located)


def _described(type_: Any) -> str:
    text = type_.__doc__ if isinstance(type_, type) and issubclass(type_, msgspec.Struct) else None
    return " ".join((text or "Done").split())
