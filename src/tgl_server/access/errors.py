"""The refusals of addresses that name nothing the caller sees."""

from tgl_server.errors import NotFound


class ProjectNotFound(NotFound):
    """There is no project of this name that you may see."""

    code = "project_not_found"


class RepoNotFound(NotFound):
    """The project has no repository of this name that you may see."""

    code = "repo_not_found"
