"""The tool that keeps the house in order sees what is out of order."""

import pytest

from tools.house import Edges, arrows_back_up, circles


@pytest.mark.parametrize(
    ("importer", "imported", "found"),
    [
        ("tgl_server.http.pagination", "tgl_server.ingest.routes", 1),
        ("tgl_server.ingest.routes", "tgl_server.http.pagination", 0),
        ("tgl_server.ingest.routes", "tgl_server.ingest.store", 0),
        ("tgl_server.http.pagination", "tgl_protocol.http", 0),
    ],
)
def test_an_import_of_a_higher_layer_is_an_arrow_back_up(importer: str, imported: str, found: int) -> None:
    assert len(list(arrows_back_up({importer: {imported}}))) == found


@pytest.mark.parametrize(
    ("imports", "found"),
    [
        # Two rooms, although no two modules.
        ({"tgl_server.a.one": {"tgl_server.b.two"}, "tgl_server.b.three": {"tgl_server.a.four"}}, 1),
        # Two rooms in a room.
        ({"tgl_server.a.one": {"tgl_server.a.b.two"}, "tgl_server.a.b.three": {"tgl_server.a.one"}}, 1),
        # Two modules of one room.
        ({"tgl_server.a.one": {"tgl_server.a.two"}, "tgl_server.a.two": {"tgl_server.a.one"}}, 1),
        ({"tgl_server.a.one": {"tgl_server.b.two", "tgl_protocol.http"}, "tgl_server.a.two": {"tgl_server.a.one"}}, 0),
    ],
)
def test_rooms_and_modules_that_import_each_other_are_a_circle(imports: Edges, found: int) -> None:
    assert len(list(circles(imports))) == found
