"""The page of what somebody is told, and the address that ends it without signing in."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from tests.support.database import audited, rows, scalar
from tests.support.people import People, Person, make_project
from tests.support.servers import SECRET_KEY, RunningServer
from tests.support.smtp import MailServer
from tests.support.visitor import Visitor
from tgl_server.db.engine import Database
from tgl_server.notifications.models import Topic
from tgl_server.notifications.unsubscribing import Subscription, Unsubscribing
from tgl_server.settings import Settings

PATH = "/settings/notifications"
#: As a mail program sends it: from nowhere, without a cookie.
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
async def stranger(mailing: RunningServer) -> AsyncIterator[Visitor]:
    async with Visitor(mailing.url) as visitor:
        yield visitor


def address(user_id: UUID, topic: Topic = Topic.REPOS, key: str = SECRET_KEY) -> str:
    url = Unsubscribing(Settings(secret_key=key)).url(Subscription(user_id, topic))
    return str(url)


async def chosen(database: Database) -> dict[str, bool]:
    found = await rows(database, "SELECT kind, wanted FROM notification_choices")
    return {row.kind: row.wanted for row in found}


async def test_one_click_ends_mails_without_signing_in_and_can_be_undone(
    stranger: Visitor, mailed_people: People, database: Database
) -> None:
    ada = await mailed_people.make("ada")
    await make_project(ada)
    await ada.put("/notifications", {"kind": "repo_failing", "wanted": True, "project": "team"})
    path = address(ada.id)
    looked = await stranger.get(path)
    assert looked.status == 200
    assert b"ada@example.com" in looked.body
    assert await chosen(database) == {}
    assert (await stranger.post(path, ONE_CLICK, headers={})).status == 200
    assert (await stranger.post(path, ONE_CLICK, headers={})).status == 200
    assert await chosen(database) == {"repo_failing": False, "repo_stale": False}
    assert await scalar(database, "SELECT count(*) FROM project_notification_choices") == 0
    assert len(await audited(database, "notification:unsubscribed")) == 2
    assert (await stranger.post(f"{path}/undo", headers={})).status == 200
    assert await chosen(database) == {}


async def test_an_address_that_was_made_up_or_changed_does_nothing(
    stranger: Visitor, mailed_people: People, database: Database
) -> None:
    ada = await mailed_people.make("ada")
    path = address(ada.id)
    forged = address(ada.id, key="another key" * 5)
    wrong = [forged, path[:-4] + "AAAA", path[:-8], "/unsubscribe/x", "/unsubscribe/%00", path + "A", address(uuid4())]
    for each in wrong:
        assert (await stranger.get(each)).status == 404, each
        assert (await stranger.post(each, ONE_CLICK, headers={})).status == 404, each
    assert await chosen(database) == {}


async def test_the_page_keeps_what_is_chosen_and_shows_it(
    ada_visitor: Visitor, ada: Person, database: Database
) -> None:
    await make_project(ada)
    assert b"repo_failing.team" in (await ada_visitor.get(PATH)).body
    fields = {"repo_failing": "no", "repo_failing.team": "yes", "repo_stale": "", "key_expiring": "yes"}
    answer = await ada_visitor.post(PATH, fields)
    assert (answer.status, answer.headers["Location"]) == (303, PATH)
    assert await chosen(database) == {"repo_failing": False, "key_expiring": True}
    assert await scalar(database, "SELECT wanted FROM project_notification_choices") is True
    assert (await ada_visitor.post(PATH, {"repo_failing": ""})).status == 303
    assert await chosen(database) == {"key_expiring": True}
    assert b"SMTP_URL" in (await ada_visitor.get(PATH)).body


async def test_a_test_message_is_one_button(stranger: Visitor, mailed_people: People, mails: MailServer) -> None:
    ada = await mailed_people.make("ada")
    await stranger.sign_in(ada.email)
    assert (await stranger.post(f"{PATH}/test")).status == 303
    assert (await mails.mail(ada.email))["Subject"].startswith("A test message")
    assert (await stranger.post(f"{PATH}/test")).status == 409
