"""Entry point of `python3 -m infra.bootstrap [--dev] [--ha=1] [--public]`: installs packages.

It runs before anything is installed, so it may import only the standard library.
"""

import os
import sys
import time
import tomllib
from pathlib import Path

from infra.bootstrap.debian import install_missing_packages
from infra.bootstrap.environments import make_environment
from infra.bootstrap.failures import BootstrapFailure
from infra.run_folder import REPOSITORY, RunFolder, RunFolderClosed, locate_run_folder

_PYTHON_MIN = (3, 11)
_LOCKS = REPOSITORY / "infra" / "locks"
_TOPOLOGY = REPOSITORY / "infra" / "topology.toml"


def main(arguments: list[str]) -> int:
    """Install what is missing; takes a fraction of a second if nothing is missing."""
    began_s = time.monotonic()

    def say(text: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began_s:6.1f} s  {text}\n")
        sys.stdout.flush()

    try:
        _require_python()
        for_tests = "--dev" in arguments
        has_failover = _has_failover(arguments)
        install_missing_packages(
            say,
            for_tests=for_tests,
            for_failover=has_failover,
            for_watch=_is_watched(arguments),
            for_public="--public" in arguments or _is_public(),
        )
        folder = _environments_folder()
        names = ("main.txt", "dev.txt") if for_tests else ("main.txt",)
        make_environment(folder / "venv", [_LOCKS / name for name in names], say)
        make_environment(folder / "venv-decoder", [_LOCKS / "decoder.txt"], say)
        if has_failover:
            make_environment(folder / "venv-ha", [_LOCKS / "ha.txt"], say)
        if "--deploy" in arguments:
            make_environment(folder / "venv-deploy", [_LOCKS / "deploy.txt"], say)
    except (BootstrapFailure, RunFolderClosed) as failure:
        sys.stderr.write(f"\n{failure}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted; run the same command again to go on.\n")
        return 130
    return 0


def _environments_folder() -> Path:
    requested = os.environ.get("RETRATO_VENV_DIR")
    if requested:
        return Path(requested).absolute()
    return locate_run_folder(REPOSITORY / ".run").root


def _has_failover(arguments: list[str]) -> bool:
    """Whether Patroni and etcd are needed: as asked, or else as at the last start."""
    return _said(arguments, "--ha=", _run_folder().failover_file, unless_said="off")


def _is_watched(arguments: list[str]) -> bool:
    """Whether Prometheus and the exporters are needed: as asked, or else as at the last start."""
    asked = os.environ.get("RETRATO_WATCH")
    words = [*([f"--watch={asked}"] if asked else []), *arguments]
    return _said(words, "--watch=", _run_folder().watch_file, unless_said="on")


def _is_public() -> bool:
    """Whether a public name is drawn; what is wrong with the drawing is said by the command."""
    try:
        return "public" in tomllib.loads(_TOPOLOGY.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False


def _run_folder() -> RunFolder:
    return RunFolder(Path(os.environ.get("RETRATO_RUN_DIR") or REPOSITORY / ".run"))


def _said(arguments: list[str], option: str, kept: Path, *, unless_said: str) -> bool:
    asked = [word.removeprefix(option) for word in arguments if word.startswith(option)]
    if asked:
        return asked[-1] in {"1", "on"}
    word = kept.read_text(encoding="utf-8").strip() if kept.exists() else unless_said
    return word == "on"


def _require_python() -> None:
    if sys.version_info < _PYTHON_MIN:
        have, need = (
            ".".join(map(str, version[:2])) for version in (sys.version_info, _PYTHON_MIN)
        )
        raise BootstrapFailure(f"This is Python {have}; install Python {need} or newer first.")


sys.exit(main(sys.argv[1:]))
