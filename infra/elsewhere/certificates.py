"""Checks that a folder of given certificates has what every part of the suite shows."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.certificates import Authority, KeyPair
from infra.control.failures import SuiteFailure
from infra.given_certificates import GivenCertificates, Wanted, faults_of
from infra.own_processes import settings_of_process
from infra.processes import processes_of
from infra.rendering.everything import render_everything
from infra.run_folder import RunFolder
from infra.suite import Suite

_RENDERED_BY_ITSELF = ("caretaker", "backup-keeper")


class _Noting(Authority):
    """Signs whatever is asked for, and remembers what that was."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked: dict[str, Wanted] = {}

    def server_pair(
        self,
        name: str,
        hosts: Iterable[str],
        *,
        spelled_addresses: Iterable[str] = (),
        for_clients: bool = False,
    ) -> KeyPair:
        names, spelled = tuple(dict.fromkeys(hosts)), tuple(spelled_addresses)
        self.asked[name] = Wanted((*names, *spelled), for_clients)
        return super().server_pair(name, names, spelled_addresses=spelled, for_clients=for_clients)


def needed_certificates(suite: Suite) -> dict[str, Wanted]:
    """Return what each part of the suite would show, by the name of its files.

    Everything is rendered as a start does, into a folder and with an authority for the moment.
    """
    with TemporaryDirectory() as folder:
        noting = _Noting(Path(folder) / "pki")
        plan = replace(suite.plan, backup=replace(suite.plan.backup, folder=""))
        tried = replace(suite, plan=plan, folder=RunFolder(Path(folder)))
        # In the places of what a suite reads from its own folder.
        vars(tried).update(authority=noting, secrets=suite.secrets)
        render_everything(tried, processes_of(tried))
        planned = {process.name for process in suite.plan.processes}
        for name in planned.intersection(_RENDERED_BY_ITSELF):
            settings_of_process(tried, name)
        return noting.asked


def require_certificates(suite: Suite) -> None:
    """Raise SuiteFailure with a sentence for each given certificate that lacks or is not good."""
    given = suite.authority
    if not isinstance(given, GivenCertificates):
        return
    if faults := faults_of(given, needed_certificates(suite)):
        raise SuiteFailure("\n".join((*faults, "Nothing was done.")))
