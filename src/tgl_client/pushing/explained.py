"""Tells a wrong project, a wrong repository and a missing right apart, and names what was probably meant.

A server says little about what it may not show. What the key does see answers the rest.
"""

import asyncio
import difflib
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from tgl_client import errors
from tgl_client.http.api import Api
from tgl_protocol.projects import ProjectInfo, ProjectRole

#: Seconds that looking for better words may take.
PATIENCE: Final = 5.0

_SHOWN: Final = 5
_PUSHERS: Final = (ProjectRole.OWNER, ProjectRole.MAINTAINER)


@asynccontextmanager
async def explained(api: Api, project: str, repo: str | None = None) -> AsyncGenerator[None, None]:
    """Raise the errors of the block about a target in words that say which part of it is wrong."""
    try:
        yield
    except (errors.UnknownTargetError, errors.NotAllowedError) as error:
        raise await _in_better_words(api, project, repo, error) from error


async def _in_better_words(
    api: Api, project: str, repo: str | None, error: errors.UnknownTargetError | errors.NotAllowedError
) -> errors.AnswerError:
    """The error itself where the server tells no more."""
    try:
        async with asyncio.timeout(PATIENCE):
            if isinstance(error, errors.UnknownTargetError):
                return await _unknown(api, project, repo, error)
            return await _not_allowed(api, project, error)
    except (errors.TglError, TimeoutError):
        return error


async def _unknown(api: Api, project: str, repo: str | None, error: errors.UnknownTargetError) -> errors.AnswerError:
    projects = await api.projects()
    found = _named(projects, project)
    if found is None:
        words = f"there is no project {project!r} that this key sees"
        return _same_kind(error, words, suggestion(project, [each.slug for each in projects], "tgl projects"))
    repos = await api.repos(project)
    if repo is None or any(repo in (each.name, str(each.id)) for each in repos):
        return error
    words = f"the project {project} has no repository {repo!r} that this key sees"
    return _same_kind(error, words, _way_to_a_repository(api, found, repo, [each.name for each in repos]))


def _way_to_a_repository(api: Api, project: ProjectInfo, repo: str, known: Sequence[str]) -> str:
    """What to do about a repository that is not seen: who pushes may add it, a restricted key sees none but its own."""
    names = suggestion(repo, known, "tgl repos") if known else ""
    if project.is_partial:
        seen = f"to some repositories; {names}" if names else "to repositories that are not in this project"
        return f"this key is restricted {seen}; {api.url}/settings/keys has a page to make one for others"
    who = f"ask {project.owner_name or 'the owner of the project'} to add it"
    way = "to add it: `tgl init --register`" if project.role in _PUSHERS else who
    return f"{names or 'the project has no repository yet'}; {way}"


async def _not_allowed(api: Api, project: str, error: errors.NotAllowedError) -> errors.AnswerError:
    found = _named(await api.projects(), project)
    if found is None:
        return error
    if found.role in _PUSHERS:
        return error  # the account may do it, so it is the key, of which the server has said what is wrong
    who = f"a {found.role} reads" if found.role else "you are not in it"
    words = f"you may not push to the project {found.slug}: {who}"
    owner = found.owner_name or "its owner"
    return _same_kind(error, words, f"ask {owner} to make you a maintainer of it")


def suggestion(name: str, known: Sequence[str], command: str) -> str:
    """What to do about a name that does not exist: the nearest one, and those there are."""
    if not known:
        return "it sees none; ask the owner of a project to add you, or check whose key this is"
    near = difflib.get_close_matches(name.lower(), [each.lower() for each in known], n=1)
    meant = next((each for each in known if near and each.lower() == near[0]), None)
    more = f" and {len(known) - _SHOWN} more (`{command}`)" if len(known) > _SHOWN else ""
    there_are = f"there are: {', '.join(known[:_SHOWN])}{more}"
    return f"did you mean {meant}? {there_are}" if meant and len(known) > 1 else there_are


def _named(projects: Sequence[ProjectInfo], name: str) -> ProjectInfo | None:
    return next((each for each in projects if name in (each.slug, str(each.id))), None)


def _same_kind(error: errors.AnswerError, message: str, hint: str) -> errors.AnswerError:
    return type(error)(message, hint=hint, status=error.status, code=error.code, errors=error.errors)
