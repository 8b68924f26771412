"""What a page shows to a person."""

import html
import re

from tests.support.api import Answer


def text_of(page: Answer) -> str:
    """What a person reads of a page, in one line."""
    main = page.body.decode().partition("<main")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def key_on(page: Answer) -> str:
    """The key that a page shows."""
    found = re.search(rb'value="(tgl_\w+_\w+)"', page.body)
    assert found is not None, page.body
    return found[1].decode()
