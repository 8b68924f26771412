"""Large answers, cut into pieces."""

from typing import Any

import pytest

from tgl_server.http.answer_pieces import PIECE_BYTES, WHOLE_BYTES, send_in_pieces

START = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]}


async def _sent(*parts: bytes, type_: str = "http") -> list[Any]:
    """What the HTTP server is given of an answer in these parts."""
    sent: list[Any] = []

    async def app(_: object, __: object, send: Any) -> None:
        await send(START)
        for number, part in enumerate(parts, 1):
            await send({"type": "http.response.body", "body": part, "more_body": number < len(parts)})

    async def send(message: Any) -> None:
        sent.append(message)

    await send_in_pieces(app)({"type": type_}, None, send)  # type: ignore[arg-type]
    return sent


@pytest.mark.parametrize("size", [0, 1, WHOLE_BYTES])
async def test_an_ordinary_answer_is_sent_at_once(size: int) -> None:
    body = b"x" * size
    assert await _sent(body) == [START, {"type": "http.response.body", "body": body, "more_body": False}]


@pytest.mark.parametrize("more", [1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 10 * PIECE_BYTES])
async def test_a_large_answer_is_the_same_in_pieces(more: int) -> None:
    body = bytes(number % 251 for number in range(WHOLE_BYTES + more))
    start, *pieces = await _sent(body)
    assert start == START
    assert b"".join(piece["body"] for piece in pieces) == body
    assert {len(piece["body"]) for piece in pieces[:-1]} == {PIECE_BYTES}
    assert [piece["more_body"] for piece in pieces] == [True] * (len(pieces) - 1) + [False]
    assert all(isinstance(piece["body"], bytes) for piece in pieces)


async def test_parts_of_an_answer_stay_in_their_order() -> None:
    parts = b"a" * (WHOLE_BYTES + 1), b"b", b"c" * (2 * WHOLE_BYTES)
    _, *pieces = await _sent(*parts)
    assert b"".join(piece["body"] for piece in pieces) == b"".join(parts)
    assert [piece["more_body"] for piece in pieces].index(False) == len(pieces) - 1
