"""Runs a host's units as systemd would, where there is no systemd: `unit_runner.py UNITS TARGET…`.

It starts what the targets want, and starts again whatever ends, after the unit's pause. It reads
one command per line from its standard input: `start TARGET`, `restart UNIT…`, `hup UNIT…`, `stop`.
"""

import grp
import os
import pwd
import resource
import shlex
import signal
import subprocess
import sys
import threading
from collections import defaultdict
from pathlib import Path

_OWN_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_STOP_S = 30.0
_FILES_MAX = 65_536


class Unit:
    """One unit, with all values of each key of its sections."""

    def __init__(self, file: Path) -> None:
        self.name = file.name
        self.values: dict[str, list[str]] = defaultdict(list)
        for line in file.read_text(encoding="utf-8").splitlines():
            key, equals, value = line.partition("=")
            if equals and not line.startswith(("#", "[")):
                self.values[key].append(value)
        self.child: subprocess.Popen[bytes] | None = None
        self.is_wanted = False
        self._stopped = threading.Event()

    def one(self, key: str, default: str = "") -> str:
        """The last value of a key."""
        return self.values[key][-1] if self.values[key] else default

    def run(self) -> None:
        """Start it again and again while it is wanted."""
        while self.is_wanted:
            self.child = self._start()
            self.child.wait()
            # A stop ends the pause.
            self._stopped.wait(float(self.one("RestartSec", "1")))

    def stop(self) -> None:
        """Send its signal, and kill it if it does not end."""
        self.is_wanted = False
        self._stopped.set()
        if self.child is None or self.child.poll() is not None:
            return
        self.child.send_signal(getattr(signal, self.one("KillSignal", "SIGTERM")))
        try:
            self.child.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.child.pid, signal.SIGKILL)

    def _start(self) -> subprocess.Popen[bytes]:
        log = self.one("StandardOutput").removeprefix("append:") or "/dev/null"
        user = self.one("User", "root")
        with Path(log).open("ab") as out:
            return subprocess.Popen(
                ["nice", "-n", self.one("Nice", "0"), *_words(self.one("ExecStart"))],
                cwd=self.one("WorkingDirectory", "/"),
                env=self._environment(),
                user=user,
                group=self.one("Group", grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name),
                extra_groups=self.one("SupplementaryGroups").split(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                umask=int(self.one("UMask", "0022"), 8),
                start_new_session=True,
            )

    def _environment(self) -> dict[str, str]:
        pairs = (_words(value)[0].partition("=") for value in self.values["Environment"])
        return {name: value for name, _equals, value in pairs}


def _words(text: str) -> list[str]:
    """Undo what the renderer does for systemd."""
    return [word.replace("$$", "$").replace("%%", "%") for word in shlex.split(text)]


class Runner:
    """The units of a folder, by what wants them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._units: list[Unit] = []
        # Every child inherits it; an account of its own could not raise it.
        _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        files = min(_FILES_MAX, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    def _read(self) -> None:
        """Read units that came since."""
        known = {unit.name for unit in self._units}
        for file in sorted(self._folder.glob("*.service")):
            if file.name not in known:
                self._units.append(Unit(file))

    def start(self, target: str) -> None:
        """Start every process that the target wants."""
        self._read()
        for unit in self._units:
            if target in unit.values["WantedBy"] and not unit.is_wanted:
                unit.is_wanted = True
                threading.Thread(target=unit.run, daemon=True).start()

    def start_all(self, targets: list[str]) -> None:
        """Start what some targets want."""
        for target in targets:
            self.start(target)

    def restart(self, names: list[str]) -> None:
        """End units, which then start again by themselves."""
        for unit in self._units:
            if unit.name in names and unit.child is not None:
                unit.child.send_signal(getattr(signal, unit.one("KillSignal", "SIGTERM")))

    def hang_up(self, names: list[str]) -> None:
        """Let units read their files again."""
        for unit in self._units:
            if unit.name in names and unit.child is not None:
                unit.child.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """Stop all at once."""
        threads = [threading.Thread(target=unit.stop) for unit in self._units]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def main() -> None:
    """Follow the commands of the standard input."""
    for number in _OWN_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    runner = Runner(Path(sys.argv[1]))
    for target in sys.argv[2:]:
        runner.start(target)
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "stop":
            break
        {"start": runner.start_all, "restart": runner.restart, "hup": runner.hang_up}[word](rest)
    runner.stop()


if __name__ == "__main__":
    main()
