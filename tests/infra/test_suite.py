"""A suite stores how it was started, so later commands need no options."""

from pathlib import Path

import pytest

from infra.run_folder import RunFolder
from infra.suite import limits_of
from infra.topology_tables import TopologyError


def test_limits_are_the_usual_ones_unless_it_was_said_otherwise(tmp_path: Path) -> None:
    assert limits_of(RunFolder(tmp_path), requested=None) == "usual"


def test_limits_stay_as_the_last_start_said(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.limits_file.write_text("loose\n", encoding="ascii")
    assert limits_of(folder, requested=None) == "loose"
    assert limits_of(folder, requested="usual") == "usual"


def test_limits_of_another_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TopologyError, match="usual, loose"):
        limits_of(RunFolder(tmp_path), requested="none")
