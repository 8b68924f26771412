"""The import feature as the application sees it: it has an audit action, and no routes."""

from tgl_server.http.feature import Feature
from tgl_server.legacy.actions import LegacyAction

legacy = Feature(actions=LegacyAction)
