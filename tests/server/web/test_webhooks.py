"""The pages of a repository's webhooks: a secret is shown once, and what arrived has its verdict."""

import re
from collections.abc import Mapping
from uuid import uuid4

import pytest

from tests.server.web.conftest import PULL_URL
from tests.support.api import Answer, Api
from tests.support.database import audited, execute, scalar
from tests.support.pages import counted_pages
from tests.support.people import PASSWORD, People, Person, make_project, make_repo
from tests.support.servers import RunningServer
from tests.support.shown import text_of
from tests.support.visitor import Visitor
from tests.support.webhooks import SENDERS, Pushed
from tgl_protocol.webhooks import DeliveryOutcome, WebhookKind
from tgl_server.db.engine import Database
from tgl_server.web.webhooks.guides import GUIDES, guessed_kind
from tgl_server.web.webhooks.outcomes import VERDICTS

WEBHOOKS = "/projects/team/repos/linux/webhooks"


def secret_on(page: Answer) -> str:
    """The secret that a page shows this once."""
    found = re.search(rb'value="(whsec_[^"]+)"', page.body)
    assert found is not None, page.body
    return found[1].decode()


async def make(visitor: Visitor, kind: str = "github", once: str = "") -> tuple[Answer, str]:
    """A new webhook: the page that shows it, and its path."""
    made = await visitor.post(f"{WEBHOOKS}/new", {"kind": kind, "once": once or str(uuid4())})
    assert made.status == 201, made.body
    found = re.search(rb"/api/v1/webhooks/([0-9a-f-]+)", made.body)
    assert found is not None
    return made, f"{WEBHOOKS}/{found[1].decode()}"


async def deliver(server: RunningServer, path: str, secret: str, kind: str = "github", url: str = PULL_URL) -> int:
    """Tell of a push as a forge does; the status of the answer."""
    body, headers = SENDERS[kind].send(secret, Pushed(url))
    async with Api(server.url) as forge:
        address = f"/api/v1/webhooks/{path.rpartition('/')[2]}"
        return (await forge.request("POST", address, data=body, headers=headers)).status


def test_every_kind_of_sender_has_its_guide_and_every_outcome_its_verdict() -> None:
    assert set(GUIDES) == set(WebhookKind)
    assert set(VERDICTS) == set(DeliveryOutcome)
    for guide in GUIDES.values():
        values = [value for _, value in guide.fields]
        assert "{url}" in values
        assert "{secret}" in values


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://github.com/a/b.git", "github"),
        ("git@gitlab.example.com:a/b.git", "gitlab"),
        ("https://codeberg.org/a/b", "forgejo"),
        ("https://bitbucket.org/a/b.git", "bitbucket_cloud"),
        ("https://bitbucket.example.com/scm/a/b.git", "bitbucket_data_center"),
        ("https://dev.azure.com/a/_git/b", "azure_devops"),
        ("https://git.example.com/github/b.git", None),
        (None, None),
    ],
)
def test_an_address_suggests_the_kind_of_its_forge(url: str | None, kind: str | None) -> None:
    assert guessed_kind(url) == kind


async def test_a_secret_is_shown_once_and_kept_and_logged_nowhere(
    keeper: Visitor, sealing_server: RunningServer, database: Database
) -> None:
    assert "No webhook yet" in text_of(await keeper.get(WEBHOOKS))
    once = str(uuid4())
    made, path = await make(keeper, once=once)
    secret = secret_on(made)
    assert made.headers["Cache-Control"] == "no-store, no-transform"
    assert "Content-Encoding" not in made.headers
    for part in ("Payload URL", "application/json", "Add webhook"):
        assert part in text_of(made)
    again = await keeper.post(f"{WEBHOOKS}/new", {"kind": "github", "once": once})
    assert (again.status, "was made already" in text_of(again)) == (409, True)
    assert await scalar(database, "SELECT count(*) FROM webhooks") == 1
    for shown in (await keeper.get(WEBHOOKS), await keeper.get(path), again):
        assert secret.encode() not in shown.body
    assert secret not in sealing_server.log()
    (entry, _) = await audited(database, "webhook:created")
    assert entry.outcome == "success"


