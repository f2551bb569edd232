"""What is rendered for the watchers is understood by them, with and without receivers."""

import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from infra.plan.figures import Mail, Watch
from infra.plan.planning import plan_of
from infra.plan.watchers import NGINX_EXPORTER, REDIS_EXPORTER
from infra.processes import processes_of
from infra.programs import program
from infra.rendering.everything import render_everything
from infra.run_folder import RunFolder
from infra.suite import Suite
from infra.topology import load_topology
from infra.watching.commands import watcher_command

_MAIL = Mail(to="on-call@example.com", sender="suite@example.com", smarthost="mail:587", user="me")


def _drawn() -> Watch:
    watch = load_topology(is_watched=True).watch
    assert watch is not None
    return watch


def _rendered(folder: Path, watch: Watch | None) -> Suite:
    drawn = load_topology(is_watched=True, has_failover=True)
    plan = plan_of(replace(drawn, watch=watch))
    suite = Suite(
        plan,
        RunFolder(folder),
        Path("/decoder/python"),
        may_make_keys=True,
        patroni_python=Path("/venv-ha/bin/python"),
    )
    render_everything(suite, processes_of(suite))
    return suite


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"webhook": "https://pager.example.com/x"},
        {"heartbeat": "https://alive.example.com/y", "mail": _MAIL},
    ],
    ids=["nobody", "webhook", "mail and heartbeat"],
)
def test_the_programs_take_their_files(tmp_path: Path, told: dict[str, object]) -> None:
    etc = _rendered(tmp_path, replace(_drawn(), **told)).folder.etc  # type: ignore[arg-type]
    for words in (
        ("promtool", "check", "config", str(etc / "prometheus" / "prometheus.yml")),
        ("promtool", "check", "web-config", str(etc / "prometheus" / "web.yml")),
        ("amtool", "check-config", str(etc / "alertmanager" / "alertmanager.yml")),
    ):
        done = subprocess.run(
            [program(words[0]), *words[1:]],
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    text = (etc / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8")
    for value in (told.get("webhook"), told.get("heartbeat")):
        assert not value or f'"{value}"' in text


def test_a_suite_without_watchers_has_none_of_their_files_and_no_open_page(tmp_path: Path) -> None:
    suite = _rendered(tmp_path, None)
    etc = suite.folder.etc
    assert not [name for name in ("prometheus", "alertmanager") if (etc / name).exists()]
    assert suite.folder.watch_file.read_text(encoding="ascii") == "off\n"
    for file in (etc / "nginx" / "nginx-1.conf", etc / "dns" / "pdns.conf"):
        text = file.read_text(encoding="utf-8")
        assert "stub_status" not in text
        assert "webserver=yes" not in text
    member = suite.plan.members[0].name
    hba = (etc / "postgres" / member / "pg_hba.conf").read_text(encoding="utf-8")
    assert "monitor" not in hba
    acl = (etc / "redis" / "feed.acl").read_text(encoding="utf-8")
    assert "user monitor off " in acl


def test_an_exporter_gives_a_part_up_before_prometheus_gives_the_exporter_up(
    tmp_path: Path,
) -> None:
    suite = _rendered(tmp_path, _drawn())
    prometheus = (suite.folder.etc / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    (scrape_s,) = re.findall(r"scrape_timeout: (\d+)s", prometheus)
    for role, flag in ((REDIS_EXPORTER, "-connection-timeout"), (NGINX_EXPORTER, "-nginx.timeout")):
        planned = next(one for one in suite.plan.processes if one.role == role)
        words = dict(word.partition("=")[::2] for word in watcher_command(suite, planned))
        assert 0 < int(words[flag].removesuffix("s")) < int(scrape_s)


@pytest.mark.skipif(os.geteuid() != 0, reason="without root, all files have one owner")
def test_secrets_are_read_by_their_own_account(tmp_path: Path) -> None:
    etc = _rendered(tmp_path, _drawn()).folder.etc
    for file in (
        etc / "prometheus" / "operator.token",
        etc / "alertmanager" / "alertmanager.yml",
        etc / "postgres-exporter.env",
        etc / "redis-exporter.env",
    ):
        found = file.stat()
        assert found.st_mode & 0o077 == 0
        assert found.st_uid != 0
