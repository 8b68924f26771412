"""Sending a body to a receiver that somebody named: the server's one door for HTTP to the outside.

The name is resolved once, all answers are checked, and the connection is made to what was checked. No redirect is
followed, no proxy, cookie or netrc of the machine is used, and of an answer only its beginning is read.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from functools import cache

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec import Struct
from yarl import URL

from tgl_server.outbound.addresses import (
    Address,
    NotAllowed,
    Reach,
    Resolver,
    Unresolved,
    allowed_addresses,
    system_resolver,
)

#: The time for everything, from the look-up of the name to the beginning of the answer; in seconds.
POST_SECONDS = 15.0
#: Of an answer's body, in bytes.
SHOWN_BYTES = 1024
# A name may have hundreds of addresses, by the will of whoever wrote it.
_MOST_TRIED = 4


class BadReceiver(Exception):
    """An address that the server never sends to; the message says why, as the end of a sentence about the address."""


class NotSent(Exception):
    """There was no answer; the message says why, without what only the server's network knows."""


class PostPolicy(Struct, frozen=True, kw_only=True):
    """The operator's rules for receivers; the defaults send to public hosts over HTTPS.

    `ca_file` has authorities to trust beside the system's; it is read once in a process.
    """

    reach: Reach = Reach()
    allow_http: bool = False
    ca_file: str = ""
    seconds: float = POST_SECONDS
    resolve: Resolver = system_resolver


class Received(Struct, frozen=True, kw_only=True):
    """A receiver's answer; header names are in lower case, and `body` is its beginning as text."""

    status: int
    headers: Mapping[str, str]
    body: str


class _Pinned(AbstractResolver):
    """Answers with the addresses that were checked, whatever the name would resolve to now."""

    def __init__(self, addresses: tuple[Address, ...]) -> None:
        self._addresses = addresses[:_MOST_TRIED]

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        families = {4: socket.AF_INET, 6: socket.AF_INET6}
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=families[address.version],
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
            if family in (socket.AF_UNSPEC, families[address.version])
        ]

    async def close(self) -> None:
        return None


def receiver_url(text: str, policy: PostPolicy) -> URL:
    """A receiver's address, taken apart; raises `BadReceiver`. Whether it may be reached is checked on sending."""
    try:
        url = URL(text)
        host, _ = url.raw_host, url.port
    except ValueError:
        raise BadReceiver("is no address like https://host/path") from None
    if url.scheme not in ("https", "http") or not host:
        raise BadReceiver("is no address like https://host/path")
    if url.scheme == "http" and not policy.allow_http:
        raise BadReceiver("is not encrypted; use https://")
    if url.user is not None or url.password is not None or url.fragment:
        raise BadReceiver("contains a user, a password or a fragment")
    return url


async def post(text: str, body: bytes, headers: Mapping[str, str], policy: PostPolicy) -> Received:
    """Send a body once; raises `NotSent`, or `BadReceiver` for an address that is not allowed."""
    url = receiver_url(text, policy)
    try:
        async with asyncio.timeout(policy.seconds):
            return await _send(url, body, headers, policy)
    except NotAllowed as refusal:
        raise BadReceiver(f"is not allowed: {refusal}") from None
    except Unresolved:
        raise NotSent("the host could not be resolved") from None
    except TimeoutError:
        raise NotSent(f"there was no answer within {policy.seconds:g} seconds") from None
    except (aiohttp.ClientSSLError, ssl.SSLError) as error:
        raise NotSent(f"TLS failed: {_first_line(error)}") from None
    except aiohttp.ClientConnectorError:
        raise NotSent("the connection failed") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise NotSent(f"the connection broke: {type(error).__name__}") from None


async def _send(url: URL, body: bytes, headers: Mapping[str, str], policy: PostPolicy) -> Received:
    addresses = await allowed_addresses(url.raw_host or "", policy.reach, policy.resolve)
    async with (
        aiohttp.TCPConnector(
            resolver=_Pinned(addresses), use_dns_cache=False, force_close=True, ssl=_trust(policy.ca_file)
        ) as connector,
        aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, auto_decompress=False
        ) as session,
        session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
    ):
        shown = await _beginning(answer)
        names = {name.lower(): value for name, value in answer.headers.items()}
        return Received(status=answer.status, headers=names, body=shown)


@cache
def _trust(ca_file: str) -> ssl.SSLContext:
    """What a receiver's certificate is checked by: the system's authorities, and those of the file."""
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context


async def _beginning(answer: aiohttp.ClientResponse) -> str:
    """The first bytes of an answer as text; the status counts, whatever becomes of its body."""
    found = b""
    try:
        while len(found) < SHOWN_BYTES and (piece := await answer.content.read(SHOWN_BYTES - len(found))):
            found += piece
    except aiohttp.ClientError:
        pass
    return found.decode(errors="replace").replace("\0", "\ufffd")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
