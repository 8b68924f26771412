"""What whoever starts the application knows about where it runs, and no setting says."""

from pathlib import Path
from typing import Final

from msgspec import Struct


class Hosting(Struct, frozen=True, kw_only=True):
    """Where an application runs: `data_dir` is the folder of the embedded PostgreSQL, None for any other database."""

    workers: int = 1
    data_dir: Path | None = None


#: One process, with a database of its own operator.
BY_ITSELF: Final = Hosting()
