"""The compose file holds the whole plan, and shows no secret."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.containers.choices import Choices
from infra.containers.rendering import render_compose
from infra.control.failures import SuiteFailure
from infra.run_folder import RunFolder
from infra.suite import suite_in

CHOICES = Choices(network="10.99", publish="192.0.2.1", port=9080, tls_port=9443)
IMAGES = {"suite": "localhost/suite:1", "engines": "localhost/engines:1"}
# A name server, what renews certificates and what watches belong to one machine.
_LEFT_OUT = {"dns", "caretaker", "mail"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compose")
    render_compose(folder, CHOICES, IMAGES)
    return folder


@pytest.fixture(scope="module")
def services(root: Path) -> dict[str, Any]:
    document = yaml.safe_load((root / "compose.yaml").read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return dict(document["services"])


def test_every_process_and_job_of_the_plan_is_a_container(
    root: Path, services: dict[str, Any]
) -> None:
    plan = suite_in(RunFolder(root), CHOICES.network).plan
    processes = {process.name for process in plan.processes} - _LEFT_OUT
    assert set(services) == processes | {job.name for job in plan.jobs}


def test_every_internal_name_is_an_alias_of_its_containers(
    root: Path, services: dict[str, Any]
) -> None:
    plan = suite_in(RunFolder(root), CHOICES.network).plan
    for named in plan.names:
        holders = {
            one["networks"]["default"]["ipv4_address"]
            for one in services.values()
            if named.host in one["networks"]["default"].get("aliases", [])
        }
        assert holders == set(named.addresses), named.host


def test_each_balancer_is_published_at_ports_of_its_own(services: dict[str, Any]) -> None:
    published = [services[name]["ports"] for name in ("nginx-1", "nginx-2")]
    assert published == [
        ["192.0.2.1:9080:8080", "192.0.2.1:9443:8443"],
        ["192.0.2.1:9081:8080", "192.0.2.1:9444:8443"],
    ]


def test_pictures_are_where_the_balancers_are_published(root: Path) -> None:
    environment = (root / "etc" / "gateway.env").read_text(encoding="utf-8")
    assert "GATEWAY_MEDIA_BASE_URL=http://192.0.2.1:9080\n" in environment


def test_every_container_is_confined(services: dict[str, Any]) -> None:
    for name, one in services.items():
        assert one["read_only"], name
        assert one["cap_drop"] == ["ALL"], name
        assert one["security_opt"] == ["no-new-privileges"], name
        assert "privileged" not in one, name


def test_no_secret_is_in_the_compose_file_or_an_environment(root: Path) -> None:
    secrets = json.loads((root / "secrets.json").read_text(encoding="utf-8"))
    shown = (root / "compose.yaml").read_text(encoding="utf-8")
    for file in (root / "etc").glob("*.env"):
        shown += file.read_text(encoding="utf-8")
    assert [name for name, value in secrets.items() if value in shown] == []


def test_a_role_mounts_no_key_of_another(root: Path) -> None:
    for folder in (root / "mounts").iterdir():
        keys = [file.stem for file in folder.glob("*.key")]
        assert len(keys) <= 1, folder.name
        assert "ca" not in keys


def test_rendering_again_changes_nothing(root: Path) -> None:
    before = _times(root)
    render_compose(root, CHOICES, IMAGES)
    assert before == _times(root)


def _times(root: Path) -> dict[Path, int]:
    files = [file for file in root.rglob("*") if file.is_file() and file.suffix != ".lock"]
    return {file: file.stat().st_mtime_ns for file in files}


def test_lost_secrets_are_not_made_anew(tmp_path: Path) -> None:
    render_compose(tmp_path, CHOICES, IMAGES)
    (tmp_path / "secrets.json").unlink()
    with pytest.raises(SuiteFailure, match="the volumes have its passwords"):
        render_compose(tmp_path, CHOICES, IMAGES)


def test_others_cannot_enter_the_folder(root: Path) -> None:
    assert root.stat().st_mode & 0o077 == 0
