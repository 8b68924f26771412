"""The removals feature as the application sees it: it has audit actions, and no routes."""

from tgl_server.http.feature import Feature
from tgl_server.removals.actions import RemovalAction

removals = Feature(actions=RemovalAction)
