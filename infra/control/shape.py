"""Turns a suite into one with failover and back, on the same data."""

import shutil
from pathlib import Path

from infra.control.progress import Progress
from infra.control.recorded_stop import stop_and_record
from infra.holdings.last_leaders import last_leader
from infra.json_files import sync_folder
from infra.leaders import leader
from infra.plan.parts import Database, Member
from infra.rendering.postgres import data_folder
from infra.suite import Suite, suite_as_it_was

_ON_THE_WAY = ".giving-back"


def change_shape(suite: Suite, progress: Progress) -> None:
    """Stop a suite that had failover and should not, or the reverse, and put the data in place.

    Each step can be repeated, because `failover-is` changes only once the data has its place.
    """
    former = suite_as_it_was(suite)
    if (former.plan.failover is None) == (suite.plan.failover is None):
        return
    if stop_and_record(former, progress):
        progress.say("the suite was stopped: it starts in another shape")
    if suite.plan.failover is None:
        for database in former.plan.databases:
            _give_back(former, database, progress)
    # What etcd knows is of the former shape; Patroni learns it again from the databases.
    shutil.rmtree(suite.folder.etcd, ignore_errors=True)


def _give_back(suite: Suite, database: Database, progress: Progress) -> None:
    """Give the data of the member that led last to the first member, which leads from now on."""
    first = leader(database)
    for member in database.members[1:]:
        _finish_exchange(suite, first, member)
    heir = last_leader(suite, database)
    if heir == first:
        return
    place = data_folder(suite, first)
    if place.exists():
        place.rename(_on_the_way(suite, first, heir))
    _finish_exchange(suite, first, heir)
    progress.say(f"the data of {heir.name} has the place of {first.name}, because it led last")


def _finish_exchange(suite: Suite, first: Member, heir: Member) -> None:
    place, other = data_folder(suite, first), data_folder(suite, heir)
    waiting = _on_the_way(suite, first, heir)
    if not place.exists() and other.exists():
        other.rename(place)
    if waiting.exists() and not other.exists():
        waiting.rename(other)
    sync_folder(place.parent)


def _on_the_way(suite: Suite, first: Member, heir: Member) -> Path:
    return data_folder(suite, first).with_name(f"{first.name}.for-{heir.name}{_ON_THE_WAY}")
