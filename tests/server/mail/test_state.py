"""The operator is told whether mails leave the server, and what to do if not."""

import pytest

from tests.server.mail.conftest import Post, mail_settings
from tests.support.smtp import PASSWORD, USER, MailServer, mail_server
from tgl_server.db.engine import Database
from tgl_server.mail.service import Waiting
from tgl_server.mail.state import MailServerState, read_mail
from tgl_server.settings import Settings
from tgl_server.system.check import Level
from tgl_server.system.mail_checks import mail_check


async def test_a_mail_server_that_answers_is_well_and_what_waits_is_counted(
    post: Post, smtp: MailServer, database: Database
) -> None:
    await post.put()
    async with database.statements() as connection:
        state = await read_mail(connection, mail_settings(smtp.url))
    assert state is not None
    assert (state.problem, state.waiting.number) == (None, 1)
    check = mail_check(state)
    assert (check.level, check.finding) == (Level.OK, "The mail server answers; 1 mail waits")


async def test_a_mail_server_that_is_away_is_bad_and_its_password_is_not_shown(database: Database) -> None:
    with mail_server() as gone:
        port = gone.port
    url = f"smtp://{USER}:{PASSWORD}@127.0.0.1:{port}"
    async with database.statements() as connection:
        state = await read_mail(connection, mail_settings(url))
    assert state is not None
    check = mail_check(state)
    assert check.level is Level.BAD
    assert PASSWORD not in f"{check.finding} {check.remedy}"
    assert "SMTP_URL" in check.remedy


async def test_without_mails_there_is_nothing_to_say(database: Database) -> None:
    async with database.statements() as connection:
        assert await read_mail(connection, Settings()) is None


@pytest.mark.parametrize(("seconds", "level"), [(60.0, Level.OK), (3600.0, Level.WARN)])
def test_what_waits_for_long_is_worth_a_look(seconds: float, level: Level) -> None:
    check = mail_check(MailServerState(None, Waiting(3, seconds, "it answered 451 greylisted")))
    assert check.level is level
    if level is Level.WARN:
        assert "60 minutes (it answered 451 greylisted)" in check.finding
