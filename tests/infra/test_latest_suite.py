"""A half-edited file of a suite leaves it as it was, for those who read it again and again."""

from functools import partial
from pathlib import Path

import pytest

from infra.latest_suite import LatestSuite
from infra.run_folder import RunFolder
from infra.scaling.counts import counts_of
from infra.suite import suite_in
from infra.topology import TOPOLOGY_FILE, load_topology

LINES = TOPOLOGY_FILE.read_text(encoding="utf-8").splitlines(keepends=True)


@pytest.fixture
def topology(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "topology.toml"
    file.write_text("".join(LINES), encoding="utf-8")
    for name in ("RETRATO_BACKUPS", "RETRATO_WATCH", "RETRATO_HA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("infra.suite.load_topology", partial(load_topology, file))
    return file


@pytest.fixture
def latest(tmp_path: Path, topology: Path) -> LatestSuite:
    assert topology.exists()
    return LatestSuite(suite_in(RunFolder(tmp_path), "127.99"))


def test_no_line_that_is_missing_or_cut_stops_a_reader(topology: Path, latest: LatestSuite) -> None:
    good = latest.read().plan
    drawn = [at for at, line in enumerate(LINES) if line.strip() and not line.startswith("#")]
    for number in drawn[::3]:
        line = LINES[number]
        for kept in (LINES[:number], LINES[:number] + LINES[number + 1 :]):
            topology.write_text("".join(kept), encoding="utf-8")
            latest.read()
        topology.write_text("".join(LINES[:number]) + line[: len(line) // 2], encoding="utf-8")
        latest.read()
    topology.write_text("".join(LINES), encoding="utf-8")
    assert latest.read().plan == good


@pytest.mark.parametrize("value", ["-1", '"soon"', "[]", "inf"])
def test_no_value_stops_a_reader(topology: Path, latest: LatestSuite, value: str) -> None:
    for number, line in [*enumerate(LINES)][::2]:
        name, is_value, _ = line.partition(" = ")
        if is_value and not line.startswith("#"):
            changed = [*LINES[:number], f"{name} = {value}\n", *LINES[number + 1 :]]
            topology.write_text("".join(changed), encoding="utf-8")
            latest.read()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("scale.json", "{"),
        ("scale.json", '{"feed": 0}'),
        ("scale.json", '{"feed": 999}'),
        ("failover-is", "perhaps"),
        ("watch-is", "perhaps"),
        ("limits", "perhaps"),
        ("backups-are", "perhaps"),
        ("topology.toml", ""),
    ],
)
def test_a_broken_file_leaves_the_suite_as_it_was_and_is_logged_once(
    tmp_path: Path,
    topology: Path,
    latest: LatestSuite,
    capsys: pytest.CaptureFixture[str],
    name: str,
    text: str,
) -> None:
    good = latest.read().plan
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert [latest.read().plan for _look in range(3)] == [good] * 3
    assert capsys.readouterr().out.count("suite_stays_as_it_was") == 1
    (tmp_path / name).unlink()
    topology.write_text("".join(LINES), encoding="utf-8")
    (tmp_path / "scale.json").write_text('{"feed": 3}', encoding="utf-8")
    assert counts_of(latest.read().plan)["feed"] == 3
