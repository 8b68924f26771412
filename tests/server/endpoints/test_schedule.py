"""What an answer means, without a clock and without a network."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from tgl_protocol.endpoints import MAX_MESSAGE_BYTES
from tgl_server.endpoints.message import body_of
from tgl_server.endpoints.schedule import LONGEST_WAIT, PAUSES, judge, next_attempt, retry_after

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_every_status_of_success_is_one(status: int) -> None:
    verdict = judge(status, {}, 1, NOW, NOW, Random(1))
    assert (verdict.error, verdict.again_at) == (None, None)


@pytest.mark.parametrize("status", [100, 301, 302, 400, 401, 404, 500, 502])
def test_every_other_status_is_tried_again(status: int) -> None:
    verdict = judge(status, {"retry-after": "7200"}, 1, NOW, NOW, Random(1))
    assert verdict.error is not None
    assert verdict.again_at is not None
    assert verdict.again_at < NOW + timedelta(seconds=10)


def test_pauses_are_longer_by_a_random_part() -> None:
    for attempt, pause in enumerate(PAUSES, start=1):
        moments = {next_attempt(attempt, NOW, NOW, Random(n)) for n in range(20)}
        assert len(moments) == 20
        assert all(moment is not None and pause <= moment - NOW <= pause * 1.1 for moment in moments)
    assert next_attempt(len(PAUSES) + 1, NOW, NOW, Random(1)) is None
    assert next_attempt(1, NOW - LONGEST_WAIT * 2, NOW, Random(1)) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 120 ", 120),
        ("Fri, 02 Jan 2026 12:02:00 GMT", 120),
        ("99999999999999", 24 * 3600),
        ("Fri, 02 Jan 2099 12:02:00 GMT", 24 * 3600),
    ],
)
def test_a_wish_is_a_number_of_seconds_or_a_date_and_a_day_at_the_most(text: str, seconds: int) -> None:
    assert retry_after(text, NOW) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("text", [None, "", "soon", "-5", "0", "1.5", "Fri, 02 Jan 2020 12:02:00 GMT"])
def test_what_is_no_wish_for_later_is_none(text: str | None) -> None:
    assert retry_after(text, NOW) is None


def test_a_body_is_small_whatever_an_error_says() -> None:
    body = body_of("run.failed", NOW, {"run_id": "1", "error": "\u1234" * 50_000})
    assert len(body.encode()) < MAX_MESSAGE_BYTES
    assert '"run_id":"1"' in body
