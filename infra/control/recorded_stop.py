"""Stops the suite and records in the ledger what it held."""

import asyncio

from infra.control.progress import Progress
from infra.control.recording import record_if_possible, record_stopped
from infra.control.stop import stop_suite
from infra.suite import Suite


def stop_and_record(suite: Suite, progress: Progress) -> bool:
    """Stop everything; returns False if nothing ran.

    The ledger goes into the databases while they still answer. It goes into the run folder after
    they are closed, because only then their last positions are known.
    """

    def record() -> None:
        if not asyncio.run(record_if_possible(suite)):
            progress.say("the ledger stays as it was: not every primary answers")

    ran = stop_suite(suite, progress, before_data_stops=record)
    record_stopped(suite)
    return ran
