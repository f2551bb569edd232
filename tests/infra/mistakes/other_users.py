"""An ordinary user runs commands in root's folder, and root in an ordinary user's folder."""

import os
import pwd
import shutil
from pathlib import Path

from tests.infra.mistakes.stage import Stage

_ORDINARY = pwd.getpwnam("www-data")
COMMANDS = (
    ["up"],
    ["down"],
    ["status"],
    ["restart", "feed"],
    ["promote", "users-a"],
    ["reset", "--yes"],
    ["migrate"],
    ["reconcile"],
    ["sweep"],
    ["verify-store"],
    ["plan-changes"],
)


def _as_ordinary(stage: Stage) -> None:
    stage.under = (
        "setpriv",
        f"--reuid={_ORDINARY.pw_uid}",
        f"--regid={_ORDINARY.pw_gid}",
        "--clear-groups",
    )
    stage.extra = {"HOME": "/tmp", "PYTHONDONTWRITEBYTECODE": "1"}


def _is_refused(stage: Stage) -> None:
    _as_ordinary(stage)
    for command in COMMANDS:
        stage.says(command, status=1, words=["belongs to", "run this as"])
    stage.under, stage.extra = (), {}


async def an_ordinary_user_in_root_s_stopped_folder(stage: Stage) -> None:
    """an ordinary user gives every command in the folder of root's suite, which is down"""
    before = stage.mark()
    _is_refused(stage)
    if stage.mark() != before:
        stage.record.faults.append("something was changed")
    await stage.comes_up()


async def an_ordinary_user_in_root_s_running_folder(stage: Stage) -> None:
    """an ordinary user gives every command in the folder of root's suite, which runs"""
    _is_refused(stage)
    await stage.comes_up()


def _give(folder: Path, uid: int, gid: int) -> None:
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(root) / name, uid, gid, follow_symlinks=False)
    os.chown(folder, uid, gid)


async def root_in_an_ordinary_user_s_folder(stage: Stage) -> None:
    """root gives commands in the folder of an ordinary user's suite"""
    _give(stage.folder, _ORDINARY.pw_uid, _ORDINARY.pw_gid)
    stage.did("chown -R www-data, as if www-data had made it")
    before = stage.mark()
    for command in (
        ["up"],
        ["restart", "feed"],
        ["promote", "users-a"],
        ["migrate"],
        ["reconcile"],
    ):
        stage.says(command, status=1, words=["belongs to www-data", "run this as"])
    if stage.mark() != before:
        stage.record.faults.append("something was changed")


async def one_folder_of_another_user(stage: Stage) -> None:
    """a folder of Postgres belongs to another user"""
    for path in (stage.path("users-a"), stage.path("users-a") / "PG_VERSION"):
        shutil.chown(path, "www-data", "www-data")
    stage.did("chown www-data users-a")
    stage.refuses("Postgres runs as postgres")


OTHER_USERS = [
    an_ordinary_user_in_root_s_stopped_folder,
    root_in_an_ordinary_user_s_folder,
    one_folder_of_another_user,
]
OTHER_USERS_ON_RUNNING = [an_ordinary_user_in_root_s_running_folder]
