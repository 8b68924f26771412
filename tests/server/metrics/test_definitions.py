"""The metrics that there are, and what the docs say of them."""

import re
from itertools import chain
from pathlib import Path
from typing import Any

from tests.support.api import Api
from tests.support.metrics import scrape
from tgl_server.metrics.definitions import REGISTRY

DOCS = Path(__file__).parents[3] / "docs"


def test_every_metric_has_a_label() -> None:
    """Without one it would be made before the workers know where they count together.

    prometheus-client shows the labels of a metric that nobody has counted in nowhere but here.
    """
    collectors: Any = REGISTRY._collector_to_names
    assert collectors
    assert [collector._name for collector in collectors if not collector._labelnames] == []


async def test_the_dashboard_and_the_docs_name_metrics_that_exist(api: Api) -> None:
    counted = chain.from_iterable(names for names in _names_of_counted().values())
    existing = {*counted, *(sample.name for sample in await scrape(api))}
    dashboard = (DOCS / "howto" / "grafana-dashboard.json").read_text()
    queries = " ".join(re.findall(r'"expr": "((?:[^"\\]|\\.)*)"', dashboard))
    named = set(re.findall(r"tgl_[a-z0-9_]+", queries))
    assert len(named) > 15
    assert named <= existing
    operations = (DOCS / "subsystems" / "operations.md").read_text()
    assert set(re.findall(r"`(tgl_[a-z0-9_]+)`", operations)) <= existing
    assert set(_names_of_counted()) - set(re.findall(r"`(tgl_[a-z0-9_]+)`", operations)) == set()


def _names_of_counted() -> dict[str, list[str]]:
    """By the name that docs use, the names that queries use."""
    found = {}
    for metric in REGISTRY.collect():
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        parts = [f"{name}_{part}" for part in ("bucket", "sum", "count")] if metric.type == "histogram" else []
        found[name] = [name, *parts]
    return found
