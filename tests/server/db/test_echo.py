"""SQLALCHEMY_ECHO logs statements, and nobody's names."""

import logging
from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import capture_logs

from tests.support.database import scalar
from tgl_server.db.engine import Database
from tgl_server.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def debug() -> Iterator[None]:
    """Whatever level another test has left."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
    yield
    structlog.configure(**before)


async def test_statements_are_logged_at_debug_level_without_their_values(database_url: str) -> None:
    ask = "SELECT  count(*)\n FROM users WHERE email = :email"
    for settings, said in ((load_settings({"SQLALCHEMY_ECHO": "true"}), True), (Settings(), False)):
        database = Database(Settings(database_url=database_url, sqlalchemy_echo=settings.sqlalchemy_echo))
        with capture_logs() as lines:
            await scalar(database, ask, email="ada@example.com")
        await database.close()
        shown = [line["sql"] for line in lines if (line["event"], line["log_level"]) == ("statement", "debug")]
        assert (len(shown) > 0) is said
        assert all("ada@" not in sql and "\n" not in sql for sql in shown)
        assert any(sql.startswith("SELECT count(*) FROM users WHERE email = $1") for sql in shown) is said
