"""What a server's refusal becomes for people."""

import msgspec

from tests.support.hidden import HIDDEN
from tgl_client.http.responses import Answer, error_of
from tgl_protocol.http import PROBLEM_MEDIA_TYPE
from tgl_protocol.problem import Problem


def test_a_server_s_words_are_one_line_that_no_terminal_obeys() -> None:
    detail = "gone\nerror: your key was stolen" + "".join(HIDDEN.values())
    problem = Problem("about:blank", "Not Found", 404, detail, "not_found", "1")
    url = "https://tgl.example/api/v1"
    error = error_of(Answer("GET", url, 404, PROBLEM_MEDIA_TYPE, msgspec.json.encode(problem)))
    assert str(error).isprintable()
    assert str(error).startswith("gone\\u000aerror: your key was stolen")
