"""`make upgrade` brings a suite under load to the next version and back, and fails no request."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.run_folder import REPOSITORY
from tests.failures.quiet_day import load_of_a_quiet_day

pytestmark = [pytest.mark.long, pytest.mark.timeout(1_200)]

NETWORK = os.environ.get("RETRATO_TEST_UPGRADE_NET", "127.38")
NEXT = "v1.99.0"
REQUESTS_PER_SECOND = 50
_MOODS = "ALTER TABLE :schema.post ADD COLUMN mood text;\n"


class Checkout:
    """A clone with a suite of its own, and a next version that has a migration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._git("clone", "--quiet", "--shared", str(REPOSITORY), str(folder), at=REPOSITORY)
        self._git("checkout", "--quiet", "-B", "here")
        self._replace("pyproject.toml", 'version = "1.', 'version = "1.99.0" # 1.')
        self._replace("shared/version.py", 'VERSION = "', 'VERSION = "1.99.0"  # "')
        (folder / "services/feed/migrations/0099_moods.sql").write_text(_MOODS, encoding="utf-8")
        self._git("add", "--all")
        self._git("-c", "user.name=x", "-c", "user.email=x@x.example", "commit", "-qm", "next")
        self._git("tag", NEXT)
        self._git("checkout", "--quiet", "--detach", f"{NEXT}~1")

    def make(self, *words: str) -> str:
        """Run make there; raises with its output if it fails."""
        done = subprocess.run(
            ["make", "-s", f"RETRATO_PYTHON={sys.executable}", *words],
            cwd=self.folder,
            env={
                **{name: value for name, value in os.environ.items() if "RETRATO" not in name},
                "RETRATO_NET": NETWORK,
                "RETRATO_RUN_DIR": str(self.folder / ".run"),
                "RETRATO_VENV_DIR": os.environ.get("RETRATO_VENV_DIR", str(REPOSITORY / ".run")),
            },
            check=False,
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _replace(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def _git(self, *words: str, at: Path | None = None) -> None:
        subprocess.run(["git", *words], cwd=at or self.folder, check=True, timeout=60)


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    made = Checkout(tmp_path / "checkout")
    made.make("up", "WATCH=0", "BACKUPS=off", "LIMITS=loose")
    try:
        yield made
    finally:
        made.make("reset", "YES=1")
        shutil.rmtree((made.folder / ".run").resolve())
        shutil.rmtree(made.folder)


async def test_up_and_back_under_load(checkout: Checkout) -> None:
    url = f"http://{NETWORK}.1.1:8080"
    async with load_of_a_quiet_day(url, REQUESTS_PER_SECOND) as tally:
        went_up = await asyncio.to_thread(checkout.make, "upgrade", f"TO={NEXT}")
        assert "0099_moods.sql" in went_up
        status = await asyncio.to_thread(checkout.make, "status")
        assert "version 1.99.0+" in status
        assert "everywhere" in status
        again = await asyncio.to_thread(checkout.make, "upgrade", f"TO={NEXT}")
        assert "restarting" not in again
        await asyncio.to_thread(checkout.make, "upgrade", "BACK=1")
        status = await asyncio.to_thread(checkout.make, "status")
        assert "version 1.99.0" not in status
        assert "everywhere" in status
    assert tally.failures == []
    assert tally.answered == tally.sent > 0
