"""Links that work once reach people by mail: invitations, new passwords, and whoever forgot theirs."""

import re
from collections.abc import AsyncIterator
from email.message import EmailMessage

import pytest

from tests.support.database import audited, count, execute, rows
from tests.support.people import PASSWORD, People
from tests.support.servers import RunningServer
from tests.support.smtp import MailServer
from tests.support.visitor import Visitor
from tests.support.waiting import until
from tgl_server.accounts.models import Role
from tgl_server.db.engine import Database

NEW_PASSWORD = "another horse battery staple"


@pytest.fixture
async def somebody(mailing: RunningServer) -> AsyncIterator[Visitor]:
    """A browser that nobody has signed in with."""
    async with Visitor(mailing.url) as visitor:
        yield visitor


@pytest.fixture
async def commissioner(somebody: Visitor, mailed_people: People) -> Visitor:
    boss = await mailed_people.make("boss", Role.COMMISSIONER)
    await somebody.sign_in(boss.email)
    return somebody


def link_of(mail: EmailMessage) -> str:
    """The path of the link, which both bodies have."""
    found = set()
    for kind in ("plain", "html"):
        body = mail.get_body([kind])
        assert body is not None
        found |= set(re.findall(r"http://league\.example(/link/[\w-]+)", body.get_content()))
    (link,) = found
    return str(link)


async def test_a_forgotten_password_is_replaced_by_mail(
    somebody: Visitor, mailed_people: People, mails: MailServer, database: Database
) -> None:
    ada = await mailed_people.make("ada")
    assert b'href="/forgotten"' in (await somebody.get("/sign-in")).body
    answer = await somebody.post("/forgotten", {"email": "ADA@example.com"})
    assert answer.status == 200
    assert b"tgll_" not in answer.body
    link = link_of(await mails.mail(ada.email))
    assert (await somebody.post(link, {"new_password": NEW_PASSWORD})).status == 303
    async with Visitor(somebody.url) as again:
        await again.sign_in(ada.email, NEW_PASSWORD)
    made, *_ = await audited(database, "link:made")
    assert made.actor_user_id is None


@pytest.mark.parametrize("state", ["nobody", "pending", "retired"])
async def test_nobody_learns_whether_there_is_such_an_account(
    somebody: Visitor, mailed_people: People, mails: MailServer, database: Database, state: str
) -> None:
    ada, grace = await mailed_people.make("ada"), await mailed_people.make("grace")
    if state == "nobody":
        await execute(database, "DELETE FROM users WHERE email = :email", email=ada.email)
    else:
        await execute(database, "UPDATE users SET state = :state WHERE email = :email", state=state, email=ada.email)
    answers = [await somebody.post("/forgotten", {"email": email}) for email in (ada.email, grace.email)]
    first, second = (answer.body.replace(b"ada@", b"grace@") for answer in answers)
    assert re.sub(rb"request [\w-]+", b"", first) == re.sub(rb"request [\w-]+", b"", second)
    await mails.mail(grace.email)
    assert mails.recipients == [grace.email]


async def test_asking_again_and_again_sends_one_mail(
    somebody: Visitor, mailed_people: People, mails: MailServer, database: Database
) -> None:
    ada, grace = await mailed_people.make("ada"), await mailed_people.make("grace")
    for _ in range(4):
        assert (await somebody.post("/forgotten", {"email": ada.email})).status == 200
    await somebody.post("/forgotten", {"email": grace.email})
    await mails.mail(grace.email)
    await until(lambda: ada.email in mails.recipients)
    assert await count(database, "one_time_links") == 2
    assert mails.recipients.count(ada.email) == 1


async def test_what_is_no_address_is_told_so(somebody: Visitor) -> None:
    assert (await somebody.post("/forgotten", {"email": ""})).status == 422


async def test_an_invitation_is_sent_and_shown_to_nobody_else(
    commissioner: Visitor, mails: MailServer, database: Database
) -> None:
    fields = {"email": "grace@example.com", "role": "player", "by": "mail"}
    answer = await commissioner.post("/administration/invite", fields)
    assert answer.status == 200
    assert b"tgll_" not in answer.body
    mail = await mails.mail("grace@example.com")
    assert "Welcome" in str(mail)
    async with Visitor(commissioner.url) as grace:
        assert (await grace.post(link_of(mail), {"new_password": PASSWORD})).status == 303
    assert all("tgll_" not in str(row) for row in await rows(database, "SELECT * FROM outgoing_mail"))


async def test_a_commissioner_sends_a_link_for_a_new_password_or_hands_it_over(
    commissioner: Visitor, mailed_people: People, mails: MailServer
) -> None:
    ada = await mailed_people.make("ada")
    path = f"/administration/people/{ada.id}/link"
    assert b"/link/tgll_" in (await commissioner.post(path)).body
    assert mails.recipients == []
    sent = await commissioner.post(path, {"by": "mail"})
    assert b"/link/tgll_" not in sent.body
    assert link_of(await mails.mail(ada.email)).startswith("/link/tgll_")


async def test_a_server_without_mails_offers_none(visitor: Visitor, boss_visitor: Visitor) -> None:
    fields = {"email": "grace@example.com", "role": "player", "by": "mail"}
    answer = await boss_visitor.post("/administration/invite", fields)
    assert answer.status == 409
    assert b"SMTP_URL" in answer.body
    assert b'value="mail"' not in (await boss_visitor.get("/administration/invite")).body
