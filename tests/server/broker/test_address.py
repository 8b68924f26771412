"""The broker's address: in Celery's spelling, and for people."""

import ssl
from pathlib import Path

import pytest

from tgl_server.broker.address import celery_url, shown_broker
from tgl_server.broker.application import make_application
from tgl_server.settings import BadSetting, Settings, load_settings, secret_texts


@pytest.mark.parametrize(
    ("url", "celerys"),
    [
        ("redis://broker:6379/1", "redis://broker:6379/1"),
        ("valkey://:secret@broker", "redis://:secret@broker"),
        ("valkeys://broker:6380/0", "rediss://broker:6380/0"),
        ("redis+unix:///run/redis.sock?db=2", "redis+socket:///run/redis.sock?virtual_host=2"),
        ("valkey+unix:///run/valkey.sock", "redis+socket:///run/valkey.sock"),
    ],
)
def test_every_spelling_is_one_of_celerys(url: str, celerys: str) -> None:
    assert celery_url(url) == celerys
    assert make_application(url).connection_for_write().transport.driver_type == "redis"


def test_tls_checks_the_certificate_by_the_authorities_of_the_address() -> None:
    tls = make_application("valkeys://broker/0?ssl_ca_certs=/etc/own.pem").conf.broker_use_ssl
    assert tls == {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True, "ssl_ca_certs": "/etc/own.pem"}
    assert make_application("valkey://broker/0").conf.broker_use_ssl is None


def test_people_see_neither_user_nor_password_nor_options() -> None:
    assert shown_broker("redis://me:secret@broker:6379/1?password=secret") == "redis://broker:6379/1"
    assert shown_broker("redis+unix:///run/redis.sock?db=2") == "redis+unix:///run/redis.sock"


def test_the_address_may_be_in_a_file_and_its_password_is_a_secret(tmp_path: Path) -> None:
    file = tmp_path / "broker"
    file.write_text("redis://:pa%2Fss@broker:6379/1\n")
    settings = load_settings({"BROKER_URL_FILE": str(file)})
    assert settings.broker_url == "redis://:pa%2Fss@broker:6379/1"
    assert {"pa%2Fss", "pa/ss"} <= set(secret_texts(settings))
    assert "pa%2Fss" not in repr(settings)


def test_two_addresses_or_an_empty_file_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "broker"
    file.write_text(" \n")
    with pytest.raises(BadSetting, match="is empty"):
        load_settings({"BROKER_URL_FILE": str(file)})
    with pytest.raises(BadSetting, match="both set"):
        load_settings({"BROKER_URL_FILE": str(file), "BROKER_URL": "redis://broker"})
    assert Settings().broker_url == ""
