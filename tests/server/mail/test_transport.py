"""TLS, logins, and what is said of a mail server that cannot be used."""

from pathlib import Path

import pytest

from tests.server.mail.conftest import MakePost, mail_settings
from tests.support.authority import make_authority
from tests.support.database import scalar
from tests.support.smtp import PASSWORD, USER, mail_server
from tgl_server.db.engine import Database
from tgl_server.mail.transport import ConnectionEnded
from tgl_server.settings import BadSetting, Security, Settings, load_settings, secret_texts, smtp_server


async def test_starttls_and_a_login(make_post: MakePost, tmp_path: Path) -> None:
    file, context = make_authority(tmp_path)
    with mail_server(context=context, starttls=True, logs_in=True) as server:
        url = f"smtp://{USER}:{PASSWORD}@127.0.0.1:{server.port}?starttls=required"
        post = make_post(url, smtp_ca_file=str(file))
        await post.put()
        assert await post.sender.send_due() == 1
        assert server.is_encrypted == [True]
        assert len(server.logins) == 1


async def test_tls_from_the_first_byte(make_post: MakePost, tmp_path: Path) -> None:
    file, context = make_authority(tmp_path)
    with mail_server(context=context) as server:
        post = make_post(f"smtps://127.0.0.1:{server.port}", smtp_ca_file=str(file))
        await post.put()
        assert await post.sender.send_due() == 1
        assert len(server.taken) == 1


async def test_a_server_without_starttls_gets_no_mail_and_no_password(make_post: MakePost, database: Database) -> None:
    with mail_server() as server:
        post = make_post(f"smtp://{USER}:{PASSWORD}@127.0.0.1:{server.port}?starttls=required")
        await post.put()
        with pytest.raises(ConnectionEnded):
            await post.sender.send_due()
        assert not server.taken
        assert not server.logins
    assert "STARTTLS" in await scalar(database, "SELECT last_error FROM outgoing_mail")


@pytest.mark.parametrize("scheme", ["smtps://127.0.0.1:{}", "smtp://127.0.0.1:{}?starttls=required"])
async def test_a_certificate_that_nobody_vouches_for_is_refused(
    make_post: MakePost, tmp_path: Path, database: Database, scheme: str
) -> None:
    _, context = make_authority(tmp_path)
    with mail_server(context=context, starttls=scheme.startswith("smtp:")) as server:
        post = make_post(scheme.format(server.port))
        await post.put()
        with pytest.raises(ConnectionEnded):
            await post.sender.send_due()
        assert not server.taken
    assert "certificate" in (await scalar(database, "SELECT last_error FROM outgoing_mail")).lower()


async def test_a_refused_login_is_told_without_the_password_and_the_mail_waits(
    make_post: MakePost, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, context = make_authority(tmp_path)
    with mail_server(context=context, starttls=True, logs_in=True) as server:
        url = f"smtp://{USER}:wrong-horse@127.0.0.1:{server.port}?starttls=required"
        post = make_post(url, smtp_ca_file=str(file))
        await post.put()
        with pytest.raises(ConnectionEnded) as ended:
            await post.sender.send_due()
        assert not server.taken
    assert "535" in str(ended.value)
    assert await scalar(database, "SELECT state FROM outgoing_mail") == "queued"
    said = capsys.readouterr()
    assert "wrong-horse" not in f"{ended.value} {said.out} {said.err}"


@pytest.mark.parametrize(
    ("url", "port", "security"),
    [
        ("smtps://mail.example", 465, Security.TLS),
        ("smtp://mail.example", 587, Security.STARTTLS),
        ("smtp://mail.example:2525?starttls=off", 2525, Security.CLEAR),
        ("smtp://localhost", 25, Security.CLEAR),
        ("smtp://[::1]", 25, Security.CLEAR),
        ("smtp://127.0.0.1?starttls=required", 587, Security.STARTTLS),
    ],
)
def test_an_address_says_how_the_connection_is_protected(url: str, port: int, security: Security) -> None:
    server = smtp_server(url)
    assert (server.port, server.security) == (port, security)


def test_a_password_may_have_any_character() -> None:
    server = smtp_server("smtps://me%40mail.example:p%40ss%2Fword@mail.example")
    assert (server.username, server.password) == ("me@mail.example", "p@ss/word")
    assert "p@ss" not in repr(server)


@pytest.mark.parametrize(
    "url",
    [
        "mail.example:25",
        "http://u:hunter2@mail.example",
        "smtp://",
        "smtp://u:hunter2@mail.example/path",
        "smtp://u:hunter2@mail.example:99999",
        "smtp://u:hunter2@mail.example?starttls=maybe",
        "smtps://u:hunter2@mail.example?starttls=off",
        "smtp://u:hunter2@mail.example?timeout=3",
        "smtp://u:hunter2@mail.example?starttls=off",
        "smtp://hunter2@mail.example",
        "smtp://u:hunter2@mail ex.ample",
    ],
)
def test_an_address_that_cannot_be_meant_stops_the_start_and_is_not_shown(url: str) -> None:
    with pytest.raises(BadSetting, match="SMTP_URL") as refused:
        _load(url)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("missing", ["MAIL_FROM", "PUBLIC_URL"])
def test_mails_need_a_sender_and_an_address_for_their_links(missing: str) -> None:
    with pytest.raises(BadSetting, match=missing):
        _load("smtp://mail.example", **{missing: ""})


@pytest.mark.parametrize(
    "sender", ["nobody", "a@b.example, c@d.example", "x\r\nBcc: y@z", "@mail.example", "jörg@mail.example", "<>"]
)
def test_a_sender_that_is_none_stops_the_start(sender: str) -> None:
    with pytest.raises(BadSetting, match="MAIL_FROM"):
        _load("smtp://mail.example", MAIL_FROM=sender)


def test_the_password_is_shown_nowhere() -> None:
    settings = _load("smtps://league:p%40ss-of-mail@mail.example")
    assert "ss-of-mail" not in repr(settings)
    assert {"p%40ss-of-mail", "p@ss-of-mail"} <= set(secret_texts(settings))


def test_without_a_mail_server_nothing_else_is_asked_for() -> None:
    assert not load_settings({}).sends_mail
    assert mail_settings("smtp://mail.example").sends_mail


def _load(url: str, **more: str) -> Settings:
    given = {
        "SMTP_URL": url,
        "MAIL_FROM": "TheGitLeague <league@mail.example>",
        "PUBLIC_URL": "https://league.example",
    }
    return load_settings(given | more)
