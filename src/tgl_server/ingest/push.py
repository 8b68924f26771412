"""Whose batch it is, for those who store and record it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct

from tgl_server.audit.actions import AuditAction, AuditOutcome
from tgl_server.audit.service import AuditEntry
from tgl_server.auth.principal import Principal
from tgl_server.origin import Origin
from tgl_server.projects.models import RepoId


class Push(Struct, frozen=True):
    """Without a run id of the client's, the batch is a run of its own."""

    repo_id: RepoId
    run_id: UUID | None
    principal: Principal
    origin: Origin
    clock_skew: timedelta | None = None

    def client(self, version: str | None) -> dict[str, Any]:
        """As a run's row names who pushed."""
        return {
            "client_version": version,
            "user_id": self.principal.user_id,
            "api_key_id": self.principal.key_id,
            "clock_skew": self.clock_skew,
        }

    def audit_entry(self, action: AuditAction, client_version: str | None, **details: str) -> AuditEntry:
        run = {"run_id": str(self.run_id) if self.run_id else None, "client_version": client_version}
        return AuditEntry(
            action=action,
            outcome=AuditOutcome.REFUSED if action is AuditAction.SYNC_REFUSED else AuditOutcome.SUCCESS,
            actor_user_id=self.principal.user_id,
            actor_key_id=self.principal.key_id,
            resource_type="repo",
            resource_id=str(self.repo_id),
            origin=self.origin,
            details={**run, **details},
        )
