"""Keeps automation off while a run loads and breaks the suite, so that only the run changes it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from infra.automation.decisions import MODES, Mode
from infra.automation.executor import mode_of
from infra.json_files import write_durably
from infra.run_folder import RunFolder

# Automation reads this as off, because it is none of its words. One file holds both modes, so a run
# that was killed leaves no contradiction, and `make automation ON=1` replaces both.
_OFF_THEN = "off, then "


@contextmanager
def automation_off(folder: RunFolder) -> Iterator[None]:
    """Switch automation off, and back to its former mode at the end.

    After a run that was killed, the next one goes back to the mode of before that run. A mode that
    somebody chooses meanwhile stays.
    """
    if _former_mode(folder) is None:
        write_durably(folder.automation_file, f"{_OFF_THEN}{mode_of(folder)}\n")
    try:
        yield
    finally:
        if (former := _former_mode(folder)) is not None:
            write_durably(folder.automation_file, f"{former}\n")


def _former_mode(folder: RunFolder) -> Mode | None:
    """Return the mode to go back to; None if automation is as somebody chose it."""
    with suppress(FileNotFoundError, UnicodeDecodeError):
        said = folder.automation_file.read_text(encoding="ascii").strip()
        return next((mode for mode in MODES if said == _OFF_THEN + mode), None)
    return None
