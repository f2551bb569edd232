"""The present problems of the backups, as `make status` shows them."""

import json
import time

from infra.accounts import account_for
from infra.backups.vanished import vanished_lines
from infra.control.failures import SuiteFailure
from infra.elsewhere.refusals import backups_line
from infra.json_files import read_json
from infra.rendering.files import write_rendered
from infra.suite import Suite

# The keeper writes in every round, so after several rounds without an update it is not working.
_ROUNDS_MAX = 5


class Complaints:
    """A sentence for each present problem, by subject."""

    def __init__(self, suite: Suite) -> None:
        self._file = suite.folder.complaints_file
        self._standing: dict[str, str] = {}
        self._said = "nothing yet can be restored"

    def raise_(self, subject: str, sentence: str) -> bool:
        """Add or update a problem; returns whether it is new."""
        is_new = subject not in self._standing
        self._standing[subject] = sentence
        return is_new

    def withdraw(self, subject: str) -> bool:
        """Remove a solved problem; returns whether there was one."""
        return self._standing.pop(subject, None) is not None

    def stands_any(self, beginning: str) -> bool:
        """Whether any problem's subject begins like this."""
        return any(subject.startswith(beginning) for subject in self._standing)

    def sentences(self) -> list[str]:
        """Return all sentences, sorted."""
        return sorted(self._standing.values())

    def write(self, said: str) -> None:
        """Write the problems to the file, with a line about what can be restored."""
        self._said = said
        self.write_again()

    def write_again(self) -> None:
        """Write the problems again with the last line, between two rounds."""
        document = {"at": time.time(), "said": self._said, "complaints": self.sentences()}
        write_rendered(self._file, json.dumps(document), account_for("backup-keeper"))


def backup_lines(suite: Suite) -> tuple[list[str], bool]:
    """Return the lines to show about the backups, and whether there is no problem."""
    if elsewhere := backups_line(suite.plan):
        return [elsewhere], True
    if not suite.plan.backup.enabled:
        return ["backups: off"], True
    lines, are_well = _reported(suite)
    vanished = [f"  {line}" for line in vanished_lines(suite)]
    return [*lines, *vanished], are_well and not vanished


def _reported(suite: Suite) -> tuple[list[str], bool]:
    """Return the lines of the keeper's report, and whether there is no problem."""
    file = suite.folder.complaints_file
    if not file.exists():
        return ["backups: the keeper has not reported yet"], True
    try:
        document = read_json(file)
    except SuiteFailure:
        return [f"backups: {file} cannot be read; the keeper will soon replace it"], True
    lines = [f"backups: {document['said']}"]
    lines += [f"  {sentence}" for sentence in document["complaints"]]
    silent_s = time.time() - document["at"]
    if silent_s > _ROUNDS_MAX * suite.plan.backup.wal_seconds_max:
        lines.append(f"  the keeper has not reported for {silent_s / 60:.0f} minutes")
    return lines, len(lines) == 1
