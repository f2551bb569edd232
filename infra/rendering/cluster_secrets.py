"""Renders the Secrets of a cluster from one file of secrets that stays with the operator."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra.control.failures import SuiteFailure
from infra.json_files import read_json
from infra.plan.parts import Plan
from infra.plan.secret_names import FOR_OPERATORS, STORE_KEYS, owner_password, runtime_password
from infra.rendering.kubernetes import cluster_places, cluster_plan
from infra.rendering.nginx import secret_maps
from infra.rendering.variables import service_variables
from infra.secret_values import SecretValues, open_secrets

Manifest = dict[str, Any]
# CloudNativePG takes a changed password up where it finds this label.
_WATCHED = {"cnpg.io/reload": "true"}


def given_names(plan: Plan) -> tuple[str, ...]:
    """Return what nobody can make up: the keys of the store, and the URL of each Redis."""
    return (*STORE_KEYS, *(f"redis_url_{name}" for name in plan.redises))


def secret_manifests(plan: Plan, file: Path, prefix: str) -> list[Manifest]:
    """Return the Secrets, after making in `file` what it lacks and is random.

    Raises SuiteFailure if the file lacks what must be given.
    """
    given: Mapping[str, str] = read_json(file) if file.exists() else {}
    missing = [name for name in given_names(plan) if not given.get(name)]
    if missing:
        raise SuiteFailure(
            f"{file} lacks {', '.join(missing)}: write it as JSON, with the keys of your store and"
            " rediss:// URLs. The rest is made here."
        )
    for name, url in given.items():
        if name.startswith("redis_url_") and not url.startswith("rediss://"):
            raise SuiteFailure(f"{name} does not begin with rediss://, which is Redis over TLS")
    return list(_manifests(plan, open_secrets(file, plan), given, prefix))


def _manifests(
    plan: Plan, secrets: SecretValues, given: Mapping[str, str], prefix: str
) -> Iterator[Manifest]:
    cluster = cluster_plan(plan)
    places = replace(
        cluster_places(), secrets=secrets, redis_url=lambda name: given[f"redis_url_{name}"]
    )
    for name in cluster.services:
        held = {
            one.name.lower(): one.value
            for one in service_variables(cluster, name, name, places)
            if one.is_secret
        }
        yield _secret(f"{prefix}-{name}-secrets", held)
    for group in cluster.groups:
        yield _login(f"{prefix}-{group}-owner", group, secrets[owner_password(group)])
        yield _login(
            f"{prefix}-{group}-login", secrets.login_of(group), secrets[runtime_password(group)]
        )
    yield _secret(f"{prefix}-nginx-secrets", {"secrets.conf": secret_maps(secrets)})
    yield _secret(f"{prefix}-operator", {"token": secrets[FOR_OPERATORS]})


def _login(name: str, user: str, password: str) -> Manifest:
    secret = _secret(name, {"username": user, "password": password})
    secret["metadata"]["labels"] |= _WATCHED
    return {**secret, "type": "kubernetes.io/basic-auth"}


def _secret(name: str, data: Mapping[str, str]) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/part-of": "retrato"}},
        "type": "Opaque",
        "stringData": dict(data),
    }


def manifests_text(manifests: list[Manifest]) -> str:
    """Return the Secrets as kubectl reads them."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests}, indent=1) + "\n"
