"""The rules that allow to fetch from the forge."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from tests.support.forge import Forge
from tgl_server.outbound.addresses import Reach
from tgl_server.remotes import RemotePolicy

LOOPBACK = Reach(networks=(ip_network("127.0.0.1/32"),))


@pytest.fixture
def policy(forge: Forge) -> RemotePolicy:
    return RemotePolicy(reach=LOOPBACK, ports=frozenset({forge.port}), ca_file=forge.ca_file)


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    return tmp_path / "mirrors" / "one.git"
