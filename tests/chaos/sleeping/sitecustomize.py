"""For Python under libfaketime 0.9.10, which answers EINVAL to the absolute monotonic time that `time.sleep` waits for.

`select` waits for a duration. Loaded by itself, as this folder is in PYTHONPATH of what runs on a clock that jumps.
"""

import select
import time


def _sleep(seconds: float) -> None:
    select.select([], [], [], seconds)


time.sleep = _sleep  # type: ignore[assignment] # a number of seconds is all that anybody gives it
