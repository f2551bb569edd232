"""The charts render what three versions of Kubernetes accept, and refuse wrong values."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.certificates import Authority
from infra.programs import program
from infra.rendering.nginx import secret_maps
from infra.suite import drawn_plan
from shared.sharding.shard_map import parse_shard_map
from tests.infra.chart.conftest import EXAMPLES, SIZES
from tests.infra.chart.shapes import faults_of_operators
from tests.infra.chart.tools import Document, Refused, faults, helm, rendered

_VERSIONS = ("1.30", "1.34", "1.37")
_BAD = [
    (("domain=https://photos.example.org",), "/domain"),
    (("domain=",), "/domain"),
    (("services.users.replicas=0",), "/services/users/replicas"),
    (("services.users.replicas=two",), "/services/users/replicas"),
    (("services.user.replicas=2",), "additional properties 'user' not allowed"),
    (("store.networks={0.0.0.0/0}",), "/store/networks/0"),
    (("store.endpoint=http://s3.example.com",), "/store/endpoint"),
    (("redis.networks=null",), "networks"),
    (("drainSeconds=1",), "/drainSeconds"),
    (("logLevel=LOUD",), "/logLevel"),
    (("image.digest=latest",), "/image/digest"),
    (("secrets.password=hunter2",), "additional properties 'password' not allowed"),
    (("resources.workers.memoryLimit=lots",), "/resources/workers/memoryLimit"),
    (("workers.feed.keda.enabled=true",), "it needs monitoring.enabled."),
    (
        ("services.feed.autoscaling.enabled=true", "services.feed.autoscaling.max=0"),
        "/services/feed/autoscaling/max",
    ),
    (
        (
            "services.feed.replicas=30",
            "services.feed.autoscaling.enabled=true",
        ),
        "services.feed.autoscaling.max is below services.feed.replicas.",
    ),
    (("databases.hosts.users-a.host=db.example.com",), "databases.networks must name"),
    (("tracing.endpoint=http://collector:4318",), "tracing.endpoint needs tracing.networks"),
]


def _named(documents: list[Document], kind: str) -> dict[str, Document]:
    return {one["metadata"]["name"]: one for one in documents if one["kind"] == kind}


def _pods(documents: list[Document]) -> list[Document]:
    return [
        one["spec"]["template"]["spec"] for one in documents if "template" in one.get("spec", {})
    ]


@pytest.mark.parametrize("size", SIZES)
def test_helm_finds_nothing_to_complain_of(charts: Path, size: str) -> None:
    said = helm("lint", str(charts / "retrato"), "--values", str(EXAMPLES / f"{size}.yaml"))
    assert "0 chart(s) failed" in said


def test_three_versions_of_kubernetes_accept_every_document(
    documents: Mapping[str, list[Document]],
) -> None:
    # Sizes have many documents in common.
    different = {json.dumps(one): one for every in documents.values() for one in every}
    checked = 0
    for document in different.values():
        for version in _VERSIONS:
            found = faults(document, version)
            if found is None:
                assert faults_of_operators(document) == []
            else:
                assert found == []
                checked += 1
    assert checked > 300


def test_a_field_that_kubernetes_does_not_know_is_found(
    documents: Mapping[str, list[Document]],
) -> None:
    deployment = json.loads(json.dumps(_named(documents["small"], "Deployment")["retrato-users"]))
    deployment["spec"]["replica"] = 2
    assert faults(deployment, "1.37")
    cluster = json.loads(json.dumps(_named(documents["data"], "Cluster")["retrato-data-users-a"]))
    cluster["spec"]["instance"] = 2
    assert faults_of_operators(cluster)


@pytest.mark.parametrize(("values", "complaint"), _BAD, ids=lambda one: str(one)[:40])
def test_a_bad_value_is_refused(charts: Path, values: tuple[str, ...], complaint: str) -> None:
    words = [word for value in values for word in ("--set", value)]
    with pytest.raises(Refused) as refused:
        rendered(charts / "retrato", "--values", str(EXAMPLES / "small.yaml"), *words)
    assert complaint in str(refused.value)


def test_without_values_the_chart_asks_for_a_domain(charts: Path) -> None:
    with pytest.raises(Refused, match="/domain"):
        rendered(charts / "retrato")


def test_no_pod_has_a_right_that_it_does_not_need(
    documents: Mapping[str, list[Document]],
) -> None:
    for size in SIZES:
        for pod in _pods(documents[size]):
            assert pod["automountServiceAccountToken"] is False
            assert pod["securityContext"]["runAsNonRoot"] is True
            assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
            for container in pod["containers"]:
                assert container["securityContext"] == {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                }


def test_a_chart_makes_no_secret_and_no_pod_has_one_in_its_environment(
    documents: Mapping[str, list[Document]],
) -> None:
    for every in documents.values():
        assert _named(every, "Secret") == {}
        assert "secretKeyRef" not in json.dumps(every)


def test_a_shard_map_is_one_that_services_read(documents: Mapping[str, list[Document]]) -> None:
    for size in SIZES:
        maps = _named(documents[size], "ConfigMap")
        for group in ("users", "upload", "feed"):
            text = maps[f"retrato-{group}-shards"]["data"]["map.json"]
            read = parse_shard_map(text.encode())
            assert read.shard_count == drawn_plan().groups[group].shard_count
    hosts = json.loads(
        _named(documents["small"], "ConfigMap")["retrato-users-shards"]["data"]["map.json"]
    )["primaries"]["users-a"]
    clusters = _named(documents["data"], "Cluster")
    assert hosts["host"] == "retrato-data-users-a-rw"
    assert hosts["host"].removesuffix("-rw") in clusters


def test_a_migration_is_done_before_the_pods_change(
    documents: Mapping[str, list[Document]],
) -> None:
    jobs = _named(documents["small"], "Job")
    assert set(jobs) == {f"retrato-migrate-{group}" for group in drawn_plan().groups}
    for job in jobs.values():
        assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"


def test_databases_outlive_their_release(documents: Mapping[str, list[Document]]) -> None:
    clusters = _named(documents["data-three-zones"], "Cluster")
    assert set(clusters) == {f"retrato-data-{one.name}" for one in drawn_plan().databases}
    for cluster in clusters.values():
        assert cluster["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
        assert cluster["spec"]["affinity"]["podAntiAffinityType"] == "required"


def test_several_zones_have_pods_of_each_kind(documents: Mapping[str, list[Document]]) -> None:
    for deployment in _named(documents["three-zones"], "Deployment").values():
        spread = deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]
        zone = next(one for one in spread if one["topologyKey"] == "topology.kubernetes.io/zone")
        assert zone["whenUnsatisfiable"] == "DoNotSchedule"
    budgets = _named(documents["three-zones"], "PodDisruptionBudget")
    assert set(budgets) == set(_named(documents["three-zones"], "Deployment"))


def test_what_scales_by_itself_has_no_fixed_number(
    documents: Mapping[str, list[Document]],
) -> None:
    large = documents["large"]
    scaled = {
        one["spec"]["scaleTargetRef"]["name"]
        for kind in ("HorizontalPodAutoscaler", "ScaledObject")
        for one in _named(large, kind).values()
    }
    for name, deployment in _named(large, "Deployment").items():
        assert ("replicas" in deployment["spec"]) == (name not in scaled), name
    assert len(scaled) == 7


def test_rules_speak_of_metrics_that_pods_show(documents: Mapping[str, list[Document]]) -> None:
    (rules,) = _named(documents["large"], "PrometheusRule").values()
    text = json.dumps(rules["spec"])
    assert "{{ $labels.job }}" in text
    assert not re.findall(r"\b(?:pg|redis|alertmanager|retrato_disk|retrato_backup)_\w+", text)


def test_nginx_reads_the_file_of_the_balancers(
    documents: Mapping[str, list[Document]], tmp_path: Path
) -> None:
    text = _named(documents["small"], "ConfigMap")["retrato-nginx"]["data"]["nginx.conf"]
    assert _nginx_says(text, tmp_path) == ""


def _nginx_says(text: str, folder: Path) -> str:
    """Return the complaints of the real nginx about a file, after giving it certificates."""
    authority = Authority(folder)
    pair = authority.server_pair("nginx", ("nginx.internal",))
    secrets = _Secrets()
    (folder / "secrets.conf").write_text(secret_maps(secrets), encoding="utf-8")
    replaced: dict[str, Any] = {
        "/etc/retrato/secrets/secrets.conf": folder / "secrets.conf",
        "/etc/retrato/tls/ca.crt": folder / "ca.crt",
        "/etc/retrato/tls/nginx.crt": pair.certificate,
        "/etc/retrato/tls/nginx.key": pair.key,
        "/etc/retrato/public/certificate.pem": pair.certificate,
        "/etc/retrato/public/key.pem": pair.key,
        "/var/cache/nginx": folder / "cache",
    }
    for name, path in replaced.items():
        assert name in text, name
        text = text.replace(name, str(path))
    text = re.sub(r"retrato-\w+-balanced", "127.0.0.1", text)
    (folder / "cache").mkdir()
    file = folder / "nginx.conf"
    file.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [program("nginx"), "-t", "-q", "-e", "stderr", "-c", str(file)],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    return done.stderr


class _Secrets:
    """Secrets with one value each."""

    def __getitem__(self, name: str) -> str:
        return f"value-of-{name}"

    def accepted(self, name: str) -> tuple[str, ...]:
        return (self[name],)
