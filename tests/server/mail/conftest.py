"""A mail server, and the queue of mails of this process."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from tests.support.smtp import MailServer, mail_server
from tests.support.world import World
from tgl_server.db.engine import Database
from tgl_server.mail.letter import Letter
from tgl_server.mail.sending import Sender
from tgl_server.mail.service import Mailbox
from tgl_server.settings import Settings

LETTER = Letter(subject="A subject", heading="A heading", paragraphs=["Some words."], why="You asked for it.")


@pytest.fixture
def smtp() -> Iterator[MailServer]:
    """A mail server that takes everything."""
    with mail_server() as server:
        yield server


def mail_settings(url: str, **more: Any) -> Settings:
    """The settings of a server that sends mails."""
    given: dict[str, Any] = {
        "smtp_url": url,
        "mail_from": "TheGitLeague <league@mail.example>",
        "public_url": "https://league.example",
        "secret_key": "only-for-tests-" * 5,
        "smtp_timeout_seconds": 5,
    }
    return Settings(**(given | more))


class Post:
    """Mails to the world's commissioner: put into the queue, and sent when a test says so."""

    def __init__(self, database: Database, user_id: UUID, settings: Settings) -> None:
        self.database, self.user_id = database, user_id
        self.mailbox = Mailbox(settings)
        self.sender = Sender(database, self.mailbox, settings)

    async def put(self, letter: Letter = LETTER, **more: Any) -> UUID:
        async with self.database.transaction() as tx:
            return await self.mailbox.put(tx, self.user_id, "test", letter, **more)


MakePost = Callable[..., Post]


@pytest.fixture
def make_post(database: Database, world: World) -> MakePost:
    return lambda url, **more: Post(database, world.user_id, mail_settings(url, **more))


@pytest.fixture
def post(make_post: MakePost, smtp: MailServer) -> Post:
    return make_post(smtp.url)
