"""What `import tgl_client` offers."""

from typing import Any

import tgl_client
import tgl_protocol
from tgl_client import PushOptions


def test_its_names_are_listed_and_can_be_had() -> None:
    assert set(tgl_client.__all__) <= set(dir(tgl_client))
    assert all(getattr(tgl_client, name) for name in tgl_client.__all__)
    assert tgl_client.__version__ == tgl_protocol.__version__


def test_one_branch_may_be_given_as_a_text() -> None:
    text: Any = "main"
    assert PushOptions(branches=text).branches == ("main",)
    assert PushOptions(branches=("main", "release/*")).branches == ("main", "release/*")
