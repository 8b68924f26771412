"""How passwords are hashed and compared."""

from collections.abc import Iterator

import pytest

from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.passwords import Passwords
from tgl_server.settings import Settings

PASSWORD = "correct horse battery staple"


@pytest.fixture
def argon2() -> Iterator[Argon2]:
    argon2 = Argon2(Settings(argon2_time_cost=1, argon2_memory_kib=1024))
    yield argon2
    argon2.close()


async def test_a_hash_is_argon2id_and_matches_its_password_alone(argon2: Argon2) -> None:
    passwords = await Passwords.create(argon2)
    hashed = await passwords.hash(PASSWORD)
    assert hashed.startswith("$argon2id$v=19$m=1024,t=1,p=1$")
    assert await passwords.verify(hashed, PASSWORD)
    assert not await passwords.verify(hashed, PASSWORD + " ")


async def test_the_same_text_in_another_normal_form_is_the_same_password(argon2: Argon2) -> None:
    passwords = await Passwords.create(argon2)
    hashed = await passwords.hash("Zo\u00eb's \ufb01ne password")
    assert await passwords.verify(hashed, "Zoe\u0308's fine password")


async def test_nobodys_password_costs_a_verification_too(argon2: Argon2) -> None:
    """The work needs the threads: without them there is no answer, for an account or for none."""
    passwords = await Passwords.create(argon2)
    hashed = await passwords.hash(PASSWORD)
    assert not await passwords.verify(None, PASSWORD)
    argon2.close()
    for known in (hashed, None):
        with pytest.raises(RuntimeError, match="shutdown"):
            await passwords.verify(known, PASSWORD)


async def test_a_hash_is_renewed_only_when_its_parameters_are_old(argon2: Argon2) -> None:
    passwords = await Passwords.create(argon2)
    old = await passwords.hash(PASSWORD)
    assert await passwords.renewed(old, PASSWORD) is None
    stronger = Argon2(Settings(argon2_time_cost=2, argon2_memory_kib=2048))
    renewed = await (await Passwords.create(stronger)).renewed(old, PASSWORD)
    stronger.close()
    assert renewed is not None
    assert renewed.startswith("$argon2id$v=19$m=2048,t=2,p=1$")
    assert await passwords.verify(renewed, PASSWORD)
