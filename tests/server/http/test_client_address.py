"""Whose request it is, through chains of proxies."""

import pytest

from tgl_server.http.client_address import network_of, parse_networks, resolve_client

TRUSTED = parse_networks(["10.0.0.0/8", "::1", "2001:db8:ffff::/48"])

CASES = [
    # peer, X-Forwarded-For as received, the client
    ("203.0.113.9", [], "203.0.113.9"),
    ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # the peer is nobody we trust
    ("10.0.0.1", [], "10.0.0.1"),
    ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
    ("10.0.0.1", ["192.0.2.66, 198.51.100.1"], "198.51.100.1"),  # the left one is the client's own claim
    ("10.0.0.1", ["198.51.100.1, 10.2.2.2, 10.3.3.3"], "198.51.100.1"),
    ("10.0.0.1", ["192.0.2.66", "198.51.100.1,10.2.2.2"], "198.51.100.1"),  # two headers are one list
    ("10.0.0.1", ["10.4.4.4, 10.3.3.3"], "10.4.4.4"),  # a client inside of the trusted network
    ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
    ("10.0.0.1", ["[2001:db8::7]:443"], "2001:db8::7"),
    ("10.0.0.1", ["[2001:db8::7]"], "2001:db8::7"),
    ("10.0.0.1", ["2001:db8::7"], "2001:db8::7"),
    ("::1", ["198.51.100.1"], "198.51.100.1"),
    ("2001:db8:ffff::2", ["2001:db8:1::1, 2001:db8:ffff::3"], "2001:db8:1::1"),
    ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),  # as a dual-stack socket reports an IPv4 peer
    ("10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
    ("10.0.0.1", ["fe80::1%eth0"], "fe80::1"),
    ("10.0.0.1", ["198.51.100.1, unknown"], "10.0.0.1"),  # who came before "unknown" is anybody's guess
    ("10.0.0.1", ["198.51.100.1, , 10.3.3.3"], "10.3.3.3"),
    ("10.0.0.1", ["'; DROP TABLE users; --"], "10.0.0.1"),
    ("10.0.0.1", [""], "10.0.0.1"),
    ("10.0.0.1", ["999.1.1.1"], "10.0.0.1"),
    ("10.0.0.1", [",".join(["10.9.9.9"] * 3000)], "10.9.9.9"),
]


@pytest.mark.parametrize(("peer", "forwarded", "client"), CASES)
def test_the_client_is_the_rightmost_address_that_is_not_trusted(peer: str, forwarded: list[str], client: str) -> None:
    assert resolve_client(peer, [text.encode() for text in forwarded], TRUSTED) == client


def test_bytes_that_are_no_text_are_no_address() -> None:
    assert resolve_client("10.0.0.1", [b"\xff\xfe"], TRUSTED) == "10.0.0.1"


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:1::/64"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
    ],
)
def test_a_client_is_an_ipv4_address_or_an_ipv6_network(ip: str, network: str) -> None:
    assert network_of(ip) == network
