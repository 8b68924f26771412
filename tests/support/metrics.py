"""The metrics as Prometheus would read them."""

from collections.abc import Iterable

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.support.api import Api
from tgl_server.metrics.definitions import REGISTRY


async def scrape(api: Api, **arguments: object) -> list[Sample]:
    """All samples of one scrape."""
    answer = await api.get("/metrics", **arguments)
    assert answer.status == 200
    families = text_string_to_metric_families(answer.body.decode())
    return [sample for family in families for sample in family.samples]


def value(samples: Iterable[Sample], name: str, **labels: str) -> float:
    """The sum of the samples of this name that have these labels; 0 without any."""
    return sum(sample.value for sample in samples if sample.name == name and labels.items() <= sample.labels.items())


def counted_here(name: str, **labels: str) -> float:
    """What this process has counted under a name without `_total`."""
    return REGISTRY.get_sample_value(f"{name}_total", labels) or 0
