"""`tgl push` of one repository as a stream, however short: what the command decides by length is told here.

    python -m tests.chaos.stream_push REPOSITORY BATCH_SIZE

Everything else is the client's own Python API, and the environment is that of `tgl`.
"""

import os
import sys

import msgspec

from tgl_client.cli.running import run_command
from tgl_client.client import Client
from tgl_client.errors import TglError
from tgl_client.http.retry import RetryPolicy
from tgl_client.pushing.options import PushOptions
from tgl_client.report import PushReport


async def _push(path: str, batch_size: int) -> PushReport:
    environ = os.environ
    retries = RetryPolicy(max_retries=int(environ["TGL_MAX_RETRIES"]))
    options = PushOptions(batch_size=batch_size, stream_from=0, jobs=1)
    async with Client(environ["TGL_URL"], environ["TGL_API_KEY"], retries=retries) as client:
        try:
            return await client.push(path, project=environ["TGL_PROJECT"], repo=environ["TGL_REPO"], options=options)
        except TglError as error:
            if error.report is None:
                raise
            return error.report


def main() -> None:
    """Ends as the command does, with the same report."""
    path, batch_size = sys.argv[1:]
    report = run_command(_push(path, int(batch_size)))
    print(msgspec.json.encode({"repositories": [report]}).decode())
    sys.exit(report.exit_code)


if __name__ == "__main__":
    main()
