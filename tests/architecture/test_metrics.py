"""The names of metrics follow Prometheus's rules, and each is listed for operators."""

import re
from pathlib import Path

import pytest

from tests.architecture.metrics import Family, families
from tests.architecture.source_tree import text_of

ALL = pytest.mark.parametrize("family", families(), ids=lambda family: family.name)
PAGE = Path("docs/operations/metrics.md")

# Words of a name that say a unit; only seconds and bytes are base units.
OTHER_UNITS = {"ms", "us", "ns", "minutes", "hours", "days", "kb", "mb", "mib", "kib", "percent"}
SUFFIXES = {"Histogram": ("_seconds", "_bytes"), "Counter": ("_total",)}
# What Prometheus itself, or its client, puts behind a name.
RESERVED_SUFFIXES = ("_sum", "_count", "_bucket", "_created")
# Prometheus has labels of these names itself, or each value would be a series of its own.
LABELS_OF_OTHERS = {"job", "instance", "le", "quantile"}
_ID_LIKE = re.compile(r"(^|_)(ids?|user|viewer|owner|post|photo|request|session|address|path)(_|$)")


def test_the_metrics_were_found() -> None:
    assert len(families()) > 60


@ALL
def test_a_name_has_our_prefix_and_the_suffix_of_its_kind(family: Family) -> None:
    assert re.fullmatch(r"retrato(_[a-z]+)+", family.name)
    assert family.name.endswith(SUFFIXES.get(family.kind, ""))
    assert family.kind == "Counter" or not family.name.endswith("_total")
    assert not family.name.endswith(RESERVED_SUFFIXES)


@ALL
def test_a_unit_is_a_base_unit(family: Family) -> None:
    assert OTHER_UNITS.isdisjoint(family.name.split("_"))


@ALL
def test_no_label_is_an_id_or_prometheus_own(family: Family) -> None:
    assert LABELS_OF_OTHERS.isdisjoint(family.labels)
    assert not [label for label in family.labels if _ID_LIKE.search(label)]


@ALL
def test_no_name_is_declared_twice(family: Family) -> None:
    assert [each.name for each in families()].count(family.name) == 1


@ALL
def test_the_page_for_operators_has_a_row_with_the_labels(family: Family) -> None:
    labels = f"{{{','.join(family.labels)}}}" if family.labels else ""
    assert f"| `{family.name}{labels}` | {family.kind.lower()} |" in text_of(PAGE)


def test_the_page_lists_no_metric_that_is_gone() -> None:
    listed = re.findall(r"^\| `(retrato_[a-z_]+)", text_of(PAGE), re.MULTILINE)
    assert sorted(listed) == [family.name for family in families()]
