"""Links that work once, as their rules: what the web pages make of them is tested there."""

import pytest

from tgl_server.accounts.links import LinkGone, hash_for_link
from tgl_server.db.engine import Database
from tgl_server.services import make_services
from tgl_server.settings import Settings


async def test_an_invented_link_is_refused_before_a_password_is_hashed(database_url: str, database: Database) -> None:
    """Hashing needs the threads, which have ended."""
    services = make_services(Settings(database_url=database_url))
    services.argon2.close()
    with pytest.raises(LinkGone):
        await hash_for_link(database, services.passwords, "tgll_invented", "a new password")
    await services.database.close()
