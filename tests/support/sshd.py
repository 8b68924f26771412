"""A real `sshd` on loopback, which lets one key in as the user of the tests."""

import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.waiting import wait_until

_CONFIG = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile {folder}/sshd.pid
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AcceptEnv GIT_PROTOCOL
PerSourceMaxStartups none
MaxStartups 100
PerSourcePenalties no
"""
# Older ones do not know these, and say so instead of starting.
_NEW_WORDS = ("PerSourcePenalties",)
#: What a privileged sshd wants to find; packages make it.
_SEPARATION = Path("/run/sshd")


def sshd_program() -> str | None:
    """The path of sshd, which is seldom on the PATH; None without one, which fails where the project checks itself."""
    return program_for_ssh("sshd", "openssh-server")


def program_for_ssh(name: str, package: str) -> str | None:
    """The path of a program of OpenSSH; None without it, but a failure where the project checks itself."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail(f"CI needs {name}: apt-get install {package}")
    return found


def make_key(file: Path, kind: str = "ed25519", passphrase: str = "") -> str:
    """Make a key pair; the public key as `kind base64`."""
    command = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "", "-f", str(file)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return " ".join(file.with_suffix(".pub").read_text().split()[:2])


class Sshd:
    """The running sshd: `key` opens it, and `host_key` is what it shows."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.user = getpass.getuser()
        self.host_key = make_key(folder / "host_key")
        self.public_key = make_key(folder / "key")
        self.key = (folder / "key").read_text()
        (folder / "authorized_keys").write_text(self.public_key + "\n")
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, path: Path) -> str:
        """The address of a repository on this machine."""
        return f"ssh://{self.user}@127.0.0.1:{self.port}{path}"

    def fingerprint(self) -> str:
        """The fingerprint of the host key, by OpenSSH."""
        command = ["ssh-keygen", "-lf", str(self.folder / "host_key.pub")]
        return subprocess.run(command, check=True, capture_output=True).stdout.decode().split()[1]

    def start(self) -> None:
        """Listen, with what the folder has now."""
        program = sshd_program()
        assert program
        if os.geteuid() == 0:
            _SEPARATION.mkdir(mode=0o755, exist_ok=True)
        (self.folder / "config").write_text(self._config())
        log = self.folder / "log"
        command = [program, "-D", "-f", str(self.folder / "config"), "-E", str(log)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        wait_until(self._listens)

    def stop(self) -> None:
        """End it, with the connections that it has."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()

    def change_host_key(self) -> str:
        """Start again as another host; the new key."""
        self.stop()
        for name in ("host_key", "host_key.pub"):
            (self.folder / name).unlink()
        self.host_key = make_key(self.folder / "host_key")
        self.start()
        return self.host_key

    def _config(self) -> str:
        known = subprocess.run([sshd_program() or "", "-?"], capture_output=True, check=False).stderr.decode()
        is_old = any(f"OpenSSH_{version}." in known for version in (7, 8, 9))
        lines = _CONFIG.format(port=self.port, folder=self.folder).splitlines()
        return "".join(f"{line}\n" for line in lines if not (is_old and line.startswith(_NEW_WORDS)))

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def running_sshd(folder: Path) -> Iterator[Sshd]:
    """An sshd with keys of its own."""
    folder.mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    sshd = Sshd(folder, port)
    sshd.start()
    try:
        yield sshd
    finally:
        sshd.stop()
