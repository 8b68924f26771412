"""What a key may be asked to be, and its state; without a server."""

from datetime import UTC, datetime, timedelta

import pytest

from tgl_protocol.api_keys import KeyState
from tgl_server.api_keys.rules import key_state, overlap_end, parse_networks, parse_scopes
from tgl_server.auth.principal import USUAL_SCOPES, Scope, join_scopes
from tgl_server.errors import InvalidBody

NOW = datetime(2026, 5, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    "given",
    ["sync:commits,read:repos", " read:repos , sync:commits ", ["read:repos", "sync:commits", "read:repos"]],
)
def test_scopes_are_taken_joined_or_as_a_list(given: str | list[str]) -> None:
    assert parse_scopes(given) == USUAL_SCOPES


def test_scopes_are_always_written_in_one_order() -> None:
    assert join_scopes(parse_scopes("read:repos,sync:commits")) == "sync:commits,read:repos"
    assert join_scopes(frozenset({Scope.READ_REPOS})) == "read:repos"


@pytest.mark.parametrize(
    "given", ["", ",", [], "admin", "sync:commits,admin", "SYNC:COMMITS", ["sync:commits,read:repos"]]
)
def test_other_scopes_are_refused(given: str | list[str]) -> None:
    with pytest.raises(InvalidBody) as refused:
        parse_scopes(given)
    assert refused.value.errors[0].field == "scopes"


def test_networks_are_written_in_one_way() -> None:
    given = ["10.0.0.0/8", " 192.0.2.7 ", "2001:DB8::/32", "::1", "::ffff:10.0.0.0/104", "::ffff:192.0.2.7", "::/0"]
    assert parse_networks(given) == ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32", "::1/128", "::/0"]


@pytest.mark.parametrize(
    "text", ["", "10.0.0.1/8", "10.0.0.0/33", "localhost", "fe80::1%eth0", "10.0.0.0/8,::1", "\x00"]
)
def test_other_networks_are_refused_with_their_place(text: str) -> None:
    with pytest.raises(InvalidBody) as refused:
        parse_networks(["::1", text])
    assert refused.value.errors[0].field == "networks[1]"


@pytest.mark.parametrize(
    ("is_active", "expires_at", "revoked_at", "state"),
    [
        (True, None, None, KeyState.ACTIVE),
        (True, NOW + HOUR, None, KeyState.ACTIVE),
        (False, NOW + HOUR, None, KeyState.INACTIVE),
        (True, NOW, None, KeyState.EXPIRED),
        (False, NOW - HOUR, None, KeyState.EXPIRED),
        (True, NOW - HOUR, NOW - 2 * HOUR, KeyState.REVOKED),
        (False, None, NOW, KeyState.REVOKED),
    ],
)
def test_what_is_for_good_comes_before_what_can_be_undone(
    is_active: bool, expires_at: datetime | None, revoked_at: datetime | None, state: KeyState
) -> None:
    assert key_state(is_active=is_active, expires_at=expires_at, revoked_at=revoked_at, now=NOW) is state


def test_an_overlap_never_lengthens_a_keys_life() -> None:
    assert overlap_end(None, NOW) == NOW
    assert overlap_end(NOW - HOUR, NOW) == NOW - HOUR
    assert overlap_end(NOW + HOUR, NOW) == NOW
