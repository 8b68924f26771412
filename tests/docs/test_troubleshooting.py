"""The page of the server's troubles names every event of the log and every metric; Prometheus takes the alerts."""

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import yaml

from tests.support.proxies import program

HOWTO = Path(__file__).parents[2] / "docs" / "howto"
ALERTS = HOWTO / "prometheus-alerts.yml"
SOURCE = Path(__file__).parents[2] / "src" / "tgl_server"
LEVELS = {"debug", "info", "warning", "error", "exception"}


def section(title: str) -> str:
    page = (HOWTO / "troubleshoot-server.md").read_text()
    return page.partition(f"## {title}\n")[2].partition("\n## ")[0]


def named(title: str) -> Counter[str]:
    """The names in the first column of a section's table."""
    rows = [line.split(" | ")[0] for line in section(title).splitlines() if line.startswith("| `")]
    return Counter(name for row in rows for name in re.findall(r"`(\w+)`", row))


def calls() -> Iterator[ast.Call]:
    for path in SOURCE.rglob("*.py"):
        yield from (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def events() -> set[str]:
    """What is logged, by the text that each call gives, and both ends of what is away for a time."""
    found = set()
    for call in calls():
        texts = [each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        logs = (
            isinstance(call.func, ast.Attribute) and call.func.attr in LEVELS and "log" in ast.unparse(call.func.value)
        )
        if logs:
            found |= set(texts[:1])
        elif isinstance(call.func, ast.Name) and call.func.id == "Outage":
            found |= set(texts)
    return found


def test_every_event_of_the_log_is_named_once() -> None:
    page = named("Lines of the log")
    assert len(events()) > 50
    assert sorted(events() - set(page)) == []
    assert [name for name, times in page.items() if times > 1] == []
    source = "\n".join(path.read_text() for path in SOURCE.rglob("*.py"))
    assert [name for name in page if f'"{name}"' not in source] == []


def existing() -> set[str]:
    """Those of the page about operations, which tests/server/metrics/test_definitions.py compares with a scrape."""
    page = (HOWTO.parent / "subsystems" / "operations.md").read_text()
    rows = [line.split(" | ")[0] for line in page.splitlines() if line.startswith("| `tgl_")]
    return {name for row in rows for name in re.findall(r"`(tgl_\w+)`", row)}


def test_every_metric_is_named_once() -> None:
    page = named("Metrics")
    assert len(page) > 20
    assert [name for name, times in page.items() if times > 1] == []
    assert existing() == set(page)


def test_alerts_name_metrics_and_each_has_a_remedy() -> None:
    rules = yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]
    assert len({rule["alert"] for rule in rules}) == len(rules) > 8
    for rule in rules:
        assert set(rule["annotations"]) == {"summary", "remedy"}
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert set(re.findall(r"\btgl_\w+", rule["expr"])) <= existing(), rule["alert"]


def test_prometheus_takes_the_alerts() -> None:
    command = [program("promtool", "prometheus"), "check", "rules", str(ALERTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
