"""The error of a setting that is not valid."""

from tgl_server.errors import StartupError


class BadSetting(StartupError):
    """A setting does not validate; the message names its variable."""
