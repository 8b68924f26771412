"""The query parameters by which lists of repositories are filtered."""

from typing import Annotated

from litestar.params import QueryParameter

from tgl_protocol.commits import SyncStatus
from tgl_protocol.projects import SyncMethod

InStatus = Annotated[SyncStatus | None, QueryParameter(description="Only repositories in this sync status")]
Stale = Annotated[bool | None, QueryParameter(description="Only stale repositories, or only those that are not")]
ByMethod = Annotated[SyncMethod | None, QueryParameter(description="Only repositories whose commits arrive this way")]
