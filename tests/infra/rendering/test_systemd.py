"""Each process is a unit that may do little, and stops before what it needs."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.plan.planning import plan_of
from infra.process import Process
from infra.processes import processes_of
from infra.rendering.systemd import (
    TARGET,
    boot_unit,
    firewall_unit,
    name_of_unit,
    quoted,
    rotation_units,
    unit_of,
    units,
)
from infra.run_folder import RunFolder
from infra.suite import Suite
from infra.topology import load_topology


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    plan = plan_of(load_topology(is_watched=True, has_failover=True))
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    python = Path("/usr/bin/python3")
    return Suite(plan, folder, python, may_make_keys=True, patroni_python=python)


@pytest.fixture(scope="module")
def processes(suite: Suite) -> tuple[Process, ...]:
    return processes_of(suite)


@pytest.fixture(scope="module")
def texts(suite: Suite, processes: tuple[Process, ...]) -> Mapping[str, str]:
    return units(processes, suite.folder)


def _values(text: str, key: str) -> list[str]:
    return [line.partition("=")[2] for line in text.splitlines() if line.startswith(f"{key}=")]


def test_each_process_has_a_unit_and_there_is_one_target(
    texts: Mapping[str, str], processes: tuple[Process, ...]
) -> None:
    assert set(texts) == {TARGET, *(unit_of(process.name) for process in processes)}
    named = {name_of_unit(unit) for unit in texts}
    assert named - {""} == {process.name for process in processes}


def test_no_unit_of_a_process_is_started_by_a_boot_itself(texts: Mapping[str, str]) -> None:
    assert not [unit for unit, text in texts.items() if "[Install]" in text]


def test_a_unit_stops_before_all_units_of_earlier_tiers(
    texts: Mapping[str, str], processes: tuple[Process, ...]
) -> None:
    for process in processes:
        after = " ".join(_values(texts[unit_of(process.name)], "After")).split()
        assert set(after) == {unit_of(p.name) for p in processes if p.tier < process.tier}


@pytest.mark.parametrize(
    "line",
    [
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "PrivateTmp=yes",
        "PrivateDevices=yes",
        "ProtectKernelModules=yes",
        "RestrictSUIDSGID=yes",
        "Restart=always",
        f"PartOf={TARGET}",
    ],
)
def test_each_unit_is_confined(
    texts: Mapping[str, str], processes: tuple[Process, ...], line: str
) -> None:
    for process in processes:
        assert line in texts[unit_of(process.name)].splitlines(), process.name


def test_only_what_stays_root_keeps_capabilities_and_others_have_their_account(
    texts: Mapping[str, str], processes: tuple[Process, ...]
) -> None:
    for process in processes:
        text = texts[unit_of(process.name)]
        (kept,) = _values(text, "CapabilityBoundingSet")
        if process.account.switch:
            assert kept == ""
            assert _values(text, "User") == [str(process.account.uid)]
        else:
            assert set(kept.split()) == {f"CAP_{one.upper()}" for one in process.capabilities}


def test_no_unit_holds_a_secret(suite: Suite, texts: Mapping[str, str]) -> None:
    whole = "\n".join(texts.values())
    secrets = [suite.secrets[secret.name] for secret in suite.plan.secrets if not secret.given]
    assert secrets
    assert not [secret for secret in secrets if secret in whole]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1))
def test_a_quoted_word_has_no_meaning_for_systemd(words: list[str]) -> None:
    said = quoted(words)
    assert "\n" not in said
    rest = said.replace("%%", "").replace("$$", "")
    assert "%" not in rest
    assert "$" not in rest


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_understands_every_unit(
    suite: Suite, texts: Mapping[str, str], tmp_path: Path
) -> None:
    whole = {
        **texts,
        "retrato-boot.service": boot_unit("/bin/true", {"RETRATO_RUN_DIR": "/srv/a b"}),
        "retrato-firewall.service": firewall_unit(suite.folder.etc / "firewall.nft"),
        **rotation_units(Path("/srv/logrotate.conf"), Path("/srv/state")),
    }
    for name, text in whole.items():
        (tmp_path / name).write_text(text)
    files = [str(tmp_path / name) for name in whole]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *files],
        check=False,
        capture_output=True,
        text=True,
    )
    ours = [
        line
        for line in done.stderr.splitlines()
        # Programs that this machine lacks are no fault of the units.
        if "retrato" in line and "not executable" not in line and "not-found" not in line
    ]
    assert not ours
