"""A server whose log nobody reads any more."""

import subprocess
import sys
import urllib.request

from tests.support.servers import environment_of


def test_a_server_whose_log_nobody_reads_goes_on_and_stops_when_asked(database_url: str) -> None:
    command = [sys.executable, "-m", "tgl_server", "serve", "--port", "0"]
    environment = environment_of(database_url, log_level="debug")
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        url = next(line.split()[2] for line in process.stderr if line.startswith("Listening on "))
        process.stderr.close()
        with urllib.request.urlopen(f"{url}/api/v1/capabilities") as answer:
            assert answer.status == 200
        process.terminate()
        assert process.wait(30) == 0
