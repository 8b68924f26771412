"""What happens on a running server is told by mail."""

from tests.support.database import execute, scalar
from tests.support.people import People, register
from tests.support.servers import RunningServer
from tests.support.smtp import MailServer
from tests.support.visitor import Visitor
from tests.support.waiting import until
from tgl_server.accounts.models import Role
from tgl_server.db.engine import Database


async def test_a_commissioner_hears_of_a_newcomer_from_the_running_server(
    mailed_people: People, mails: MailServer, database: Database
) -> None:
    boss = await mailed_people.make("boss", Role.COMMISSIONER)
    await register(boss.api)

    async def is_told() -> bool:
        # As if the time that notices wait for each other were over.
        await execute(database, "UPDATE notices SET created_at = now() - interval '1 hour'")
        return any("waits for approval" in each["Subject"] for each in mails.to(boss.email))

    await until(is_told)


async def test_the_address_in_a_mail_is_the_one_that_works(
    mailing: RunningServer, mailed_people: People, mails: MailServer, database: Database
) -> None:
    ada = await mailed_people.make("ada")
    made = await ada.post("/api-keys/", {"name": "laptop", "scopes": "read:repos"})
    assert made.status == 201, made.body
    mail = await mails.mail(ada.email)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert made.json["full_key"] not in str(mail)
    path = mail["List-Unsubscribe"].strip("<>").removeprefix("http://league.example")
    async with Visitor(mailing.url) as stranger:
        assert (await stranger.post(path, {"List-Unsubscribe": "One-Click"}, headers={})).status == 200
    assert await scalar(database, "SELECT wanted FROM notification_choices WHERE kind = 'account_changed'") is False
