"""Prints what a start would change, and which changes are impossible (`make plan-changes`)."""

import sys
from collections.abc import Collection

from infra.control.supervisor import Supervisor
from infra.holdings.ledger import read_ledger
from infra.holdings.topology_changes import Change, When, drawn_groups, impossible, topology_changes
from infra.plan.parts import Plan
from infra.processes import processes_of
from infra.rendering.differences import changed_files
from infra.status.numbers import number_lines
from infra.suite import Suite


def print_changes(suite: Suite) -> bool:
    """Print all changes; returns whether all are possible."""
    sys.stdout.writelines(f"{line}\n" for line in number_lines(suite))
    changes = changes_of(suite)
    if not changes:
        sys.stdout.write("Topology and suite agree: nothing would change.\n")
    for when in When:
        sentences = [change.sentence for change in changes if change.when is when]
        if sentences:
            sys.stdout.write(f"{when.value}:\n")
            sys.stdout.writelines(f"  {sentence}\n" for sentence in sentences)
    return not impossible(changes)


def changes_of(suite: Suite) -> list[Change]:
    """Return the differences between topology and ledger, then those of rendered files."""
    ledger = read_ledger(suite.folder.ledger_file)
    if ledger is None or ledger.applied is None:
        return [Change(When.NOW, "there is no ledger yet: `make up` makes or adopts the suite")]
    changes = topology_changes(ledger.applied, drawn_groups(suite.plan))
    if impossible(changes) or not Supervisor(suite.folder).is_running():
        return changes
    processes = processes_of(suite)
    described = Supervisor(suite.folder).states().keys()
    files = changed_files(suite, processes)
    return [*changes, *come_and_gone(suite.plan, described)] + [
        Change(When.RESTART, f"{name}: {', '.join(map(str, differing)) or 'its description'}")
        for name, differing in files.items()
        if name in described or name == "supervisor"
    ]


def come_and_gone(plan: Plan, described: Collection[str]) -> list[Change]:
    """Return the processes that only the plan has, and those that only the supervisor has."""
    planned = {process.name: process for process in plan.processes}
    new = [process for name, process in planned.items() if name not in described]
    return [
        *(Change(When.NOW, f"{p.name} is new: it starts at {p.address}:{p.port}") for p in new),
        *(
            Change(When.NOW, f"{name} is gone: it is stopped")
            for name in sorted(set(described) - set(planned))
        ),
    ]
