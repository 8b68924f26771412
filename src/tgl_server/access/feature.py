"""The access feature as the application sees it: the guards have audit actions, and no routes."""

from tgl_server.access.actions import AccessAction
from tgl_server.http.feature import Feature

access = Feature(actions=AccessAction)
