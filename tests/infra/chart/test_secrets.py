"""The Secrets of a cluster hold what its pods read, and each part has only its own."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra.control.failures import SuiteFailure
from infra.rendering.cluster_secrets import given_names, manifests_text, secret_manifests
from infra.suite import drawn_plan
from services.users.settings import UsersSettings
from tests.infra.chart.conftest import SIZES
from tests.infra.chart.tools import Document


@pytest.fixture
def file(tmp_path: Path) -> Path:
    given = {
        name: f"rediss://user:secret@{name}.example.com:6379/0" if "url" in name else f"of-{name}"
        for name in given_names(drawn_plan())
    }
    file = tmp_path / "secrets.json"
    file.write_text(json.dumps(given), encoding="utf-8")
    return file


def _by_name(manifests: list[Document]) -> dict[str, Document]:
    return {one["metadata"]["name"]: one for one in manifests}


def test_every_secret_that_a_pod_names_is_made(
    documents: Mapping[str, list[Document]], file: Path
) -> None:
    made = set(_by_name(secret_manifests(drawn_plan(), file, "retrato")))
    for size in (*SIZES, "data"):
        text = json.dumps(documents[size])
        named = {name for name in made if f'"{name}"' in text}
        assert named, size
    pods = "".join(json.dumps(documents[size]) for size in (*SIZES, "data"))
    assert made == {name for name in made if f'"{name}"' in pods}


def test_what_is_given_must_be_there(tmp_path: Path, file: Path) -> None:
    with pytest.raises(SuiteFailure, match="s3_access_key"):
        secret_manifests(drawn_plan(), tmp_path / "none.json", "retrato")
    plain = json.loads(file.read_text()) | {"redis_url_users": "redis://plain.example.com"}
    file.write_text(json.dumps(plain))
    with pytest.raises(SuiteFailure, match="rediss://"):
        secret_manifests(drawn_plan(), file, "retrato")


def test_the_same_file_gives_the_same_secrets(file: Path) -> None:
    first = manifests_text(secret_manifests(drawn_plan(), file, "retrato"))
    assert manifests_text(secret_manifests(drawn_plan(), file, "retrato")) == first


def test_a_part_has_only_its_own_secrets(file: Path) -> None:
    made = _by_name(secret_manifests(drawn_plan(), file, "retrato"))
    knowing = [name for name, one in made.items() if "of-s3_secret_key" in json.dumps(one)]
    assert knowing == ["retrato-upload-secrets"]
    owner = made["retrato-users-owner"]["stringData"]["password"]
    assert [name for name, one in made.items() if owner in json.dumps(one)] == [
        "retrato-users-owner"
    ]


def test_a_service_starts_from_the_map_and_the_folder_of_its_pod(
    documents: Mapping[str, list[Document]],
    file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = _by_name(secret_manifests(drawn_plan(), file, "retrato"))
    folder = tmp_path / "secrets"
    folder.mkdir()
    for name, value in made["retrato-users-secrets"]["stringData"].items():
        (folder / name).write_text(value, encoding="utf-8")
    (variables,) = [
        one["data"]
        for one in documents["small"]
        if one["kind"] == "ConfigMap" and one["metadata"]["name"] == "retrato-users"
    ]
    for name, value in {**variables, "USERS_SECRETS_DIR": str(folder)}.items():
        monkeypatch.setenv(name, value)
    settings = UsersSettings()  # type: ignore[call-arg]
    assert settings.feed_url == "https://retrato-feed:8000"
    assert settings.redis_url.get_secret_value().startswith("rediss://user:secret@redis_url_users")
    assert settings.dns_servers == ()
