"""Where a repository of the settings is read, and where it goes: asked of the repository or its remote where needed."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import structs

from tgl_client.errors import TglError
from tgl_client.http.address import Target
from tgl_client.pushing.reader import opened
from tgl_client.settings.settings import Settings
from tgl_client.settings.source import Source


async def target_of(source: Source) -> Target:
    """Where the repository goes; one without a name on the server has that of its `git_url`, or the one it has here."""
    if source.repo and source.project:
        return source.target()
    if source.remote is not None:
        from tgl_client.pushing.mirrors import remote_name  # noqa: PLC0415 -- few have mirrors

        return source.target(remote_name(str(source.remote.git_url)))
    async with opened(source.path or Path()) as (repository, thread):
        # A folder that is no repository is told before what is not known of it.
        return source.target(await thread.call(lambda: repository.name))


async def named(sources: Sequence[Source]) -> tuple[Source, ...]:
    """The repositories with the names that a push would give them; one that cannot be read stays as it is."""
    return tuple([await _named(source) for source in sources])


async def _named(source: Source) -> Source:
    with suppress(TglError):
        if source.repo is None:
            known = structs.replace(source, project=source.project or "-")
            return structs.replace(source, repo=(await target_of(known)).repo)
    return source


async def path_of(source: Source, settings: Settings, target: Target) -> Path:
    """The folder to read; a repository that is not cloned here is fetched into its mirror first."""
    if source.mirrored is None:
        return source.path or Path()
    from tgl_client.pushing.mirrors import fetched  # noqa: PLC0415 -- few have mirrors

    return await fetched(source.mirrored, settings.server(), target, os.environ)
