"""The pages of a project's endpoints, as far as nothing is sent; `endpoints/test_pages.py` has the rest."""

from uuid import uuid4

from tests.support.database import execute
from tests.support.pages import counted_pages
from tests.support.people import Person, make_project
from tests.support.visitor import Visitor
from tgl_protocol.endpoints import DeliveryState
from tgl_protocol.events import EventType
from tgl_server.db.engine import Database
from tgl_server.web.endpoints.words import EVENTS, OF_NO_PROJECT, STATES, event_words

ENDPOINTS = "/projects/team/endpoints"


def test_every_event_and_every_state_has_its_words() -> None:
    assert set(EVENTS) | OF_NO_PROJECT == set(EventType)
    assert set(STATES) == set(DeliveryState)
    assert (event_words("repo.failing"), event_words("what.comes")) == ("A repository began to fail", "what.comes")


async def test_what_is_wrong_is_said_beside_its_field(keeper: Visitor) -> None:
    right = {"url": "https://hooks.example.com/", "which": "all", "once": str(uuid4())}
    for wrong, mark in (
        ({"url": "ftp://hooks.example.com/"}, "url-fault"),
        ({"url": ""}, "url-fault"),
        ({"which": "most"}, "which-fault"),
        ({"which": "some"}, "types-fault"),
        ({"which": "some", "types": "carrier.pigeon"}, "types-fault"),
    ):
        answer = await keeper.post(f"{ENDPOINTS}/new", right | wrong)
        assert (answer.status, f'id="{mark}"'.encode() in answer.body) == (422, True), wrong


async def test_the_pages_cost_as_much_for_many_deliveries_as_for_one(
    ada: Person, database: Database, database_url: str
) -> None:
    await make_project(ada)
    endpoint = "INSERT INTO endpoints (id, project_id, url, sealed) SELECT :id, id, 'https://a.example/', 'f1:x'"
    id_ = uuid4()
    await execute(database, f"{endpoint} FROM projects", id=id_)
    path = f"{ENDPOINTS}/{id_}"
    paths = [ENDPOINTS, f"{ENDPOINTS}/new", path, f"{path}/edit", f"{path}/rotate", f"{path}/delete"]
    async with counted_pages(database_url) as pages:
        await pages.sign_in(ada.email)
        one = [await pages.statements(each) for each in paths]
        deliveries = """
            INSERT INTO endpoint_deliveries (id, endpoint_id, message_id, type, body, state)
            SELECT gen_random_uuid(), :id, gen_random_uuid(), 'run.failed', '{}', 'delivered'
            FROM generate_series(1, 60)
        """
        await execute(database, deliveries, id=id_)
        assert [await pages.statements(each) for each in paths] == one
        assert max(one) <= 7
