"""TLS without a proxy: a real certificate, a push over it, and certificates that no browser could connect to."""

import ssl
import subprocess
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.support.authority import make_authority
from tests.support.command import Run, tgl
from tests.support.servers import environment_of, served
from tests.support.world import World


def test_a_push_arrives_over_tls_and_plain_http_does_not(
    database_url: str,
    world: World,
    repository: Path,
    tmp_path: Path,
    tgl_home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    authority, _ = make_authority(tmp_path / "tls")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    pem = str(tmp_path / "tls" / "server.pem")
    with served(environment_of(database_url), "--tls-cert", pem, "--tls-key", pem) as server:
        assert server.url.startswith("https://127.0.0.1:")
        done = tgl("push", "--json", cwd=repository, **world.environment(server.url))
        assert done.json["repositories"][0]["sent"] == 3, done.err
        with pytest.raises((HTTPException, OSError)):
            urllib.request.urlopen(server.url.replace("https", "http") + "/health", timeout=20)
        stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(f"{server.url}/health", context=stranger, timeout=20)


@pytest.mark.parametrize(
    ("options", "environment", "reason"),
    [
        (("--tls-cert", "server.pem"), {}, "name --tls-cert and --tls-key"),
        (("--tls-cert", "nothing.pem", "--tls-key", "server.pem"), {}, "cannot be read: No such file or directory"),
        (("--tls-cert", "authority.pem", "--tls-key", "server.pem"), {}, "key values mismatch"),
        (("--tls-cert", "server.pem", "--tls-key", "authority.pem"), {}, "are no certificate and its key"),
        (("--tls-cert", "server.pem", "--tls-key", "closed.pem"), {}, "a key without a password"),
        (
            ("--tls-cert", "server.pem", "--tls-key", "server.pem"),
            {"PUBLIC_URL": "http://league.example"},
            "begin it with https://",
        ),
    ],
)
def test_what_no_browser_could_connect_to_is_refused_at_start(
    run: Run, tmp_path: Path, options: tuple[str, ...], environment: dict[str, str], reason: str
) -> None:
    make_authority(tmp_path)
    close = "openssl pkcs8 -topk8 -in server.pem -out closed.pem -passout pass:hunter2"
    subprocess.run(close.split(), cwd=tmp_path, check=True)
    status, said = run("serve", "--port", "0", *options, **environment)
    assert (status, reason in said, said.count("\n")) == (1, True, 0), said
