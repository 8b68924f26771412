"""The login file is its owner's alone."""

from pathlib import Path

import pytest

from tgl_client.errors import ConfigError
from tgl_client.settings.login_file import Login, read_login, write_login
from tgl_protocol.keys import generate_api_key

KEY = generate_api_key().full_key

HOME = "https://home.example.com"


def test_a_login_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "config" / "login.json"
    write_login(file, Login(url=HOME, keys={HOME: KEY}))
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_login(file).keys == {HOME: KEY}
    file.chmod(0o604)
    with pytest.raises(ConfigError) as caught:
        read_login(file)
    assert "chmod 600" in str(caught.value.hint)


def test_a_damaged_login_says_so(tmp_path: Path) -> None:
    file = tmp_path / "login.json"
    file.write_text("{")
    file.chmod(0o600)
    with pytest.raises(ConfigError, match="damaged"):
        read_login(file)
