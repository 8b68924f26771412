"""Structured logs on standard error, in lines of JSON or of readable text, without secrets."""

import json
import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TextIO, cast

import msgspec
import structlog

from tgl_protocol.visible import visible
from tgl_server.logs.masking import mask_secrets

_MIN_SECRET = 4


def configure_logs(level: str, style: str, secrets: Sequence[str] = ()) -> None:
    """Set the logs up: `style` is `json` or `console`, `secrets` are texts that no line may show."""
    render = _as_json if style == "json" else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _masked(render, [secret for secret in secrets if len(secret) >= _MIN_SECRET]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Lines(sys.stderr))),
    )


class _Lines:
    """A stream that loses what it cannot write: the log's reader may be gone or its disk full; the server goes on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def _masked(render: Callable[..., str], secrets: Sequence[str]) -> Callable[..., str]:
    def processor(logger: Any, method: str, event: structlog.typing.EventDict) -> str:
        return visible(mask_secrets(render(logger, method, event), secrets), keep="\n\t")

    return processor


def _as_json(_: Any, __: str, event: structlog.typing.EventDict) -> str:
    try:
        return msgspec.json.encode(event, enc_hook=repr).decode()
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can only escape
        return json.dumps(event, default=repr)
