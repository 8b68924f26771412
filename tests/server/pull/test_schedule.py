"""When repositories are pulled: cron expressions in time zones, and pauses after failures."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from tgl_server.pull.schedule import after_failure, cron_fault, in_words, next_moment, next_moments, timezone_fault

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("cron", ["* * * * * *", "*/5 * * *", "@daily", "60 * * * *", "0 0 31 2 *", "", "a b c d e"])
def test_what_is_no_schedule_of_five_fields_is_refused(cron: str) -> None:
    assert cron_fault(cron)


@pytest.mark.parametrize("cron", ["* * * * *", "*/15 9-17 * * MON-FRI", "0 0 29 2 *", "0 0 L * *"])
def test_a_schedule_that_has_a_moment_to_come_is_taken(cron: str) -> None:
    assert cron_fault(cron) is None


@pytest.mark.parametrize(("name", "is_known"), [("Europe/Paris", True), ("UTC", True), ("Mars/Base", False)])
def test_a_time_zone_is_known_by_its_name(name: str, is_known: bool) -> None:
    assert (timezone_fault(name) is None) is is_known


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/localtime", "", "Europe"])
def test_a_path_is_no_time_zone(name: str) -> None:
    assert timezone_fault(name)


def test_a_moment_is_one_of_the_schedules_time_zone() -> None:
    assert next_moment("30 2 * * *", "Europe/Paris", NOW) == datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    assert next_moment("30 2 * * *", "UTC", NOW) == datetime(2026, 3, 2, 2, 30, tzinfo=UTC)
    assert next_moment(None, "UTC", NOW) is None


def test_an_hour_that_is_skipped_in_spring_is_made_up_for_and_one_that_repeats_comes_once() -> None:
    before_spring = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    assert next_moment("30 2 * * *", "Europe/Paris", before_spring) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    first = next_moment("30 2 * * *", "Europe/Paris", datetime(2026, 10, 24, 12, 0, tzinfo=UTC))
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_moment("30 2 * * *", "Europe/Paris", first) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_pauses_double_up_to_six_hours_and_are_never_later_than_the_schedule() -> None:
    far = NOW + timedelta(days=2)
    pauses = [after_failure(far, failures, NOW, Random(failures)) for failures in range(1, 40)]
    minutes = [(moment - NOW) / timedelta(minutes=1) for moment in pauses if moment is not None]
    assert all(2**n <= pause <= 2**n * 1.2 for n, pause in enumerate(minutes[:8], start=1))
    assert all(360 <= pause <= 360 * 1.2 for pause in minutes[8:])
    assert after_failure(NOW + timedelta(minutes=1), 5, NOW, Random(1)) == NOW + timedelta(minutes=1)
    assert after_failure(None, 1, NOW, Random(1)) is None


def test_a_schedule_is_said_in_words_with_its_next_moments() -> None:
    assert in_words("30 2 * * 1-5") == "At 02:30 on Monday through Friday"
    assert in_words(None) == "Only when somebody asks"
    first, second, third = next_moments("30 2 * * *", "Europe/Paris", NOW, 3)
    assert (first, second - first, third - second) == (
        datetime(2026, 3, 2, 1, 30, tzinfo=UTC),
        timedelta(days=1),
        timedelta(days=1),
    )
    assert next_moments(None, "UTC", NOW, 3) == []
