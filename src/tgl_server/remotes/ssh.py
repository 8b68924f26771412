"""Ssh's command line, with the key and the known hosts in memory: nothing is on a disk, and nothing in a process list.

ssh closes the descriptors that it inherits, so it opens ours by their paths in /proc. It takes them for files of mode
0600. That fails under PR_SET_DUMPABLE=0, therefore the limit of core files keeps memory out of them instead.
"""

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tgl_server.outbound.addresses import Address
from tgl_server.remotes.address import Place, Scheme
from tgl_server.remotes.credential import Credential, SshKey
from tgl_server.remotes.errors import Reason, RemoteFailed, RemoteRefused

#: For every other scheme: if git should ever start it, nothing happens.
NO_SSH = "false"

_FIXED = (
    "StrictHostKeyChecking=yes",
    "GlobalKnownHostsFile=/dev/null",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "PreferredAuthentications=publickey",
    "BatchMode=yes",
    "UpdateHostKeys=no",
    "CheckHostIP=no",
    "ProxyCommand=none",
    "ProxyJump=none",
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
    "ControlPath=none",
    "ConnectTimeout=20",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=4",
)


@contextmanager
def ssh_command(place: Place, address: Address | None, credential: Credential | None) -> Iterator[str]:
    """The command for git to reach a place with this key; its files live as long as the block."""
    if place.scheme is not Scheme.SSH:
        yield NO_SSH
        return
    if not isinstance(credential, SshKey):
        raise RemoteRefused(
            f"{place} is fetched with an ssh key, and none is stored", "store one for it", Reason.CREDENTIALS
        )
    if sys.platform != "linux":
        raise RemoteFailed("keys of ssh are used on Linux only", "run the worker there", Reason.UNSUPPORTED)
    known = "".join(f"{place.host} {key}\n" for key in credential.host_keys)
    with ExitStack() as stack:
        key_file = stack.enter_context(_in_memory("key", credential.private_key.rstrip("\n") + "\n"))
        hosts_file = stack.enter_context(_in_memory("known_hosts", known))
        options = [f"UserKnownHostsFile={hosts_file}", f"HostKeyAlias={place.host}", f"HostName={address}", *_FIXED]
        flags = [flag for option in options for flag in ("-o", option)]
        yield shlex.join(["ssh", "-F", os.devnull, "-i", key_file, *flags])


@contextmanager
def _in_memory(name: str, text: str) -> Iterator[str]:
    """The path of a file that is no file: it is gone with the block, and with this process."""
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC)
    try:
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, text.encode())
        yield f"/proc/{os.getpid()}/fd/{descriptor}"
    finally:
        os.close(descriptor)
