"""What is sealed says nothing, opens with any of the keys, and only for what it was sealed for."""

from uuid import uuid4

import pytest

from tgl_server.sealing.errors import NoSecretsKey, SecretMisplaced, SecretUnreadable
from tgl_server.sealing.sealer import Sealer, new_key

CONTENT = {"token": "s3cret-token"}


def test_a_sealed_secret_opens_for_its_purpose_and_its_owner_alone() -> None:
    sealer, owner = Sealer([new_key()]), uuid4()
    sealed = sealer.seal("remote", owner, CONTENT)
    assert sealed.startswith("f1:")
    assert "s3cret" not in sealed
    assert sealer.open(sealed, "remote", owner) == CONTENT
    with pytest.raises(SecretMisplaced):
        sealer.open(sealed, "remote", uuid4())
    with pytest.raises(SecretMisplaced):
        sealer.open(sealed, "webhook", owner)


def test_two_keys_open_what_either_has_sealed_and_renewing_needs_the_new_one_alone() -> None:
    old, new, owner = new_key(), new_key(), uuid4()
    sealed = Sealer([old]).seal("remote", owner, CONTENT)
    both = Sealer([new, old])
    assert both.open(sealed, "remote", owner) == CONTENT
    assert Sealer([new]).open(both.renewed(sealed), "remote", owner) == CONTENT
    assert Sealer([new]).open(both.seal("remote", owner, CONTENT), "remote", owner) == CONTENT


@pytest.mark.parametrize("change", ["key", "text", "cut", "empty", "scheme"])
def test_what_does_not_open_is_an_error_that_says_what_to_do(change: str) -> None:
    key, owner = new_key(), uuid4()
    sealed = Sealer([key]).seal("remote", owner, CONTENT)
    other = Sealer([new_key() if change == "key" else key])
    changed = {
        "text": sealed[:20] + "A" * 5 + sealed[25:],
        "cut": sealed[:-9],
        "empty": "f1:",
        "scheme": "f9:" + sealed,
    }
    with pytest.raises(SecretUnreadable, match="SECRETS_KEYS"):
        other.open(changed.get(change, sealed), "remote", owner)
    with pytest.raises(SecretUnreadable, match="SECRETS_KEYS"):
        other.renewed(changed.get(change, sealed))


def test_without_a_key_nothing_is_sealed_and_the_command_that_makes_one_is_named() -> None:
    sealer = Sealer([])
    assert not sealer.has_key
    with pytest.raises(NoSecretsKey, match="tgl-server secrets new-key"):
        sealer.seal("remote", uuid4(), CONTENT)
    with pytest.raises(NoSecretsKey, match="tgl-server secrets new-key"):
        sealer.open("f1:x", "remote", uuid4())
