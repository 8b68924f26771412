"""Structured logs: a line of JSON or of readable text each, on standard error, without secrets."""

import json
import logging
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import structlog

# What must not be read in a log is masked in the finished line, wherever in it it stands: the last line of
# defence, as nobody should log it at all.
_KEY = re.compile(r"(tgl_[A-Za-z0-9]{8})_[A-Za-z0-9]{8,}")
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_URL_PASSWORD = re.compile(r"(://[^:/@\s]*):[^@/\s]+@")
_DSN_PASSWORD = re.compile(r"(password=)[^\s'\"&]+")

_MIN_SECRET = 4


def configure_logs(level: str, style: str, secrets: Sequence[str] = ()) -> None:
    """`style` is `json` or `console`; `secrets` are texts that no line may show."""
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
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def mask_secrets(line: str, secrets: Sequence[str] = ()) -> str:
    """API keys cut to their prefix; tokens, passwords inside addresses and the secrets given replaced."""
    if "tgl_" in line:
        line = _KEY.sub(r"\1_***", line)
    if "eyJ" in line:
        line = _JWT.sub("***", line)
    if "://" in line:
        line = _URL_PASSWORD.sub(r"\1:***@", line)
    if "password=" in line:
        line = _DSN_PASSWORD.sub(r"\1***", line)
    for secret in secrets:
        line = line.replace(secret, "***")
    return line


def _masked(render: Callable[..., str], secrets: Sequence[str]) -> Callable[..., str]:
    def processor(logger: Any, method: str, event: structlog.typing.EventDict) -> str:
        return mask_secrets(render(logger, method, event), secrets)

    return processor


def _as_json(_: Any, __: str, event: structlog.typing.EventDict) -> str:
    try:
        return msgspec.json.encode(event, enc_hook=repr).decode()
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can only escape
        return json.dumps(event, default=repr)
