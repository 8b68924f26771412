"""The demo: a server and a push of one repository, set up from nothing, with the real client over real HTTP.

The next demo uses the same account, project and repository; only the API key is new, and is revoked at the end.
"""

from tgl_server.errors import ServerError


class DemoFailed(ServerError):
    """A step of the demo did not work."""
