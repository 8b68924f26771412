"""The tree of errors: each that is answered has a code of its own, and the document names all of them."""

from collections import Counter

from tests.support.documented import DOCUMENT
from tools.reference import errors_of_the_server

PAGES = "tgl_server.web."


def test_each_code_belongs_to_one_error() -> None:
    found = Counter(error.code for error in errors_of_the_server())
    assert [code for code, count in found.items() if count > 1] == []


def test_each_error_that_is_answered_says_its_status() -> None:
    assert all(400 <= error.status < 600 for error in errors_of_the_server())


def test_the_document_names_every_code_but_those_of_pages() -> None:
    of_the_api = [error.code for error in errors_of_the_server() if not error.__module__.startswith(PAGES)]
    assert DOCUMENT["components"]["schemas"]["ErrorCode"]["enum"] == sorted(of_the_api)
