"""The suite as its files say now, for processes that work while people edit those files."""

from dataclasses import replace

from infra.control.failures import SuiteFailure
from infra.suite import Suite, limits_of, suite_as_it_was
from infra.topology_tables import TopologyError
from shared.logs import get_logger

log = get_logger()


class LatestSuite:
    """Reads the files of a suite again and again; while one of them is broken, nothing changes."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite
        self._complained = ""

    def read(self) -> Suite:
        """Return the suite as it is now, or as it could be read last; each fault is logged once."""
        try:
            latest = suite_as_it_was(self._suite)
            self._suite = replace(latest, limits=limits_of(latest.folder, requested=None))
            self._complained = ""
        except (SuiteFailure, TopologyError, OSError) as fault:
            if str(fault) != self._complained:
                self._complained = str(fault)
                log.warning("suite_stays_as_it_was", error=str(fault))
        return self._suite
