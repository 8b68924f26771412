"""Which addresses the server connects to, in every spelling that hides one, and what the operator can open."""

import asyncio
from collections.abc import Sequence
from ipaddress import ip_address, ip_network

import pytest
from structlog.testing import capture_logs

from tgl_server.outbound.addresses import NotAllowed, Reach, Unresolved, allowed_addresses, is_public, system_resolver

_PRIVATE = [
    "127.0.0.1",
    "127.255.0.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fec0::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "2001::1",
    "64:ff9b:1::a00:1",
]
_HIDING = [
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "::a9fe:a9fe",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
]
_PUBLIC = ["93.184.215.14", "2606:2800:220:1::1", "64:ff9b::5db8:d70e", "::ffff:93.184.215.14"]


@pytest.mark.parametrize("address", [*_PRIVATE, *_HIDING])
def test_what_is_not_of_the_internet_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", _PUBLIC)
def test_what_is_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


_NOTHING_OPENED = Reach()


async def addresses(*answers: str, reach: Reach = _NOTHING_OPENED) -> list[str]:
    async def resolve(_: str) -> Sequence[str]:
        return answers

    return [str(address) for address in await allowed_addresses("git.corp.example", reach, resolve)]


async def test_one_forbidden_answer_among_good_ones_refuses_the_host() -> None:
    assert await addresses(*_PUBLIC[:2]) == _PUBLIC[:2]
    with pytest.raises(NotAllowed):
        await addresses(*_PUBLIC, "10.0.0.1")


async def test_the_address_of_a_refused_host_is_told_to_the_log_alone() -> None:
    with capture_logs() as lines, pytest.raises(NotAllowed, match=r"^it is not a public address$"):
        await addresses(*_PUBLIC, "10.0.0.1")
    told = {"event": "address_not_allowed", "log_level": "warning", "host": "git.corp.example", "address": "10.0.0.1"}
    assert lines == [told]


async def test_networks_that_the_operator_opened_are_allowed_in_every_spelling() -> None:
    reach = Reach(networks=(ip_network("10.0.0.0/8"),))
    for answer in ("10.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1"):
        assert await addresses(answer, reach=reach) == [str(ip_address(answer))]
    with pytest.raises(NotAllowed):
        await addresses("192.168.0.1", reach=reach)


async def test_a_host_that_the_operator_named_may_be_private_and_nothing_worse() -> None:
    for pattern in ("git.corp.example", "*.corp.example", "GIT.corp.example"):
        for answer in ("10.0.0.1", "127.0.0.1", "fd00::1", "::1", "100.64.0.1"):
            assert await addresses(answer, reach=Reach(hosts=(pattern,))) == [answer]
        for answer in ("169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "168.63.129.16"):
            with pytest.raises(NotAllowed):
                await addresses(answer, reach=Reach(hosts=(pattern,)))
    with pytest.raises(NotAllowed):
        await addresses("10.0.0.1", reach=Reach(hosts=("corp.example", "*.other.example")))


async def test_a_name_without_an_answer_is_refused() -> None:
    async def fails(_: str) -> Sequence[str]:
        raise OSError("SERVFAIL")

    async def hangs(_: str) -> Sequence[str]:
        await asyncio.Event().wait()
        return ()

    for reach in (Reach(), Reach(hosts=("*",))):
        with pytest.raises(Unresolved):
            await allowed_addresses("git.corp.example", reach, fails)
        for nonsense in ((), ("nonsense",), ("",)):
            with pytest.raises(Unresolved):
                await addresses(*nonsense, reach=reach)
    task = asyncio.ensure_future(allowed_addresses("git.corp.example", Reach(), hangs))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_systems_resolver_knows_this_machine() -> None:
    assert "127.0.0.1" in await system_resolver("127.0.0.1")
    with pytest.raises(NotAllowed):
        await allowed_addresses("localhost", Reach())
