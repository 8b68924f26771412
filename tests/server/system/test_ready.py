"""Readiness: what keeps a push from being stored is said before it is met."""

import shutil
from pathlib import Path

import pytest

from tests.support.disks import with_free_bytes
from tests.support.pages import in_this_process
from tgl_server.db.embedded import LEAST_ROOM_BYTES
from tgl_server.settings import BY_ITSELF, Hosting


async def test_a_full_disk_of_the_embedded_database_is_not_ready_until_there_is_room_again(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with in_this_process(database_url, Hosting(data_dir=tmp_path)) as (_, client):
        with_free_bytes(monkeypatch, LEAST_ROOM_BYTES - 1)
        full = await client.get("/ready")
        assert full.status_code == 503
        assert "has 63 MB left" in full.json()["detail"]
        with_free_bytes(monkeypatch, LEAST_ROOM_BYTES)
        assert (await client.get("/ready")).status_code == 200


async def test_the_disk_of_this_machine_says_nothing_about_a_database_elsewhere(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with in_this_process(database_url, BY_ITSELF) as (_, client):
        with_free_bytes(monkeypatch, 0)
        assert (await client.get("/ready")).status_code == 200


async def test_a_data_folder_that_is_gone_is_not_ready(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    async with in_this_process(database_url, Hosting(data_dir=folder)) as (_, client):
        shutil.rmtree(folder)
        assert (await client.get("/ready")).status_code == 503
