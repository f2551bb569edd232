"""Secrets are generated once, never change, and are readable only by their owner."""

import json
from pathlib import Path

from infra.plan.planning import plan_of
from infra.secret_values import open_secrets
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


def test_no_two_secrets_are_alike(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    open_secrets(file, plan_of(load_topology()))
    values = list(json.loads(file.read_text(encoding="utf-8")).values())
    assert len(set(values)) == len(values)
