"""The refusals of ingestion that are its own: those of requests have codes."""

from tgl_server.errors import Conflict, Invalid, ServerError


class LeaseLost(ServerError):
    """This pull is no longer the worker's: another one has taken it over, or nobody may pull any more."""


class UnknownCommits(Invalid):
    """Some of these commits are not stored in the repository; push them first. Nothing was recorded."""

    code = "unknown_commits"


class CommitsRemoved(Conflict):
    """Commits of this repository were deleted during the push, so no branch was recorded; push again."""

    code = "commits_removed"
