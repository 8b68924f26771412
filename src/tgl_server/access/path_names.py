"""Path parameters that several features share, as their guards and handlers declare them."""

from typing import Annotated
from uuid import UUID

from litestar.openapi.spec import Example
from litestar.params import PathParameter

from tgl_server.access import errors
from tgl_server.http.declarations import PathName
from tgl_server.http.example_values import USER_ID

#: `{project:str}` and `{repo:str}` of a path, which guards read.
PROJECT = PathName("project", "The project's id or its slug", "platform-team", (errors.ProjectNotFound,))
REPO = PathName("repo", "The repository's id or its name", "linux", (errors.RepoNotFound,))

UserId = Annotated[
    UUID,
    PathParameter(description="The user's id", examples=[Example(value=str(USER_ID))]),
]
