"""Events as the server records them, and the mails that they become, one step after the other in this process.

A server of other tests would take some of these events before them.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.server.mail.conftest import mail_settings
from tests.support.alone import migrated_url, own_pool
from tests.support.database import execute, rows, scalar
from tests.support.world import World
from tgl_protocol.events import EventData, EventType, RepoInTrouble, RepoRecovered, Trouble
from tgl_protocol.projects import MemberRole
from tgl_server.accounts.models import Role, User, UserState
from tgl_server.accounts.service import create_user
from tgl_server.db.engine import Database
from tgl_server.events.relay import relay
from tgl_server.events.service import record_event
from tgl_server.mail.message import Mail
from tgl_server.mail.service import Mailbox
from tgl_server.notifications.digest import Pace, digest
from tgl_server.notifications.following import follow_events
from tgl_server.notifications.models import Topic
from tgl_server.notifications.unsubscribing import Unsubscribing

__all__ = ["migrated_url", "own_pool"]

AT_ONCE = dict.fromkeys(Topic, Pace(timedelta(0), timedelta(0)))
_LONG_AGO = datetime(2026, 1, 2, 11, 0, tzinfo=UTC)
FAILED = RepoInTrouble(last_success_at=_LONG_AGO, cadence_seconds=86400, error="3 of 5 commits refused")
STALE = RepoInTrouble(last_success_at=None, cadence_seconds=86400, error=None)
RECOVERED = RepoRecovered(troubles=[Trouble.FAILING], since=_LONG_AGO, last_success_at=_LONG_AGO)


class Teller:
    """Tells people; `mails` are those that wait in the queue, with their address, in order."""

    def __init__(self, database: Database) -> None:
        settings = mail_settings("smtp://mail.example")
        self.database, self.mailbox = database, Mailbox(settings)
        self.unsubscribing = Unsubscribing(settings)

    async def happen(self, type_: EventType, data: EventData, **about: Any) -> None:
        async with self.database.transaction() as tx:
            await record_event(tx, type_, data, **about)

    async def follow(self, *, sends_mail: bool = True) -> None:
        while await relay(self.database):
            pass
        while await follow_events(self.database, sends_mail=sends_mail):
            pass

    async def tell(self, paces: dict[Topic, Pace] = AT_ONCE) -> int:
        await self.follow()
        return await digest(self.database, self.mailbox, self.unsubscribing, paces)

    async def mails(self) -> list[tuple[str, Mail]]:
        found = await rows(
            self.database,
            "SELECT u.email, m.id, m.sealed FROM outgoing_mail m JOIN users u ON u.id = m.user_id ORDER BY m.id",
        )
        return [(row.email, self.mailbox.open(row.id, row.sealed)) for row in found]

    async def told(self) -> list[str]:
        return sorted(email for email, _ in await self.mails())

    async def make(self, name: str, role: Role = Role.PLAYER, state: UserState = UserState.ACTIVE) -> User:
        async with self.database.transaction() as tx:
            return await create_user(tx, f"{name}@example.com", role=role, state=state, display_name=name)

    async def join(self, user: User, role: MemberRole) -> None:
        await execute(
            self.database,
            "INSERT INTO project_members (project_id, user_id, role) SELECT id, :user, :role FROM projects",
            user=user.id,
            role=role,
        )

    async def repos(self, names: Sequence[str]) -> list[UUID]:
        await execute(
            self.database,
            "INSERT INTO repos (id, project_id, name, sync_method)"
            " SELECT gen_random_uuid(), p.id, n, 'push_client' FROM projects p, unnest(CAST(:names AS text[])) n",
            names=list(names),
        )
        return [await scalar(self.database, "SELECT id FROM repos WHERE name = :name", name=name) for name in names]


@pytest.fixture
async def teller(database: Database, world: World) -> Teller:
    """Over a world whose past nobody is told of."""
    teller = Teller(database)
    await teller.follow(sends_mail=False)
    return teller
