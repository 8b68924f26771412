"""A process that fetches, for a test to kill: python -m tests.server.remotes.fetch_alone URL MIRROR CA_FILE"""

import asyncio
import sys
from pathlib import Path
from urllib.parse import urlsplit

from tests.server.remotes.conftest import LOOPBACK
from tgl_server.remotes import RemotePolicy, fetch


def main() -> None:
    url, mirror, ca_file = sys.argv[1:]
    port = urlsplit(url).port or 443
    policy = RemotePolicy(reach=LOOPBACK, ports=frozenset({port}), ca_file=Path(ca_file))
    asyncio.run(fetch(url, Path(mirror), policy=policy))


if __name__ == "__main__":
    main()
