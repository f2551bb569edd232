"""systemd controls an installed suite with the words that commands have for the supervisor."""

from pathlib import Path

import pytest

from tests.infra.public_machine import booted_machine, lacking

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(bool(lacking()), reason=f"needs {lacking()}"),
    # Once, a whole Debian is made.
    pytest.mark.timeout(1200),
]


def test_each_word_of_the_supervisor_has_its_meaning_with_systemd() -> None:
    script = Path(__file__).with_name("units_on_machine.py").relative_to(Path.cwd())
    with booted_machine(has_packages=False) as machine:
        done = machine.run("env", "--chdir=/opt/retrato", "PYTHONPATH=.", "python3", str(script))
    assert done.returncode == 0, done.stdout + done.stderr
