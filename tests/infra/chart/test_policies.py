"""The network policies allow what the plan's table says, and nothing else, for every pair."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from infra.rendering.kubernetes import cluster_plan, cluster_reach, pods_of
from infra.suite import drawn_plan
from tests.infra.chart.tools import Document


@dataclass(frozen=True)
class Place:
    """A pod, or an address outside of the cluster's pods."""

    namespace: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    address: str = ""


def _pod(part: str) -> Place:
    ours = (("app.kubernetes.io/part-of", "retrato"), ("app.kubernetes.io/component", part))
    return Place("retrato", ours)


_OTHERS = {
    "public": Place(address="203.0.113.9"),
    "prometheus": Place("monitoring", (("app.kubernetes.io/name", "prometheus"),)),
    "dns": Place("kube-system", (("k8s-app", "kube-dns"),)),
    "outside": Place(address="192.0.2.7"),
    "redis": Place(address="10.20.0.5"),
    "internet": Place(address="198.51.100.1"),
    "metadata": Place(address="169.254.169.254"),
    "neighbour": Place("retrato", (("app", "somebody"),)),
}
_PORTS = (22, 53, 80, 443, 5432, 6379, 6443, 8000, 8080, 8443, 9113, 9187)


class Policies:
    """Answers whether one place may connect to another one, as a network plug-in would."""

    def __init__(self, documents: list[Document]) -> None:
        self._specs = [one["spec"] for one in documents if one["kind"] == "NetworkPolicy"]

    def allow(self, source: Place, target: Place, port: int) -> bool:
        """Whether the source's rules let the connection out, and the target's let it in."""
        return self._passes("egress", "to", source, target, port) and self._passes(
            "ingress", "from", target, source, port
        )

    def _passes(self, way: str, word: str, own: Place, other: Place, port: int) -> bool:
        chosen = [one for one in self._specs if own.namespace == "retrato" and _selects(one, own)]
        chosen = [one for one in chosen if way.capitalize() in one["policyTypes"]]
        if not chosen:
            return True
        rules = [rule for one in chosen for rule in one.get(way) or []]
        return any(
            any(_is(peer, other) for peer in rule[word])
            and any(given["port"] == port for given in rule["ports"])
            for rule in rules
        )


def _selects(spec: Document, place: Place) -> bool:
    return _has(spec["podSelector"], place)


def _has(selector: Mapping[str, Any], place: Place) -> bool:
    assert set(selector) <= {"matchLabels"}
    return set((selector.get("matchLabels") or {}).items()) <= set(place.labels)


def _is(peer: Document, place: Place) -> bool:
    if "ipBlock" in peer:
        # A pod is not meant by its address.
        network = ip_network(peer["ipBlock"]["cidr"])
        return bool(place.address) and ip_address(place.address) in network
    if not place.namespace:
        return False
    names = peer.get("namespaceSelector", {"matchLabels": {_NAMESPACE: "retrato"}})
    return names["matchLabels"] == {_NAMESPACE: place.namespace} and _has(
        peer["podSelector"], place
    )


_NAMESPACE = "kubernetes.io/metadata.name"


def _places() -> dict[str, Place]:
    plan = cluster_plan(drawn_plan())
    jobs = [job.name for job in plan.jobs]
    return {part: _pod(part) for part in (*pods_of(plan), *jobs)} | _OTHERS


def _expected() -> Iterator[tuple[str, str, int]]:
    for one in cluster_reach(cluster_plan(drawn_plan())):
        target = "redis" if one.target.startswith("redis-") else one.target
        yield one.source, target, one.port
        if one.source == "public":
            # Whoever asks from within the cluster, or from its machines, is the public too.
            for name in ("outside", "redis", "internet", "metadata"):
                yield name, one.target, one.port


@pytest.fixture(scope="session")
def policies(documents: Mapping[str, list[Document]]) -> Policies:
    return Policies([*documents["three-zones"], *documents["data-three-zones"]])


def test_every_pair_is_allowed_or_denied_as_the_plan_says(policies: Policies) -> None:
    places, expected = _places(), set(_expected())
    different = []
    for source, one in places.items():
        for target, other in places.items():
            for port in _PORTS:
                # What others do among themselves is not ours to say.
                if {source, target} <= set(_OTHERS):
                    continue
                # The operator of the databases has their own ports besides, and metrics.
                is_own = source == target and source.startswith("postgres-")
                is_metric = source == "prometheus" and target.startswith("postgres-")
                if (is_own and port == 8000) or (is_metric and port == 9187):
                    continue
                if policies.allow(one, other, port) != ((source, target, port) in expected):
                    different.append((source, target, port))
    assert different == []


@pytest.mark.parametrize(
    ("source", "target", "port", "is_allowed"),
    [
        ("public", "nginx", 443, True),
        ("public", "gateway", 8000, False),
        ("nginx", "gateway", 8000, True),
        ("nginx", "postgres-users", 5432, False),
        ("gateway", "users", 8000, True),
        ("gateway", "postgres-users", 5432, False),
        ("users", "postgres-users", 5432, True),
        ("users", "postgres-upload", 5432, False),
        ("upload-worker", "outside", 443, True),
        ("upload-worker", "internet", 443, False),
        ("upload-worker", "metadata", 80, False),
        ("feed-worker", "outside", 443, False),
        ("neighbour", "users", 8000, False),
        ("neighbour", "postgres-users", 5432, False),
        ("migrate-users", "postgres-users", 5432, True),
        ("migrate-users", "postgres-feed", 5432, False),
        ("prometheus", "feed-worker", 8000, True),
    ],
)
def test_these_are_as_anybody_would_say(
    policies: Policies, source: str, target: str, port: int, *, is_allowed: bool
) -> None:
    places = _places()
    assert policies.allow(places[source], places[target], port) is is_allowed
