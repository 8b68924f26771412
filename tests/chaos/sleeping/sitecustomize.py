"""A `time.sleep` that works under libfaketime 0.9.10, which answers EINVAL to Python's own (wolfcw/libfaketime#426).

Python waits for an absolute monotonic time, `select` for a duration. Python loads this module by itself where this
folder is in PYTHONPATH, as it is for everything that runs on a clock that jumps.
"""

import select
import time


def _sleep(seconds: float) -> None:
    select.select([], [], [], seconds)


time.sleep = _sleep  # type: ignore[assignment] # a number of seconds is all that anybody gives it
