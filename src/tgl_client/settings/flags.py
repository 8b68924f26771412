"""The settings that the command line can name."""

from pathlib import Path

from msgspec import Struct


class Flags(Struct, frozen=True, kw_only=True):
    """What the command line says; None where it says nothing."""

    paths: tuple[Path, ...] = ()
    config: Path | None = None
    url: str | None = None
    project: str | None = None
    repo: str | None = None
    branches: tuple[str, ...] = ()
    batch_size: int | None = None
    max_retries: int | None = None
    timeout: float | None = None
    jobs: int | None = None
    engine: str | None = None
