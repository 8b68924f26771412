"""Refused CORS preflights, which Litestar answers as plain text, as the problems that every other refusal is."""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

from tgl_server.errors import BadRequest
from tgl_server.http.problems import send_problem

# What Litestar's CORS middleware names in its answer.
_WORDS = {"Origin": "this origin", "method": "this method", "headers": "one of these headers"}


def answer_preflights(app: ASGIApp) -> ASGIApp:
    """Middleware around CORS: turns a refused preflight into a problem."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "OPTIONS":
            await app(scope, receive, send)
            return
        refused: HTTPResponseStartEvent | None = None

        async def send_answer(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and _is_plain_refusal(message):
                refused = message
            elif refused is not None and message["type"] == "http.response.body":
                await send_problem(scope, send, BadRequest(_sentence(message["body"].decode())))
            else:
                await send(message)

        await app(scope, receive, send_answer)

    return middleware


def _is_plain_refusal(message: HTTPResponseStartEvent) -> bool:
    return message["status"] == BadRequest.status and any(
        name.lower() == b"content-type" and value.startswith(b"text/plain") for name, value in message["headers"]
    )


def _sentence(told: str) -> str:
    named = [words for name, words in _WORDS.items() if name in told.removeprefix("Disallowed CORS ").split(", ")]
    return f"Web pages may not call this server like this: its CORS rules do not allow {' or '.join(named)}."
