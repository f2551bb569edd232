"""Reads the metrics of the suite's processes."""

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from tests.suite import Suite

SERVICES = ("gateway", "users", "upload", "feed")

Sample = tuple[str, frozenset[tuple[str, str]]]
Metrics = Mapping[Sample, float]


async def metrics_of(suite: Suite, name: str) -> Metrics:
    """Read the samples of one process, by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(await suite.metrics(name))
        for sample in family.samples
    }


async def metrics_of_all(suite: Suite, *without: str) -> dict[str, Metrics]:
    """Read the samples of every service process, except those in `without`."""
    names = [name for service in SERVICES for name in suite.process_names(service)]
    return {name: await metrics_of(suite, name) for name in names if name not in without}


def total(metrics: Metrics, name: str, **labels: str) -> float:
    """Sum all samples of a name that have the labels."""
    wanted = labels.items()
    return sum(value for (of, given), value in metrics.items() if of == name and wanted <= given)
