"""A process that left the topology runs until it is removed, also while others are updated."""

from collections.abc import Iterator

import pytest

from infra.control.supervisor import Supervisor
from tests.suite import Suite

PROGRAM = """
[program:{name}]
command = sleep 600
autostart = false
stopwaitsecs = 5
"""


@pytest.fixture
def supervisor(data_suite: Suite) -> Iterator[Supervisor]:
    """A supervisor with two more programs, both running."""
    config = data_suite.run_dir / "etc" / "supervisord.conf"
    text = config.read_text(encoding="utf-8")
    found = Supervisor(data_suite.on_disk.folder)
    drawn = "".join(PROGRAM.format(name=name) for name in ("postgres-extra", "extra"))
    config.write_text(text + drawn, encoding="utf-8")
    try:
        found.reload()
        found.start("postgres-extra")
        found.start("extra")
        config.write_text(text, encoding="utf-8")
        yield found
    finally:
        config.write_text(text, encoding="utf-8")
        found.remove_undescribed()


def test_what_is_no_longer_described_runs_until_it_is_removed(supervisor: Supervisor) -> None:
    supervisor.reload()
    assert {"extra", "postgres-extra"} <= set(supervisor.states())
    assert supervisor.remove_undescribed("postgres-") == ["postgres-extra"]
    assert "extra" in supervisor.states()
    assert supervisor.remove_undescribed() == ["extra"]
    assert not {"extra", "postgres-extra"} & set(supervisor.states())
    assert supervisor.remove_undescribed() == []
