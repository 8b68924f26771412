"""Structured logs: a line of JSON or of readable text each, on standard error, without secrets."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# A key in any text that reaches a log is cut to its prefix: the last line of defence, nobody should log one.
_KEY = re.compile(r"(tgl_[A-Za-z0-9]{8})_[A-Za-z0-9]{8,}")
_URL_PASSWORD = re.compile(r"(://[^:/@\s]*):[^@/\s]+@")


def configure_logs(level: str, style: str) -> None:
    """`style` is `json` or `console`."""
    renderer = structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            mask_secrets,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def mask_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor that masks API keys and passwords inside URLs."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _URL_PASSWORD.sub(r"\1:***@", _KEY.sub(r"\1_***", value))
    return event
