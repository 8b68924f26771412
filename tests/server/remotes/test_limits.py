"""What a fetch may take of this machine, whatever the remote sends."""

from base64 import b64encode
from collections import deque
from itertools import repeat
from pathlib import Path

import msgspec
import pytest

from tests.support.forge import Forge
from tests.support.histories import git
from tgl_server.remotes import HttpsToken, RemotePolicy, RemoteTooLarge, fetch
from tgl_server.remotes.address import parse
from tgl_server.remotes.explained import explain
from tgl_server.remotes.fetching import Listing
from tgl_server.remotes.process import Ended, Limits, run_guarded

_PLACE = "https://git.example.com/app.git"


@pytest.mark.parametrize("piece", [b"x" * 65_536, b"x" * 65_535 + b"\n"])
def test_a_list_of_branches_ends_at_a_few_hundred_bytes_for_each_that_is_allowed(piece: bytes) -> None:
    policy = RemotePolicy(max_refs=10_000)
    listing = Listing(parse(_PLACE, policy), policy)
    with pytest.raises(RemoteTooLarge, match="branches"):
        deque(map(listing.take, repeat(piece, 1000)))
    assert len(listing.text) < 5_000_000


def test_a_list_of_branches_ends_at_the_first_too_many_in_whatever_pieces() -> None:
    policy = RemotePolicy(max_refs=3)
    listing = Listing(parse(_PLACE, policy), policy)
    for _ in range(3):
        for piece in (b"a" * 40, b"\trefs/heads/", b"b\n"):
            listing.take(piece)
    with pytest.raises(RemoteTooLarge):
        listing.take(b"\n")


async def test_the_memory_of_git_does_not_grow_with_what_a_mirror_may_take(
    forge: Forge, source: Path, mirror: Path, policy: RemotePolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []

    async def run(*args: object, **kwargs: object) -> Ended:
        given.append(args[2])
        return await run_guarded(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr("tgl_server.remotes.fetching.run_guarded", run)
    await fetch(forge.add(source), mirror, policy=msgspec.structs.replace(policy, max_bytes=50 * 1024**3))
    assert git(mirror, "rev-list", "--count", "main") == "3"
    assert {each.memory_bytes for each in given if isinstance(each, Limits)} == {4 * 1024**3}


@pytest.mark.parametrize(
    "sent_back",
    [
        "s3cret/of+ours",
        b64encode(b"reader:s3cret/of+ours").decode(),
        "s3cret%2Fof%2Bours",
        "s3cret%2fof%2bours",
        "s3cret/of%2Bours",
    ],
)
def test_no_form_of_a_token_that_a_remote_sends_back_is_shown(sent_back: str) -> None:
    place = parse(_PLACE, RemotePolicy())
    credential = HttpsToken(username="reader", token="s3cret/of+ours")
    said = str(explain(place, f"remote: strange, {sent_back} was sent", credential, RemotePolicy()))
    assert "strange, *** was sent" in said
