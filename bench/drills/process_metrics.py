"""What the processes of the suite say of themselves at /metrics."""

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from tests.suite import Suite

SERVICES = ("gateway", "users", "upload", "feed")

Sample = tuple[str, frozenset[tuple[str, str]]]
Metrics = Mapping[Sample, float]


async def metrics_of(suite: Suite, name: str) -> Metrics:
    """One process's, by name and labels."""
    reply = await suite.ask(name, "/metrics")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(reply.text)
        for sample in family.samples
    }


async def metrics_of_all(suite: Suite, *without: str) -> dict[str, Metrics]:
    """Of every process of every service but some."""
    names = [name for service in SERVICES for name in suite.process_names(service)]
    return {name: await metrics_of(suite, name) for name in names if name not in without}


def total(metrics: Metrics, name: str, **labels: str) -> float:
    """The sum over all samples of a name that carry the labels."""
    wanted = labels.items()
    return sum(value for (of, given), value in metrics.items() if of == name and wanted <= given)
