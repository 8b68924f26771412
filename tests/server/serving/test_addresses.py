"""Where the server listens."""

import pytest

from tgl_server.errors import StartupError
from tgl_server.serving import addresses


def test_a_host_may_be_a_name_or_of_ipv6() -> None:
    assert addresses.ip_address("localhost") == "127.0.0.1"
    assert addresses.free_port(addresses.ip_address("::1")) > 0


def test_an_address_of_another_machine() -> None:
    with pytest.raises(StartupError, match="choose another --host"):
        addresses.free_port("192.0.2.1")
