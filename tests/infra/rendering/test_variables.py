"""Every target gives a service the same variables, and the service reads each of them."""

import importlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from pydantic_settings import BaseSettings

from infra.backups.place import SYSTEM_CA_FILE
from infra.containers.composing import container_places
from infra.plan.parts import Plan
from infra.plan.planning import plan_of
from infra.rendering.data_variables import migration_variables, redis_url
from infra.rendering.environment import local_places
from infra.rendering.kubernetes import cluster_places
from infra.rendering.places import Places
from infra.rendering.variables import service_variables
from infra.run_folder import RunFolder
from infra.suite import Suite
from infra.topology import TOPOLOGY_FILE, load_topology
from tests.infra.elsewhere.drawing import Somewhere, drawing
from tests.infra.elsewhere.somebody_else import write_secrets

OWN, ELSEWHERE = "everything is ours", "somebody else runs the data"


def suite_in(folder: Path, whose: str = OWN) -> Suite:
    """Return a suite whose folder is empty but for its secrets."""
    drawn = TOPOLOGY_FILE
    if whose == ELSEWHERE:
        place = Somewhere("db.example.com", SYSTEM_CA_FILE)
        drawn = folder / "topology.toml"
        text = drawing(place, TOPOLOGY_FILE.read_text(encoding="utf-8"))
        drawn.write_text(text, encoding="utf-8")
    plan = plan_of(load_topology(drawn, network="127.99"))
    if whose == ELSEWHERE:
        write_secrets(folder, {one.name: "given" for one in plan.secrets if one.needed})
    suite = Suite(plan, RunFolder(folder), Path("/decoder/python"), may_make_keys=True)
    suite.folder.etc.mkdir()
    return suite


def places_of_targets(suite: Suite) -> Mapping[str, Places]:
    """Return where each target has what a service needs; a new target gets a line here."""
    return {
        "this machine": local_places(suite),
        "containers": container_places(
            suite.plan, suite.secrets, "http://127.0.0.1:8080", "unknown", 1
        ),
        "a cluster": cluster_places(),
    }


def names(plan: Plan, service: str, role: str, places: Places) -> set[str]:
    """Return the names of the variables of a role."""
    return {variable.name for variable in service_variables(plan, service, role, places)}


def _settings_of(service: str) -> type[BaseSettings]:
    module = importlib.import_module(f"services.{service}.settings")
    kind: type[BaseSettings] = getattr(module, f"{service.capitalize()}Settings")
    return kind


@pytest.mark.parametrize("whose", [OWN, ELSEWHERE])
def test_all_targets_give_a_service_the_same_variables(tmp_path: Path, whose: str) -> None:
    suite = suite_in(tmp_path, whose)
    targets = places_of_targets(suite)
    for service in suite.plan.services:
        usual = names(suite.plan, service, service, targets["this machine"])
        for target, places in targets.items():
            # A folder of the store exists only beside the store.
            absent = set() if places.store_folder else {"S3_FOLDER"}
            for role in (service, f"{service}-worker"):
                given = names(suite.plan, service, role, places)
                if role == service or suite.plan.services[service].workers:
                    assert given == usual - absent, (target, role)


@pytest.mark.parametrize("whose", [OWN, ELSEWHERE])
@pytest.mark.parametrize("service", ["gateway", "users", "upload", "feed"])
def test_a_variable_is_a_setting_and_every_needed_setting_has_one(
    tmp_path: Path, service: str, whose: str
) -> None:
    suite = suite_in(tmp_path, whose)
    fields = _settings_of(service).model_fields
    given = names(suite.plan, service, service, local_places(suite))
    assert given <= {name.upper() for name in fields}
    assert {name.upper() for name, field in fields.items() if field.is_required()} <= given


def test_all_targets_give_a_migration_the_same_variables(tmp_path: Path) -> None:
    suite = suite_in(tmp_path, ELSEWHERE)
    for job in suite.plan.jobs:
        given = {
            target: {one.name for one in migration_variables(suite.plan, job.service, places)}
            for target, places in places_of_targets(suite).items()
        }
        assert len(set(map(frozenset, given.values()))) == 1, given
        assert "POSTGRES_CA_FILE" in given["this machine"]


def test_a_password_of_any_signs_survives_the_url_of_a_redis(tmp_path: Path) -> None:
    suite = suite_in(tmp_path, ELSEWHERE)
    write_secrets(tmp_path, {"redis_feed": "a@b:c/d?e#f%"})
    url = redis_url(suite.plan, "feed", replace(suite).secrets)
    assert unquote(urlsplit(url).password or "") == "a@b:c/d?e#f%"
    assert urlsplit(url).hostname == "db.example.com"


def test_a_secret_of_the_plan_is_only_in_variables_that_are_secret(tmp_path: Path) -> None:
    suite = suite_in(tmp_path)
    places = local_places(suite)
    values = [suite.secrets[secret.name] for secret in suite.plan.secrets]
    found = 0
    variables = [
        variable
        for service in suite.plan.services
        for variable in service_variables(suite.plan, service, service, places)
    ]
    variables += [
        one
        for job in suite.plan.jobs
        for one in migration_variables(suite.plan, job.service, places)
    ]
    for variable in variables:
        holds_one = any(value in variable.value for value in values)
        assert holds_one == variable.is_secret, variable.name
        found += holds_one
    assert found


def test_every_variable_is_given_once_with_its_meaning(tmp_path: Path) -> None:
    suite = suite_in(tmp_path)
    for service in suite.plan.services:
        given = service_variables(suite.plan, service, service, local_places(suite))
        assert len({one.name for one in given}) == len(given)
        assert all(one.meaning.endswith(".") for one in given)


def test_traces_go_to_an_endpoint_or_into_files(tmp_path: Path) -> None:
    suite = suite_in(tmp_path)
    limits = suite.plan.limits
    traced = replace(limits, tracing=replace(limits.tracing, endpoint="http://192.0.2.7:4318"))
    in_files = names(suite.plan, "feed", "feed", local_places(suite))
    plan = replace(suite.plan, limits=traced)
    sent = names(plan, "feed", "feed", local_places(suite))
    assert in_files - sent == {"TRACE_FOLDER", "TRACE_FILE_BYTES_MAX"}
    assert sent - in_files == {"TRACE_ENDPOINT"}