async def test_what_arrived_is_listed_with_its_verdict_and_what_to_do(
    keeper: Visitor, sealing_server: RunningServer, database: Database
) -> None:
    made, path = await make(keeper)
    secret = secret_on(made)
    assert "Nothing has arrived yet" in text_of(await keeper.get(path))
    assert await deliver(sealing_server, path, secret) == 202
    assert await deliver(sealing_server, path, "whsec_d3Jvbmc=") == 401
    assert await deliver(sealing_server, path, secret, url="https://git.example.com/other.git") == 200
    await keeper.post("/projects/team/repos/linux/pull/pause")
    assert await deliver(sealing_server, path, secret) == 200
    page = text_of(await keeper.get(path))
    verdicts = ("Pulling is paused", "For another repository", "Refused", "A pull was asked for")
    places = [page.index(words) for words in verdicts]
    assert places == sorted(places)
    for part in ("set the secret again where it is sent from", "resume on the page Pulls", "push"):
        assert part in page
    run_id = await scalar(database, "SELECT run_id FROM webhook_deliveries WHERE run_id IS NOT NULL")
    assert f"/runs/{run_id}".encode() in (await keeper.get(path)).body


async def test_another_secret_is_shown_once_while_the_one_before_is_still_taken(
    keeper: Visitor, sealing_server: RunningServer
) -> None:
    made, path = await make(keeper)
    form = await keeper.get(f"{path}/rotate")
    assert b'name="rotated" value="never"' in form.body
    wanted = {"overlap": "60", "rotated": "never"}
    rotated = await keeper.post(f"{path}/rotate", wanted)
    assert (rotated.status, secret_on(rotated) == secret_on(made)) == (201, False)
    again = await keeper.post(f"{path}/rotate", wanted)
    assert (again.status, b"whsec_" in again.body, "changed meanwhile" in text_of(again)) == (409, False, True)
    for secret in (secret_on(made), secret_on(rotated)):
        assert await deliver(sealing_server, path, secret) in (200, 202)
    assert "The one before is taken until" in text_of(await keeper.get(path))


async def test_a_webhook_is_deleted_and_its_address_is_gone(
    keeper: Visitor, sealing_server: RunningServer, database: Database
) -> None:
    made, path = await make(keeper)
    assert (await keeper.post(f"{path}/delete")).status == 303
    assert await deliver(sealing_server, path, secret_on(made)) == 404
    assert (await keeper.get(path)).status == 404
    (entry,) = await audited(database, "webhook:deleted")
    assert entry.outcome == "success"


FAULTS: list[tuple[Mapping[str, str], int, str]] = [
    ({"kind": "carrier_pigeon"}, 422, "kind-fault"),
    ({}, 422, "kind-fault"),
]


@pytest.mark.parametrize(("fields", "status", "mark"), FAULTS)
async def test_a_kind_that_there_is_not_is_refused(
    keeper: Visitor, fields: dict[str, str], status: int, mark: str
) -> None:
    answer = await keeper.post(f"{WEBHOOKS}/new", {"once": str(uuid4()), **fields})
    assert (answer.status, f'id="{mark}"'.encode() in answer.body) == (status, True)


async def test_a_server_without_a_key_makes_no_webhook_and_says_why(visitor: Visitor, people: People) -> None:
    ada = await people.make("ada")
    await make_repo(ada, await make_project(ada), git_url=PULL_URL)
    await visitor.sign_in(ada.email, PASSWORD)
    answer = await visitor.post(f"{WEBHOOKS}/new", {"kind": "github", "once": str(uuid4())})
    assert (answer.status, "secrets new-key" in text_of(answer)) == (409, True)


async def test_the_pages_cost_as_much_for_many_deliveries_as_for_one(
    ada: Person, database: Database, database_url: str
) -> None:
    await make_repo(ada, await make_project(ada), git_url=PULL_URL)
    hook_id = uuid4()
    await execute(
        database,
        "INSERT INTO webhooks (id, repo_id, kind, sealed) SELECT :id, id, 'github', 'f1:x' FROM repos",
        id=hook_id,
    )
    paths = [WEBHOOKS, f"{WEBHOOKS}/new", f"{WEBHOOKS}/{hook_id}", f"{WEBHOOKS}/{hook_id}/rotate"]
    async with counted_pages(database_url) as pages:
        await pages.sign_in(ada.email)
        one = [await pages.statements(path) for path in paths]
        await execute(
            database,
            """
            INSERT INTO webhook_deliveries (id, hook_id, event, outcome, status)
            SELECT gen_random_uuid(), :id, 'push', 'remote_ahead', 202 FROM generate_series(1, 60)
            """,
            id=hook_id,
        )
        assert [await pages.statements(path) for path in paths] == one
        assert max(one) <= 6
