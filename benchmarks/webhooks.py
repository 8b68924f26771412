"""How long a forge waits for the answer to a delivery, also while the broker that wakes up workers is away.

    python -m benchmarks.webhooks --deliveries 500 --connections 1

Each delivery is a push of GitHub's form with a right signature, to one of twenty repositories, and asks for a pull. The
times are those of whole answers over HTTP on this machine; a forge gives up after ten seconds.
"""

import argparse
import asyncio
import socket
import tempfile
from pathlib import Path
from uuid import UUID

from benchmarks.place import api_server, note
from benchmarks.timing import Ask, Times, ask_all, cpu_ms
from tests.support.broker import running_broker
from tests.support.commits import sha_of
from tests.support.database import execute
from tests.support.webhooks import SENDERS, URL, Pushed
from tests.support.world import World, make_world
from tgl_protocol.projects import NewRepo, SyncMethod
from tgl_protocol.webhooks import WebhookKind
from tgl_server.access.ids import ProjectId, RepoId
from tgl_server.accounts.service import COMMAND_LINE
from tgl_server.db import migrate
from tgl_server.db.embedded import EmbeddedPostgres, embedded_postgres
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.projects.service import register_repo
from tgl_server.sealing.sealer import Sealer, new_key
from tgl_server.settings import Settings
from tgl_server.webhooks.service import Site, create_webhook

REPOS = 20
BUDGET_MS = 50
#: An address of documentation, which nobody has: packets to it are lost, or refused by the next router.
_NOWHERE = "redis://192.0.2.1:6379/0"


class Hooks:
    """Webhooks of repositories that are pulled: their ids and secrets."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.secrets: list[tuple[UUID, str]] = []

    def asks(self, number: int, round_: str) -> list[Ask]:
        """So many deliveries, each of another push."""
        found = []
        for count in range(number):
            id_, secret = self.secrets[count % len(self.secrets)]
            push = Pushed(after=sha_of(f"{round_}-{count}"))
            body, headers = SENDERS["github"].send(secret, push)
            found.append(Ask(f"/api/v1/webhooks/{id_}", body, headers))
        return found


async def make_hooks(url: str, world: World) -> Hooks:
    """A repository with a webhook, twenty times."""
    hooks, site = Hooks(new_key()), Site("https://tgl.example")
    database, sealer = Database(Settings(database_url=url)), Sealer([hooks.key])
    try:
        for number in range(REPOS):
            new = NewRepo(name=f"repo-{number}", git_url=URL, sync_method=SyncMethod.PULL_CELERY)
            async with database.transaction() as tx:
                repo = await register_repo(tx, ProjectId(world.project_id), new, COMMAND_LINE, FOLLOWERS)
                made = await create_webhook(tx, sealer, site, RepoId(repo.id), WebhookKind.GITHUB, COMMAND_LINE)
            hooks.secrets.append((made.id, made.secret))
        await execute(database, "ANALYZE")
    finally:
        await database.close()
    return hooks


def measure(
    postgres: EmbeddedPostgres, world: World, hooks: Hooks, broker_url: str, deliveries: int, connections: int
) -> Times:
    """Deliver to a server with this broker; the first tenth warms it up and is left out."""
    with api_server(
        postgres, secrets_keys=hooks.key, broker_url=broker_url, webhook_requests_per_minute=10**9
    ) as server:
        asyncio.run(ask_all(server, world, hooks.asks(max(20, deliveries // 10), f"{broker_url}-warm"), connections))
        before = cpu_ms(server.pid)
        times = asyncio.run(ask_all(server, world, hooks.asks(deliveries, broker_url), connections))
        times.server_cpu = (cpu_ms(server.pid) - before) / deliveries
        return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, default=500)
    parser.add_argument("--connections", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tgl-bench-") as name:
        folder = Path(name)
        with embedded_postgres(folder / "pg") as postgres, running_broker(folder) as broker:
            migrate.upgrade(postgres.dsn)
            world = asyncio.run(make_world(postgres.dsn))
            hooks = asyncio.run(make_hooks(postgres.dsn, world))
            brokers = {
                "no broker": "",
                "a broker that answers": f"redis://127.0.0.1:{broker.port}/0",
                "a broker that refuses": f"redis://127.0.0.1:{_unused_port()}/0",
                "a broker that says nothing": _NOWHERE,
            }
            for what, url in brokers.items():
                times = measure(postgres, world, hooks, url, chosen.deliveries, chosen.connections)
                note(_line(what, times))


def _line(what: str, times: Times) -> str:
    mark = "" if times.p99 < BUDGET_MS else f"  over the {BUDGET_MS} ms of its budget"
    cpu = f"{times.server_cpu:5.1f} ms of the server's processor each"
    return f"{what:<28} p50 {times.median:6.1f} ms  p99 {times.p99:6.1f} ms  {cpu}{mark}"


def _unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
