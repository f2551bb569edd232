"""What is wrong with the backups now, as `make status` shows it."""

import json
import time

from infra.accounts import account_for
from infra.control.failures import SuiteFailure
from infra.json_files import read_json
from infra.rendering.files import write_rendered
from infra.suite import Suite

# The keeper writes at every round; several rounds without a word mean that it does not work.
_ROUNDS_MAX = 5


class Complaints:
    """One sentence for each thing that is wrong, until it is well again."""

    def __init__(self, suite: Suite) -> None:
        self._file = suite.folder.complaints_file
        self._standing: dict[str, str] = {}
        self._said = "nothing yet can be restored"

    def raise_(self, subject: str, sentence: str) -> bool:
        """Note it; returns whether it is new."""
        is_new = subject not in self._standing
        self._standing[subject] = sentence
        return is_new

    def withdraw(self, subject: str) -> bool:
        """It is well again; returns whether it was not."""
        return self._standing.pop(subject, None) is not None

    def stands_any(self, beginning: str) -> bool:
        """Whether something of that name is wrong."""
        return any(subject.startswith(beginning) for subject in self._standing)

    def sentences(self) -> list[str]:
        """All that is wrong."""
        return sorted(self._standing.values())

    def write(self, said: str) -> None:
        """Write what stands, and in one line what is restorable."""
        self._said = said
        self.write_again()

    def write_again(self) -> None:
        """Write what stands now, between two rounds."""
        document = {"at": time.time(), "said": self._said, "complaints": self.sentences()}
        write_rendered(self._file, json.dumps(document), account_for("service"))


def backup_lines(suite: Suite) -> tuple[list[str], bool]:
    """What to show of the backups, and whether all is well with them."""
    if not suite.plan.backup.enabled:
        return ["backups: off"], True
    file = suite.folder.complaints_file
    if not file.exists():
        return ["backups: the keeper has not said anything yet"], True
    try:
        document = read_json(file)
    except SuiteFailure:
        return [f"backups: {file} cannot be read; the keeper soon writes it anew"], True
    lines = [f"backups: {document['said']}"]
    lines += [f"  {sentence}" for sentence in document["complaints"]]
    silent_s = time.time() - document["at"]
    if silent_s > _ROUNDS_MAX * suite.plan.backup.wal_seconds_max:
        lines.append(f"  the keeper has said nothing for {silent_s / 60:.0f} minutes")
    return lines, len(lines) == 1
