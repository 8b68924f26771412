"""The files of `deploy/` that cannot be started here are checked as far as they can be: units, compose, image."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.core import TyperGroup
from typer.main import get_command

from tests.support.proxies import program
from tgl_server.cli.commands import assembled
from tgl_server.settings import load_settings

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
#: What `systemd-analyze security` gives, from 0 to 100; without any hardening a service has 96.
MOST_EXPOSURE = 20
SECRET = "5Zq0vN8fWk2RjT6yHbXcLs4MpGd9QeUa"


def analyze(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [program("systemd-analyze", "systemd"), "--no-pager", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_a_unit_is_hardened(unit: Path) -> None:
    done = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSURE}", unit)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_a_unit_is_understood_and_starts_a_command_that_exists(unit: Path, tmp_path: Path) -> None:
    """systemd reads every line of it; only the folder of the installation is this checkout's."""
    installed = str(Path(sys.executable).parent)
    text = unit.read_text().replace("/opt/thegitleague/bin", installed)
    (tmp_path / unit.name).write_text(text)
    done = analyze("verify", "--man=no", tmp_path / unit.name)
    assert unit.name not in done.stderr, done.stderr
    for command in re.findall(rf"{installed}/tgl-server (\w.*)", text):
        check_command(command.split())


def check_command(words: list[str]) -> None:
    """The command is one of `tgl-server`, and has the options."""
    command = get_command(assembled())
    assert isinstance(command, TyperGroup)
    known = {option for parameter in command.commands[words[0]].params for option in parameter.opts}
    assert [word for word in words if word.startswith("--") and word not in known] == []


def test_the_timer_starts_a_unit_that_is_there() -> None:
    timers = {path.stem for path in (ROOT / "deploy" / "systemd").glob("*.timer")}
    assert timers
    assert timers <= {unit.stem for unit in UNITS}
    assert analyze("calendar", "*-*-* 03:00").returncode == 0


@pytest.mark.parametrize("name", ["systemd/environment", "compose/example.env"])
def test_example_settings_are_those_of_a_server(name: str, tmp_path: Path) -> None:
    """With their secrets filled in; every line that is commented out is a setting as well."""
    text = re.sub(r"^#(?=[A-Z_]+=)", "", (ROOT / "deploy" / name).read_text(), flags=re.MULTILINE)
    lines = dict(line.split("=", 1) for line in text.splitlines() if re.match(r"[A-Z_]+=", line))
    ours = {
        name: value for name, value in lines.items() if name not in ("WORKERS", "WORKER_OPTIONS", "SITE", "DB_PASSWORD")
    }
    settings = load_settings({**ours, "SECRET_KEY": SECRET, "SECRETS_KEYS": ""})
    assert {name.lower() for name in ours} <= set(settings.__struct_fields__)


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return found


def test_the_compose_file_is_one_by_its_schema() -> None:
    command = [str(Path(sys.executable).parent / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, str(ROOT / "compose.yaml")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_services_of_the_compose_file_fit_together() -> None:
    file = compose()
    services = file["services"]
    volumes = {volume.split(":")[0] for each in services.values() for volume in each.get("volumes", ())}
    assert {name for name in volumes if not name.startswith(".")} == set(file["volumes"])
    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)
        for volume in service.get("volumes", ()):
            if volume.startswith("."):
                assert (ROOT / volume.split(":")[0]).is_file()
    subnet = file["networks"]["default"]["ipam"]["config"][0]["subnet"]
    for name in ("server", "worker", "beat"):
        environment = {
            key: re.sub(r"\$\{\w+[^}]*\}", "x", value) for key, value in services[name]["environment"].items()
        }
        settings = load_settings({**environment, "SECRET_KEY": SECRET})
        assert settings.trusted_proxies == (subnet,)
        check_command(services[name]["command"])


def test_the_image_copies_what_is_there_runs_as_nobody_and_keeps_no_build() -> None:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    build, final = re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]
    copied = [name for line in re.findall(r"^COPY ([^-].*)", build, re.MULTILINE) for name in line.split()[:-1]]
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied
    assert all((ROOT / name).exists() for name in copied)
    assert set(copied) == kept
    assert "pip install" not in final
    assert re.search(r"^USER 10001:10001$", final, re.MULTILINE)
    health = json.loads(re.findall(r"^HEALTHCHECK .*? CMD (\[.*\])", final, re.MULTILINE)[0])
    compile(health[2], "health", "exec")
