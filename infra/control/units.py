"""Controls the processes of an installed suite, each of which is a unit of systemd."""

import subprocess
import time
from collections.abc import Iterator, Mapping

from infra.control.failures import SuiteFailure
from infra.control.supervisor import ProcessState, Supervisor, SupervisorSilent
from infra.rendering.systemd import FIREWALL, TARGET, UNIT_FOLDER, name_of_unit, unit_of
from infra.run_folder import RunFolder

# systemd answers in milliseconds, and on a busy machine in a second or two.
_ANSWER_TIMEOUT_S = 15.0
_STOP_TIMEOUT_S = 90.0
_SHOWN = (
    *("Id", "ActiveState", "SubState", "MainPID", "NeedDaemonReload"),
    *("ExecMainStartTimestampMonotonic", "InactiveEnterTimestampMonotonic"),
)
# By systemd's two words: what the other supervisor calls it.
_STATES = {
    ("active", "running"): "RUNNING",
    ("activating", "auto-restart"): "BACKOFF",
    ("inactive", "dead"): "STOPPED",
    ("failed", "failed"): "FATAL",
}
_ROUGHLY = {"active": "EXITED", "activating": "STARTING", "deactivating": "STOPPING"}
_MICROSECONDS = 1_000_000


class Units(Supervisor):
    """systemd as the supervisor of a run folder; the target says whether the suite is to run."""

    def __init__(self, folder: RunFolder) -> None:
        super().__init__(folder)

    def is_running(self) -> bool:
        """Whether the target is active; raises SupervisorSilent if systemd does not answer."""
        return self._said("is-active", TARGET).strip() in {"active", "deactivating"}

    def states(self) -> dict[str, ProcessState]:
        """Return the state of every process by name."""
        units = sorted({*self._described(), *self._loaded()})
        shown = _blocks(self._told("show", f"--property={','.join(_SHOWN)}", "--", *units))
        return {state.name: state for state in map(_state, shown)}

    def state(self, name: str) -> ProcessState:
        """Return the state of one process."""
        return _state(
            next(_blocks(self._told("show", f"--property={','.join(_SHOWN)}", unit_of(name))))
        )

    def start(self, name: str) -> None:
        """Start a process without waiting; one that waits for its next attempt starts at once."""
        if self.state(name).state == "BACKOFF":
            # systemd would wait for the moment of that attempt.
            self._told("stop", unit_of(name), timeout_s=_STOP_TIMEOUT_S)
        self._told("start", "--no-block", unit_of(name))

    def begin_stop(self, name: str) -> None:
        """Stop a process without waiting; no error if it does not run."""
        self._told("stop", "--no-block", unit_of(name))

    def signal(self, name: str, signal_name: str) -> None:
        """Send a signal to a process; no error if it does not run."""
        # systemd says that there is no main process, which is no fault here.
        self._run("kill", "--kill-whom=main", f"--signal=SIG{signal_name}", unit_of(name))

    def launch(self) -> None:
        """Let systemd read the units, and say by the target that the suite is to run."""
        self._reread()
        self._told("start", TARGET)

    def reload(self) -> set[str]:
        """Let systemd reread the units; returns the names of processes with another description."""
        units = self._described()
        shown = list(_blocks(self._told("show", f"--property={','.join(_SHOWN)}", "--", *units)))
        self._reread()
        return {name_of_unit(one["Id"]) for one in shown if one["NeedDaemonReload"] == "yes"}

    def remove_undescribed(self, prefix: str = "") -> list[str]:
        """Stop processes whose unit is gone; returns their names."""
        self._reread()
        gone = [name_of_unit(one) for one in set(self._loaded()) - set(self._described())]
        chosen = sorted(name for name in gone if name.startswith(prefix))
        for name in chosen:
            self._told("stop", unit_of(name), timeout_s=_STOP_TIMEOUT_S)
        return chosen

    def remove(self, name: str) -> None:
        """Forget a stopped process; systemd does so by itself."""

    def renew(self, name: str) -> None:
        """Give a stopped process its new description, which `reload` has read already."""

    def end(self) -> None:
        """Stop the target, which first stops whatever still runs."""
        self._told("stop", TARGET, *self._loaded(), timeout_s=_STOP_TIMEOUT_S)

    def _reread(self) -> None:
        """Let systemd read the units, and the kernel the rules that were rendered with them."""
        self._told("daemon-reload")
        # Nobody would reach a new process by the former rules.
        if (UNIT_FOLDER / FIREWALL).exists():
            self._told("reload-or-restart", FIREWALL)

    def _described(self) -> list[str]:
        return [file.name for file in UNIT_FOLDER.glob(unit_of("*")) if name_of_unit(file.name)]

    def _loaded(self) -> list[str]:
        """Return the units that systemd knows as started, also those whose file is gone."""
        words = ("list-units", "--plain", "--no-legend", "--all", "--state=active,activating")
        lines = self._told(*words, unit_of("*")).splitlines()
        return [unit for line in lines if line and name_of_unit(unit := line.split()[0])]

    def _told(self, *words: str, timeout_s: float = _ANSWER_TIMEOUT_S) -> str:
        done = self._run(*words, timeout_s=timeout_s)
        if done.returncode:
            raise SuiteFailure(f"systemctl {' '.join(words[:3])} failed: {done.stderr.strip()}")
        return done.stdout

    def _said(self, *words: str) -> str:
        return self._run(*words).stdout

    def _run(
        self, *words: str, timeout_s: float = _ANSWER_TIMEOUT_S
    ) -> "subprocess.CompletedProcess[str]":
        try:
            return subprocess.run(
                ["systemctl", "--no-pager", "--no-ask-password", *words],
                check=False,
                capture_output=True,
                text=True,
                timeout=timeout_s,
            )
        except subprocess.TimeoutExpired:
            raise SupervisorSilent(
                f"systemd has not answered for {timeout_s:.0f} s: `systemctl status` and"
                " `journalctl -b` say more."
            ) from None


def _blocks(shown: str) -> Iterator[Mapping[str, str]]:
    """Yield the properties of each unit; an empty line stands between two."""
    for block in shown.strip().split("\n\n"):
        found = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if found:
            yield found


def _state(shown: Mapping[str, str]) -> ProcessState:
    words = (shown["ActiveState"], shown["SubState"])
    pid = int(shown["MainPID"])
    moment = "ExecMainStartTimestampMonotonic" if pid else "InactiveEnterTimestampMonotonic"
    return ProcessState(
        name=name_of_unit(shown["Id"]),
        state=_STATES.get(words, _ROUGHLY.get(words[0], "STOPPED")),
        pid=pid,
        since=_unix_time(int(shown[moment] or 0)),
    )


def _unix_time(microseconds: int) -> int:
    """Return a moment of the clock that counts from the boot as Unix time; 0 for never."""
    if not microseconds:
        return 0
    return int(
        time.time() - time.clock_gettime(time.CLOCK_MONOTONIC) + microseconds / _MICROSECONDS
    )
