"""The error answer, as an older client reads it."""

import msgspec

from tgl_protocol.problem import Problem


def test_a_code_of_a_newer_server_is_read() -> None:
    sent = {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "The season is over.",
        "code": "season_over",
        "request_id": "r-1",
        "starts": "2027-01-01",
    }
    assert msgspec.json.decode(msgspec.json.encode(sent), type=Problem).code == "season_over"
