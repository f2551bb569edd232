"""Secrets are generated once, change only by a rotation, and only their owner can read them."""

import json
from pathlib import Path

import pytest

from infra.control.failures import SuiteFailure
from infra.plan.planning import plan_of
from infra.plan.secret_names import MADE_WHEN_MISSING
from infra.secret_values import SUPERUSER, change_secrets, keep_lineage, lineage_of, open_secrets
from infra.topology import load_topology


def test_secrets_stay_the_same_from_one_start_to_the_next(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    first = open_secrets(file, plan_of(load_topology()))
    second = open_secrets(file, plan_of(load_topology()))
    assert first["session_token_key"] == second["session_token_key"]


def test_only_the_owner_reads_them(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    open_secrets(file, plan_of(load_topology()))
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_secret_that_was_put_there_by_hand_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text(json.dumps({"s3_access_key": "of-somebody-else"}), encoding="utf-8")
    assert open_secrets(file, plan_of(load_topology()))["s3_access_key"] == "of-somebody-else"
    assert open_secrets(file, plan_of(load_topology()))["s3_secret_key"]


def test_a_command_of_an_upgrade_makes_what_the_new_version_adds(tmp_path: Path) -> None:
    file, plan = tmp_path / "secrets.json", plan_of(load_topology(is_watched=True))
    with pytest.raises(SuiteFailure, match="is missing"):
        open_secrets(file, plan, may_make=False)
    open_secrets(file, plan)
    known = json.loads(file.read_text(encoding="utf-8"))
    old = {name: value for name, value in known.items() if name not in MADE_WHEN_MISSING}
    file.write_text(json.dumps(old), encoding="utf-8")
    made = open_secrets(file, plan, may_make=False)
    again = open_secrets(file, plan, may_make=False)
    for name in MADE_WHEN_MISSING:
        assert made[name] == again[name] != known[name]
    del old["session_token_key"]
    file.write_text(json.dumps(old), encoding="utf-8")
    with pytest.raises(SuiteFailure, match="lacks session_token_key"):
        _ = open_secrets(file, plan, may_make=False)["session_token_key"]


def test_no_two_secrets_are_alike(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    open_secrets(file, plan_of(load_topology(is_watched=True)))
    values = list(json.loads(file.read_text(encoding="utf-8")).values())
    assert len(set(values)) == len(values)


def test_a_file_of_an_older_version_serves_all_that_it_has(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text(json.dumps({"media_token": "of before"}), encoding="utf-8")
    secrets = open_secrets(file, plan_of(load_topology()), may_make=False)
    assert secrets["media_token"] == "of before"
    with pytest.raises(SuiteFailure, match="lacks postgres_users_app: run `make up`"):
        secrets["postgres_users_app"]


def test_the_lineage_outlives_every_superuser_password(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    open_secrets(file, plan_of(load_topology()))
    first = json.loads(file.read_bytes())
    for password in ("second", "third"):

        def rotate(values: dict[str, str], password: str = password) -> None:
            keep_lineage(values)
            values[SUPERUSER] = password

        now = change_secrets(file, rotate)
        assert now == json.loads(file.read_bytes())
        assert lineage_of(now) == lineage_of(first)
    assert lineage_of({SUPERUSER: "of another suite"}) != lineage_of(first)
    assert file.stat().st_mode & 0o777 == 0o600
