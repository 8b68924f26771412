"""Mails reach a real mail server once, whatever it answers and however often somebody tries."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.server.mail.conftest import LETTER, MakePost, Post
from tests.support.database import execute, rows
from tests.support.metrics import counted_here
from tests.support.smtp import MailServer, mail_server
from tests.support.world import World
from tgl_server.db.engine import Database
from tgl_server.mail.letter import Letter
from tgl_server.mail.transport import ConnectionEnded


async def queue(database: Database) -> list[Any]:
    return await rows(database, "SELECT * FROM outgoing_mail ORDER BY id")


async def make_due(database: Database) -> None:
    """As if the pause were over."""
    await execute(database, "UPDATE outgoing_mail SET due_at = now(), lease_until = NULL")


async def test_a_mail_is_sent_as_text_and_as_html_with_the_headers_that_programs_look_for(
    post: Post, smtp: MailServer, world: World, database: Database
) -> None:
    mail_id = await post.put(unsubscribe="https://league.example/unsubscribe/" + "x" * 200)
    assert await post.sender.send_due() == 1
    (mail,) = smtp.mails
    assert mail["From"] == "TheGitLeague <league@mail.example>"
    assert smtp.recipients == [mail["To"]]
    assert (mail["Subject"], mail["Message-ID"]) == ("A subject", f"<{mail_id}@mail.example>")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime is not None
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"List-Unsubscribe: <https://league.example/unsubscribe/{'x' * 200}>\r\n".encode() in smtp.taken[0]
    text, html = mail.get_body(["plain"]), mail.get_body(["html"])
    assert text is not None
    assert html is not None
    for body in (text, html):
        assert "A heading" in body.get_content()
        assert "Some words." in body.get_content()
    (row,) = await queue(database)
    assert (row.state, row.sealed, row.attempts, row.last_error) == ("sent", None, 1, None)
    assert await post.sender.send_due() == 0


async def test_a_mail_is_kept_sealed_while_it_waits(post: Post, database: Database) -> None:
    await post.put(Letter(subject="s3cret-subject", heading="s3cret", paragraphs=["s3cret-link"], why="-"))
    (row,) = await queue(database)
    assert row.sealed is not None
    assert "s3cret" not in str(row)


async def test_a_server_that_is_away_gets_the_mail_when_it_is_back(
    make_post: MakePost, smtp: MailServer, database: Database
) -> None:
    with mail_server() as gone:
        port = gone.port
    post = make_post(gone.url)
    await post.put()
    with pytest.raises(ConnectionEnded):
        await post.sender.send_due()
    (row,) = await queue(database)
    assert (row.state, row.attempts, row.lease_token) == ("queued", 1, None)
    assert row.last_error
    assert row.due_at > row.created_at
    assert await post.sender.send_due() == 0  # the pause is not over
    await make_due(database)
    with mail_server(port=port) as back:
        assert await post.sender.send_due() == 1
        assert len(back.taken) == 1


async def test_an_answer_of_4xx_is_tried_again_and_keeps_no_other_mail_from_being_sent(
    post: Post, smtp: MailServer, database: Database
) -> None:
    smtp.answers = ["451 4.3.0 greylisted"]
    before = {outcome: counted_here("tgl_mail_attempts", outcome=outcome) for outcome in ("sent", "delayed")}
    first = await post.put()
    await post.put()
    assert await post.sender.send_due() == 1
    assert [row.state for row in await queue(database)] == ["queued", "sent"]
    assert "greylisted" in (await queue(database))[0].last_error
    await make_due(database)
    assert await post.sender.send_due() == 1
    assert [mail["Message-ID"] for mail in smtp.mails][-1] == f"<{first}@mail.example>"
    assert [row.attempts for row in await queue(database)] == [2, 1]
    assert counted_here("tgl_mail_attempts", outcome="sent") == before["sent"] + 2
    assert counted_here("tgl_mail_attempts", outcome="delayed") == before["delayed"] + 1


async def test_an_answer_of_5xx_is_final(post: Post, smtp: MailServer, database: Database) -> None:
    smtp.answers = ["550 5.1.1 no such user"]
    await post.put()
    await post.put()
    assert await post.sender.send_due() == 1
    await make_due(database)
    assert await post.sender.send_due() == 0
    refused, sent = await queue(database)
    assert (refused.state, refused.sealed, sent.state) == ("refused", None, "sent")
    assert "550" in refused.last_error
    assert smtp.attempts == 2


async def test_a_server_that_does_not_answer_costs_its_time_out_and_the_mail_waits(
    make_post: MakePost, smtp: MailServer, database: Database
) -> None:
    post = make_post(smtp.url, smtp_timeout_seconds=1)
    smtp.is_awake.clear()
    await post.put()
    with pytest.raises(ConnectionEnded):
        await post.sender.send_due()
    (row,) = await queue(database)
    assert (row.state, row.last_error) == ("queued", "it did not answer in time")


async def test_two_who_send_at_once_send_each_mail_once(
    make_post: MakePost, smtp: MailServer, database: Database
) -> None:
    one, other = make_post(smtp.url), make_post(smtp.url)
    for _ in range(20):
        await one.put()
    sent = await asyncio.gather(one.sender.send_due(), other.sender.send_due())
    assert sum(sent) == 20
    assert len({mail["Message-ID"] for mail in smtp.mails}) == len(smtp.taken) == 20
    assert {row.attempts for row in await queue(database)} == {1}


async def test_what_a_dead_process_had_taken_is_sent_when_its_lease_ends(
    post: Post, smtp: MailServer, database: Database
) -> None:
    await post.put()
    await execute(
        database,
        "UPDATE outgoing_mail SET lease_token = gen_random_uuid(), lease_until = now() + interval '1 hour'",
    )
    assert await post.sender.send_due() == 0
    await execute(database, "UPDATE outgoing_mail SET lease_until = now() - interval '1 second'")
    assert await post.sender.send_due() == 1


async def test_a_mail_that_is_too_late_is_given_up(post: Post, smtp: MailServer, database: Database) -> None:
    await post.put(lifetime=timedelta(seconds=-1))
    assert await post.sender.send_due() == 0
    assert [row.state for row in await queue(database)] == ["expired"]
    assert not smtp.taken


async def test_somebody_who_has_retired_gets_none(post: Post, smtp: MailServer, database: Database) -> None:
    await post.put()
    await execute(database, "UPDATE users SET state = 'retired'")
    assert await post.sender.send_due() == 0
    assert not smtp.taken


async def test_with_another_secret_key_nobody_reads_what_waits(
    post: Post, make_post: MakePost, smtp: MailServer, database: Database
) -> None:
    await post.put()
    other = make_post(smtp.url, secret_key="quite-another-key" * 4)
    assert await other.sender.send_due() == 0
    (row,) = await queue(database)
    assert (row.state, row.sealed) == ("expired", None)


@pytest.mark.parametrize(
    "address", ["a,b@example.com", "a b@example.com", "ada@", "a\nBcc: b@example.com@c", "<a>@b.c"]
)
async def test_an_address_that_is_none_is_never_written(
    post: Post, smtp: MailServer, database: Database, address: str
) -> None:
    await execute(database, "UPDATE users SET email = :email", email=address)
    await post.put()
    assert await post.sender.send_due() == 0
    (row,) = await queue(database)
    assert row.state == "refused"
    assert not smtp.taken


async def test_an_address_beside_ascii_reaches_a_server_that_takes_them(
    post: Post, smtp: MailServer, database: Database
) -> None:
    await execute(database, "UPDATE users SET email = 'jörg@bücher.example'")
    await post.put()
    assert await post.sender.send_due() == 1
    assert smtp.recipients == ["jörg@bücher.example"]


async def test_no_name_adds_a_header_a_line_or_markup(post: Post, smtp: MailServer) -> None:
    nasty = "x\r\nBcc: spy@example.com\r\n\r\n<script>\u202ealert(1)</script>"
    await post.put(Letter(subject=nasty, heading=nasty, paragraphs=[nasty], why=nasty))
    assert await post.sender.send_due() == 1
    (mail,) = smtp.mails
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]
    html, text = mail.get_body(["html"]), mail.get_body(["plain"])
    assert html is not None
    assert text is not None
    assert "<script>" not in html.get_content()
    assert "\nBcc:" not in text.get_content()
    assert "\u202e" not in text.get_content() + html.get_content()


async def test_what_ended_long_ago_is_forgotten(post: Post, database: Database) -> None:
    await post.put(LETTER)
    await post.sender.send_due()
    await post.put(LETTER)
    month = timedelta(days=30)
    assert await post.sender.forget_old(month) == 0
    await execute(database, "UPDATE outgoing_mail SET done_at = now() - interval '31 days' WHERE state = 'sent'")
    assert await post.sender.forget_old(month) == 1
    assert [row.state for row in await queue(database)] == ["queued"]
