"""What happens on a running server is told by mail."""

from tests.support.database import execute
from tests.support.people import People, register
from tests.support.smtp import MailServer
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
