"""How many wrong secrets one key may be tried with."""

from tgl_server.auth.token_bucket import BURST, PER_SECOND, Attempts


def test_attempts_come_back_with_time() -> None:
    attempts = Attempts()
    assert [attempts.take("key", now=0.0) for _ in range(BURST + 1)] == [True] * BURST + [False]
    assert attempts.take("other", now=0.0)
    assert [attempts.take("key", now=2 / PER_SECOND) for _ in range(3)] == [True, True, False]
    assert [attempts.take("key", now=3600.0) for _ in range(BURST + 1)].count(True) == BURST
