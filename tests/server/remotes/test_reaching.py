"""How long, and how often, the server tries to reach what somebody's name leads to."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_network

import msgspec
import pytest

from tests.support.sshd import program_for_ssh
from tgl_server.outbound.addresses import Reach
from tgl_server.remotes import Reason, RemotePolicy, RemoteUnreachable
from tgl_server.remotes.address import parse, reachable
from tgl_server.remotes.scanning import scan_host

_HERE = RemotePolicy(reach=Reach(networks=(ip_network("127.0.0.0/8"),)))


async def _accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


@pytest.mark.parametrize(("own", "is_reached"), [(6, True), (7, False)])
async def test_of_many_addresses_of_a_name_six_are_tried(own: int, is_reached: bool) -> None:
    async def resolve(_: str) -> Sequence[str]:
        return [f"127.0.0.{number}" for number in range(1, 100)]

    async with await asyncio.start_server(_accept, f"127.0.0.{own}") as server:
        port = server.sockets[0].getsockname()[1]
        policy = msgspec.structs.replace(_HERE, ports=frozenset({port}), resolve=resolve)
        place = parse(f"https://many.example:{port}/app.git", policy)
        if is_reached:
            assert str(await reachable(place, policy)) == f"127.0.0.{own}"
        else:
            with pytest.raises(RemoteUnreachable, match="no connection"):
                await reachable(place, policy)


@pytest.mark.skipif(program_for_ssh("ssh-keyscan", "openssh-client") is None, reason="needs ssh-keyscan")
async def test_a_scan_ends_in_time_whatever_the_name_leads_to() -> None:
    async def hangs(_: str) -> Sequence[str]:
        await asyncio.Event().wait()
        return ()

    policy = msgspec.structs.replace(_HERE, resolve=hangs, scan=timedelta(milliseconds=10))
    with pytest.raises(RemoteUnreachable, match="did not show its keys in time") as caught:
        await scan_host(parse("git@slow.example:app.git", policy), policy)
    assert caught.value.reason is Reason.STALLED
