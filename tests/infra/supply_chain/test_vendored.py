"""Libraries in the tree are as their makers published them, and their licences are allowed."""

import shutil
from pathlib import Path

from infra.run_folder import REPOSITORY
from infra.supply_chain.bill import write_bill
from infra.supply_chain.licences import forbidden_licences, read_policy
from infra.supply_chain.vendored import changed_files, vendored_parts

_UPLOT = "infra/ops/page/files/vendor/uPlot-1.6.32"


def test_every_file_is_as_published() -> None:
    assert changed_files() == []


def test_a_changed_a_missing_and_an_added_file_are_found(tmp_path: Path) -> None:
    copy = tmp_path / _UPLOT
    shutil.copytree(REPOSITORY / _UPLOT, copy)
    assert changed_files(root=tmp_path) == []
    (copy / "uPlot.min.css").write_text("", encoding="utf-8")
    (copy / "LICENSE").unlink()
    (copy / "more.js").touch()
    names = {finding.text.split()[0].rpartition("/")[2] for finding in changed_files(root=tmp_path)}
    assert names == {"uPlot.min.css", "LICENSE", "more.js"}


def test_their_licences_are_allowed_and_the_bill_names_them() -> None:
    assert forbidden_licences(vendored_parts(), read_policy()) == []
    assert "pkg:npm/uplot@1.6.32" in write_bill(vendored_parts(), "0")


def test_no_other_library_stands_in_the_tree() -> None:
    folders = {path.name for path in (REPOSITORY / _UPLOT).parent.iterdir()}
    assert folders == {f"uPlot-{part.version}" for part in vendored_parts()}
