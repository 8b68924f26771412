"""Who pushes what: repository, run, caller and clock skew of one push."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct

from tgl_server.access.ids import RepoId
from tgl_server.audit.actions import AuditAction, AuditOutcome
from tgl_server.audit.service import AuditEntry
from tgl_server.auth.principal import Principal
from tgl_server.http.client_address import Origin
from tgl_server.ingest.actions import SyncAction


class Pusher(Struct, frozen=True):
    """The one who pushes: a person with a session, a person's API key, or the pull worker, which is nobody's.

    `by` is the pull worker's reason, for the audit log; who asked for a pull is its user.
    """

    user_id: UUID | None = None
    key_id: UUID | None = None
    origin: Origin | None = None
    by: str | None = None


PULL_WORKER = Pusher()


def pusher_of(principal: Principal, origin: Origin) -> Pusher:
    """The caller of a request as a pusher."""
    return Pusher(principal.user_id, principal.key_id, origin)


class Push(Struct, frozen=True):
    """One push: its repository, run and pusher; without the client's run id each batch is a run of its own.

    A pull has a `lease`: once that is lost, none of its batches is stored.
    """

    repo_id: RepoId
    run_id: UUID | None
    pusher: Pusher
    clock_skew: timedelta | None = None
    lease: UUID | None = None

    def client(self, version: str | None) -> dict[str, Any]:
        """The columns of a run's row that name who pushed."""
        return {
            "client_version": version,
            "user_id": self.pusher.user_id,
            "api_key_id": self.pusher.key_id,
            "clock_skew": self.clock_skew,
        }

    def audit_entry(self, action: AuditAction, client_version: str | None, **details: str) -> AuditEntry:
        run = {"run_id": str(self.run_id) if self.run_id else None, "client_version": client_version}
        if self.pusher.by is not None:
            run["by"] = self.pusher.by
        return AuditEntry(
            action=action,
            outcome=AuditOutcome.REFUSED if action is SyncAction.SYNC_REFUSED else AuditOutcome.SUCCESS,
            actor_user_id=self.pusher.user_id,
            actor_key_id=self.pusher.key_id,
            resource_type="repo",
            resource_id=str(self.repo_id),
            origin=self.pusher.origin,
            details={**run, **details},
        )
