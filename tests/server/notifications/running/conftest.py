"""A server of other tests, which sends no mail, would take the events of these."""

from collections.abc import Iterator

import pytest

from tests.server.conftest import mailing_server
from tests.support.alone import migrated_url, own_pool
from tests.support.servers import RunningServer
from tests.support.smtp import MailServer

__all__ = ["migrated_url", "own_pool"]


@pytest.fixture(scope="package")
def shared_mailing(migrated_url: str, shared_mail_server: MailServer) -> Iterator[RunningServer]:
    with mailing_server(migrated_url, shared_mail_server) as server:
        yield server
