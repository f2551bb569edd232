"""Gets the public name's certificate from an ACME server, by the program lego."""

import datetime as dt
import subprocess
from pathlib import Path

from infra.accounts import account_for
from infra.control.failures import SuiteFailure
from infra.plan.figures import Public
from infra.programs import program
from infra.public_certificate import PublicCertificate, problem_of
from infra.run_folder import RunFolder

# Two orders and their challenges take seconds; a server that is slow to validate may take minutes.
_LIMIT_S = 300
# Public servers refuse a name for an hour after five failures within one, so the caretaker makes at
# most four. A person who has mended the cause does not wait.
TRIED_AGAIN_AFTER = dt.timedelta(minutes=15)
_SAID_LINES_MAX = 4
_RENEW_BEFORE = dt.timedelta(days=30)
# lego renews what ends within so many days, and we decide when that is due.
_ANY_DAY = 36_500
_OPEN_TO_OTHERS = 0o022


def is_due(certificate: PublicCertificate, now: dt.datetime) -> bool:
    """Whether there is no certificate yet, or less than a month or two thirds of its life left."""
    held = certificate.issued_now()
    if held is None:
        return True
    left, life = (
        held.not_valid_after_utc - now,
        held.not_valid_after_utc - held.not_valid_before_utc,
    )
    return left < min(_RENEW_BEFORE, life * 2 / 3)


def was_tried_lately(folder: RunFolder, now: dt.datetime) -> bool:
    """Whether an attempt began within TRIED_AGAIN_AFTER, by whatever process."""
    file = _attempt_file(folder)
    if not file.exists():
        return False
    began = dt.datetime.fromtimestamp(file.stat().st_mtime, dt.UTC)
    return now - began < TRIED_AGAIN_AFTER


def obtain(folder: RunFolder, public: Public) -> None:
    """Get a certificate, or renew the one that is there; raises SuiteFailure with lego's words."""
    _attempt_file(folder).touch()
    certificate = PublicCertificate(folder, public)
    is_there = problem_of(certificate.issued, public.domain) is None
    words = ("renew", f"--days={_ANY_DAY}", "--no-random-sleep") if is_there else ("run",)
    client = account_for("acme")
    done = subprocess.run(
        [
            *client.command_prefix(folder.acme),
            program("lego"),
            f"--server={public.acme_directory}",
            "--accept-tos",
            f"--email={public.acme_email}",
            f"--domains={public.domain}",
            f"--path={folder.acme}",
            "--http",
            f"--http.webroot={folder.challenges}",
            *words,
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        env=_environment(public),
        cwd=folder.acme,
        # The balancers read its challenges by another account; its keys it closes itself.
        umask=_OPEN_TO_OTHERS,
    )
    if done.returncode:
        raise SuiteFailure(
            f"{public.acme_directory} gave no certificate for {public.domain}:\n"
            + "\n".join(_said(done.stderr or done.stdout))
        )


def _attempt_file(folder: RunFolder) -> Path:
    return folder.public / "tried"


def _environment(public: Public) -> dict[str, str]:
    trusted = {"LEGO_CA_CERTIFICATES": public.acme_ca_file} if public.acme_ca_file else {}
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC", **trusted}


def _said(output: str) -> list[str]:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return [f"  {line[:400]}" for line in lines[-_SAID_LINES_MAX:]]
