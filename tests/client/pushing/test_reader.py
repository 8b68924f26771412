"""The thread that reads a repository stops when it is told to, also before it has begun."""

from collections.abc import Iterator

from tgl_client.pushing.reader import HistoryThread


async def test_what_is_stopped_before_its_first_item_asks_for_none() -> None:
    asked = []

    def items() -> Iterator[int]:
        asked.append(True)
        yield 1

    thread = HistoryThread()
    thread.stop()
    assert (list(thread.until_stopped(items())), asked) == ([], [])
    await thread.close()
