"""What a flood may take of Argon2, and what it leaves to the others."""

import asyncio

import pytest

from tests.support.hashing import MakeArgon2
from tgl_protocol.keys import generate_api_key
from tgl_server.auth.argon2 import MAX_WAITING_PER_KEY, Argon2
from tgl_server.auth.token_bucket import BURST
from tgl_server.auth.turns import Queue
from tgl_server.errors import Unavailable

RIGHT, WRONG = "right", "wrong"


@pytest.fixture
def argon2(make_argon2: MakeArgon2) -> Argon2:
    return make_argon2(64)


async def _outcomes(argon2: Argon2, hashed: str, secrets: list[str]) -> list[bool | BaseException]:
    verified = [argon2.verify_key(hashed, secret) for secret in secrets]
    return await asyncio.gather(*verified, return_exceptions=True)


async def test_callers_with_the_same_key_share_one_verification(argon2: Argon2) -> None:
    hashed = await argon2.hash(RIGHT, Queue.KNOWN)
    assert await _outcomes(argon2, hashed, [RIGHT] * 200) == [True] * 200


async def test_wrong_secrets_for_one_key_leave_the_other_keys_their_turn(argon2: Argon2) -> None:
    attacked, other = await argon2.hash(RIGHT, Queue.KNOWN), await argon2.hash(RIGHT, Queue.KNOWN)
    flood = asyncio.create_task(_outcomes(argon2, attacked, [f"{WRONG} {n}" for n in range(1000)]))
    await asyncio.sleep(0)
    assert await argon2.verify_key(other, RIGHT)
    outcomes = await flood
    assert outcomes.count(False) == MAX_WAITING_PER_KEY
    assert {type(outcome) for outcome in outcomes} == {bool, Unavailable}


async def test_a_key_is_left_alone_after_many_wrong_secrets(argon2: Argon2) -> None:
    hashed = await argon2.hash(RIGHT, Queue.KNOWN)
    outcomes = []
    for n in range(3 * BURST):
        outcomes += await _outcomes(argon2, hashed, [f"{WRONG} {n}"])
    assert outcomes[:BURST] == [False] * BURST
    assert any(isinstance(outcome, Unavailable) for outcome in outcomes)


async def test_right_secrets_do_not_count(argon2: Argon2) -> None:
    hashed = await argon2.hash(RIGHT, Queue.KNOWN)
    assert [await argon2.verify_key(hashed, RIGHT) for _ in range(3 * BURST)] == [True] * (3 * BURST)


async def test_who_hangs_up_takes_nothing_from_the_others(argon2: Argon2) -> None:
    hashed = await argon2.hash(RIGHT, Queue.KNOWN)
    impatient = asyncio.create_task(argon2.verify_key(hashed, RIGHT))
    patient = asyncio.create_task(argon2.verify_key(hashed, RIGHT))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient


async def test_passwords_do_not_wait_behind_keys(argon2: Argon2) -> None:
    hashes = [await argon2.hash(RIGHT, Queue.KNOWN) for _ in range(30)]
    flood = [_outcomes(argon2, hashed, [generate_api_key().full_key for _ in range(10)]) for hashed in hashes]
    running = asyncio.gather(*flood)
    await asyncio.sleep(0)
    assert await argon2.verify(hashes[0], RIGHT, Queue.UNKNOWN)
    await running
