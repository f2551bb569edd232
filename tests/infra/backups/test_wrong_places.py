"""A wrong FROM= or INTO= is said before the passphrase is asked for, and changes nothing."""

from pathlib import Path

import pytest

from infra.backups import source
from infra.backups.commands import RestoreRequest, require_outside, restore
from infra.backups.subprocesses import BackupFailure
from infra.control.progress import Progress
from infra.plan.planning import plan_of
from infra.topology import load_topology

BUCKET = plan_of(load_topology()).backup.bucket


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a backup store, and nobody who would type a passphrase."""

    def ask(_prompt: str) -> str:
        raise AssertionError("the passphrase was asked for")

    monkeypatch.setattr(source, "getpass", ask)
    for name in (source.PASSPHRASE, source.ACCESS_KEY, source.SECRET_KEY):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "disk" / "backups"
    (folder / BUCKET / "suite-0123456789ab" / "state").mkdir(parents=True)
    return folder


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("../nowhere", "is not a folder: is the disk mounted"),
        (BUCKET, "try FROM={store}"),
        (f"{BUCKET}/suite-0123456789ab", "try FROM={store}"),
        ("..", "try FROM={store}"),
        ("../..", f"which holds a folder {BUCKET}."),
    ],
)
async def test_a_wrong_folder_is_said_first(
    store: Path, tmp_path: Path, steps: str, said: str
) -> None:
    wrong = (store / steps).resolve()
    request = RestoreRequest(source=str(wrong), into=str(tmp_path / "new"), network="127.99")
    with pytest.raises(BackupFailure) as failure:
        await restore(request, Progress(quiet=True))
    assert said.format(store=store) in str(failure.value)


@pytest.mark.parametrize("url", ["https://s3.example.com", "https://s3.example.com/bucket", "://"])
async def test_a_wrong_bucket_is_said_first(store: Path, tmp_path: Path, url: str) -> None:
    request = RestoreRequest(source=url, into=str(tmp_path / "new"), network="127.99")
    with pytest.raises(BackupFailure, match="FROM= wants"):
        await restore(request, Progress(quiet=True))


@pytest.mark.parametrize("inside", ["then", "data/postgres/then", "data/../then"])
@pytest.mark.parametrize("made", ["ledger.json", "secrets.json"])
def test_no_suite_is_restored_inside_of_another(tmp_path: Path, inside: str, made: str) -> None:
    (tmp_path / made).touch()
    with pytest.raises(BackupFailure, match="is inside of"):
        require_outside(tmp_path / inside)
    require_outside(tmp_path)
    assert not (tmp_path / "then").exists()
