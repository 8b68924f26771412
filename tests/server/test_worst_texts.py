"""Texts that anybody may send and a pattern reads: 64 KB of the worst must cost next to nothing.

What is worst is what makes a pattern begin everywhere and end nowhere: its own pieces over and over, without the last.
"""

import contextlib
import itertools
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from tests.support.api import Api
from tests.support.servers import RunningServer
from tgl_protocol.keys import MalformedApiKeyError, parse_api_key
from tgl_protocol.projects import NewProject
from tgl_server import errors
from tgl_server.accounts.service import checked_email
from tgl_server.auth.bearer import bearer_token
from tgl_server.http.answer_bodies import chosen_encoding, has_tag
from tgl_server.http.client_address import parse_address, resolve_client
from tgl_server.http.pagination import decode_cursor
from tgl_server.http.plain_words import field_error
from tgl_server.http.query_names import name_faults
from tgl_server.http.text_rules import one_line
from tgl_server.http.time_parameters import parse_instant
from tgl_server.ingest.clients import clock_skew
from tgl_server.ingest.ref_names import ref_fault
from tgl_server.logs.masking import mask_client_text, mask_secrets
from tgl_server.projects.names import git_url_fault, repo_name_fault, slug_fault

SIZE = 64 * 1024
PIECES = (
    *("eyJ", "eyJa.", "tgl_", "tgl_abcd1234_", "tglr_", "tgl%5F", "://", "://a:", "password=", "a@", "%40", "%25", "."),
    *(
        "whsec_",
        "-",
        "_",
        "a",
        "0",
        " ",
        ",",
        ":",
        "/",
        "\\",
        "\\u0000",
        "(",
        "[",
        "=",
        ";",
        "\u00e9",
        "a-",
        "a.",
        "1:",
        "::",
        "+",
    ),
)
WORST = [(piece * SIZE)[:SIZE] for piece in PIECES] + [
    ((one + other) * SIZE)[:SIZE] for one, other in itertools.permutations(PIECES[:16], 2)
]
HEADERS = (
    *("User-Agent", "X-Request-Id", "Authorization", "X-Forwarded-For", "Accept", "Content-Type", "Date", "Origin"),
    *("Accept-Encoding", "If-None-Match"),
)


READERS: dict[str, Callable[[str], object]] = {
    "mask_secrets": mask_secrets,
    "mask_client_text": mask_client_text,
    "bearer_token": bearer_token,
    "parse_api_key": parse_api_key,
    "checked_email": checked_email,
    "parse_address": parse_address,
    "resolve_client": lambda text: resolve_client("127.0.0.1", [text.encode()], ()),
    "decode_cursor": lambda text: decode_cursor(text, tuple[str]),
    "one_line": lambda text: one_line("name", text),
    "parse_instant": lambda text: parse_instant("since", text),
    "clock_skew": lambda text: clock_skew(text, datetime.now(UTC)),
    "git_url_fault": git_url_fault,
    "repo_name_fault": repo_name_fault,
    "slug_fault": slug_fault,
    "name_faults": lambda text: name_faults(text.split("a"), ["author", "since", "until"]),
    "field_error": lambda text: field_error(f"Object contains unknown field `{text}` - at `$.a`", NewProject),
    "has_tag": lambda text: has_tag(text, 'W/"a"'),
    "chosen_encoding": chosen_encoding,
    "ref_fault": lambda text: ref_fault(f"refs/{text}", is_set=True),
}


@contextlib.contextmanager
def _never_longer_than(seconds: int) -> Iterator[None]:
    """All of a reader's texts together take a fraction of this; one quadratic pattern takes many times as long."""

    def give_up(*_: object) -> None:
        raise AssertionError(f"still reading after {seconds} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("reader", READERS)
def test_no_text_stops_a_reader(reader: str) -> None:
    with _never_longer_than(60):
        for text in WORST:
            with contextlib.suppress(errors.ApiError, MalformedApiKeyError):
                READERS[reader](text)


@pytest.mark.parametrize("header", HEADERS)
async def test_no_header_stops_the_server(header: str, server: RunningServer) -> None:
    """At the largest size that is let in; nothing is answered 500."""
    async with Api(server.url) as api:
        for text in WORST[: len(PIECES)]:
            value = text[: 15 * 1024].strip()
            answer = await api.get("/api/v1/auth/me", headers={header: value or "a"})
            assert answer.status in (401, 422), (header, text[:8])


async def test_no_path_stops_the_server(server: RunningServer) -> None:
    async with Api(server.url) as api:
        for piece in ("eyJ", "tgl_", "a.", "%25", "%2540", "://a:", "-", "a@"):
            answer = await api.get("/" + (piece * SIZE)[: 30 * 1024].rstrip("%"))
            assert answer.status in (400, 404), piece
