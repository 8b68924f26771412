"""Refusals for addresses that name nothing the caller sees, with the names that they do see.

Whatever exists and may not be seen is answered as what does not exist, to the last word: the answer depends on the
caller alone, and on the project once they see it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import TextClause

from tgl_server.access import errors
from tgl_server.access.ids import ProjectId
from tgl_server.access.queries import SEEN_PROJECTS, SEEN_REPOS
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database

#: Clients show 500 characters of a sentence, and the sentence must end.
_MAX_NAMED_LENGTH = 300


async def no_such_project(database: Database, principal: Principal) -> errors.ProjectNotFound:
    """The error for a project that is not there, or that the caller may not see."""
    seen = await _names(database, SEEN_PROJECTS, **_parameters(principal))
    there_are = f"There are: {listed(seen)}." if seen else _why_none(principal)
    return errors.ProjectNotFound(f"There is no project of this name that {_caller(principal)} may see. {there_are}")


def _why_none(principal: Principal) -> str:
    if principal.repo_ids is not None:
        return "The repositories that the key is restricted to are gone, or its account has lost its part in them."
    if not principal.may_list_all:
        return "The account may push to no project yet: the owner of one can make it a maintainer."
    return "The account has no part in any project yet: the owner of one can add it."


async def no_such_repo(
    database: Database, principal: Principal, project_id: ProjectId, slug: str, *, may_push: bool
) -> errors.RepoNotFound:
    """The error for a repository that is not in a project which the caller sees, or is beyond their key."""
    sentence = f"The project {slug} has no repository of this name that {_caller(principal)} may see."
    if not (may_push or principal.may_list_all):
        return errors.RepoNotFound(sentence)
    restriction = _parameters(principal)["repo_ids"]
    seen = await _names(database, SEEN_REPOS, project_id=project_id, repo_ids=restriction)
    return errors.RepoNotFound(f"{sentence} It has: {listed(seen)}." if seen else f"{sentence} It has none yet.")


def listed(names: Sequence[str]) -> str:
    """The names in one line, as many as fit; the rest is said to be there."""
    shown, length = list[str](), 0
    for name in names:
        length += len(name) + len(", ")
        if shown and length > _MAX_NAMED_LENGTH:
            return f"{', '.join(shown)} and others"
        shown.append(name)
    return ", ".join(shown)


def _caller(principal: Principal) -> str:
    return "you" if principal.key_id is None else "this API key"


def _parameters(principal: Principal) -> dict[str, Any]:
    return {
        "user_id": principal.user_id,
        "is_commissioner": principal.is_commissioner,
        "all": principal.may_list_all,
        "repo_ids": None if principal.repo_ids is None else list(principal.repo_ids),
    }


async def _names(database: Database, query: TextClause, **parameters: Any) -> list[str]:
    async with database.statements() as statements:
        return list((await statements.execute(query, parameters)).scalars())
