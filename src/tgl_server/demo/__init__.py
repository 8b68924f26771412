"""The demo: everything for one repository, from nothing, with the real client over real HTTP.

What it makes is found again by the next demo; only the API key is new each time, and ends with its demo.
"""

from tgl_server.errors import ServerError


class DemoFailed(ServerError):
    """A step of the demo did not work."""
