"""The auth feature as the application sees it: it has audit actions, and no routes."""

from tgl_server.auth.actions import AuthAction
from tgl_server.http.feature import Feature

auth = Feature(actions=AuthAction)
