"""The refusals of storing and showing credentials."""

from tgl_server.errors import Conflict, NotFound


class NoCredentials(NotFound):
    """No credentials are stored for this repository."""

    code = "no_credentials"


class NoRemote(Conflict):
    """The repository has no address to pull from; set its git_url first."""

    code = "no_remote"


class RemoteNotUsable(Conflict):
    """The remote cannot be used; `detail` says why, and what to do."""

    code = "remote_not_usable"
