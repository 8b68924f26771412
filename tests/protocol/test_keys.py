"""The API key format: made, split, and refused when mistyped."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgl_protocol.keys import ALPHABET, MalformedApiKeyError, checksum, generate_api_key, parse_api_key


def test_a_new_key_has_the_documented_shape_and_parses() -> None:
    key = generate_api_key()
    assert re.fullmatch(r"tgl_[A-Za-z0-9]{8}_[A-Za-z0-9]{46}", key.full_key)
    assert parse_api_key(key.full_key) == key
    assert key.prefix == key.full_key[:12]


def test_two_keys_differ() -> None:
    assert generate_api_key() != generate_api_key()


def test_the_checksum_is_crc32_in_base_62() -> None:
    """Fixed for ever: keys made by one version are read by every other."""
    assert checksum("tgl_AAAAAAAA_" + "a" * 32) == "0uLGRu"
    assert string.digits + string.ascii_uppercase + string.ascii_lowercase == ALPHABET


@given(st.integers(0, 58), st.sampled_from(ALPHABET))
def test_any_single_mistyped_character_is_refused(place: int, typed: str) -> None:
    key = generate_api_key().full_key
    mistyped = key[:place] + typed + key[place + 1 :]
    if mistyped != key:
        with pytest.raises(MalformedApiKeyError):
            parse_api_key(mistyped)


@given(st.text(max_size=300))
def test_other_text_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(MalformedApiKeyError) as caught:
        parse_api_key(text)
    assert str(caught.value) == MalformedApiKeyError.__doc__


def test_a_key_hides_its_secret_when_printed() -> None:
    key = generate_api_key()
    assert key.full_key not in f"{key} {key!r}"
    assert key.prefix in repr(key)
