"""Less usual mistakes: removed files, shells with other settings, and moved folders."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from tests.infra.mistakes.stage import Stage


async def sockets_are_deleted(stage: Stage) -> None:
    """the folder of sockets is deleted while the suite runs"""
    shutil.rmtree(stage.folder / "sockets")
    stage.did("rm -r sockets")
    stage.says(["status"], status=1, words=[])
    await stage.comes_up()


async def logs_are_deleted(stage: Stage) -> None:
    """the folder of logs is deleted while the suite runs"""
    shutil.rmtree(stage.folder / "log")
    stage.did("rm -r log")
    stage.says(["restart", "feed-1"], status=0, words=["is back"])
    await stage.comes_up()


async def logs_are_deleted_while_it_is_down(stage: Stage) -> None:
    """the folders of logs, caches, sockets and rendered files are deleted while it is down"""
    for name in ("log", "cache", "sockets", "etc"):
        shutil.rmtree(stage.folder / name)
    stage.did("rm -r log cache sockets etc")
    await stage.comes_up()


async def rendered_files_are_deleted(stage: Stage) -> None:
    """the folder of rendered files is deleted while the suite runs"""
    shutil.rmtree(stage.folder / "etc")
    stage.did("rm -r etc")
    stage.says(["restart", "users-1"], status=0, words=["is back"])
    stage.says(["reconcile"], status=0, words=[])
    await stage.comes_up()


async def a_folder_is_open_to_all(stage: Stage) -> None:
    """somebody has made a primary's folder writable for all"""
    stage.path("users-a").chmod(0o777)
    stage.did("chmod 777 users-a")
    stage.refuses("users-a", "chmod 700")
    stage.path("users-a").chmod(0o700)
    stage.did("chmod 700 users-a")
    await stage.comes_up()


async def a_pid_file_names_a_stranger(stage: Stage) -> None:
    """a crash has left a pid file of Postgres, and its number belongs to another process now"""
    stranger = _sleeper()
    try:
        place = stage.path("feed-a")
        text = f"{stranger.pid}\n{place}\n1700000000\n5432\n\n127.0.0.1\n  5432001   7\nready   \n"
        (place / "postmaster.pid").write_text(text, encoding="ascii")
        shutil.chown(place / "postmaster.pid", "postgres", "postgres")
        stage.did("left a postmaster.pid with the number of a `sleep`")
        await stage.comes_up()
        if stranger.poll() is not None:
            stage.record.faults.append("the stranger was ended")
    finally:
        stranger.kill()
        stranger.wait()


async def a_shell_with_a_narrow_umask(stage: Stage) -> None:
    """the shell's umask leaves nothing to others"""
    stage.under = ("sh", "-c", 'umask 077; exec "$@"', "sh")
    stage.did("umask 077")
    for name in ("log", "cache", "sockets", "etc"):
        shutil.rmtree(stage.folder / name)
    shutil.rmtree(stage.path("users-a-replica"))
    await stage.comes_up()


async def a_shell_with_other_settings(stage: Stage) -> None:
    """the shell has settings of its own for Postgres, proxies, Python and time"""
    stage.extra = {
        "PGHOST": "127.0.0.9",
        "PGPORT": "1",
        "PGDATABASE": "nothing",
        "PGSSLMODE": "disable",
        "PGOPTIONS": "-c default_transaction_read_only=on",
        "http_proxy": "http://127.0.0.9:1",
        "https_proxy": "http://127.0.0.9:1",
        "ALL_PROXY": "http://127.0.0.9:1",
        "TZ": "Asia/Kathmandu",
        "LC_ALL": "C",
        "SSL_CERT_FILE": "/nowhere",
        "AWS_PROFILE": "nobody",
        "AWS_ENDPOINT_URL": "http://127.0.0.9:1",
    }
    stage.did("PGHOST, PGOPTIONS, proxies, TZ, SSL_CERT_FILE and AWS_PROFILE of another work")
    await stage.comes_up()
    for command in ("reconcile", "verify-store", "migrate"):
        stage.says([command], status=0, words=[])


async def the_reader_of_the_words_goes_away(stage: Stage) -> None:
    """`make up | head -1`: nobody reads what it says to the end"""
    child = stage.begun("up")
    assert child.stdout is not None
    child.stdout.readline()
    child.stdout.close()
    code = child.wait(timeout=180)
    stage.did(f"`make up | head -1` → {code}")
    await stage.comes_up()


async def the_terminal_is_closed(stage: Stage) -> None:
    """SIGHUP to `make up` under way, as when a terminal is closed"""
    child = stage.begun("up")
    assert child.stdout is not None
    for line in child.stdout:
        if "feed-b " in line:
            break
    os.killpg(child.pid, signal.SIGHUP)
    said, _nothing = child.communicate(timeout=60)
    stage.did(f"SIGHUP → {child.returncode}")
    if "Traceback" in said:
        stage.record.faults.append(f"a traceback: {said[-600:]}")
    await stage.comes_up()


async def small_files_are_garbled(stage: Stage) -> None:
    """the small files of the run folder hold bytes that are no text"""
    # The file of limits counts only if the shell sets none.
    stage.extra = {"RETRATO_LIMITS": ""}
    for name in ("limits", "backups-are"):
        (stage.folder / name).write_bytes(b"\xff\xfe\x00")
        stage.says(["up"], status=1, words=[name])
        stage.says(["status"], status=1, words=[name])
        (stage.folder / name).unlink()
    stage.extra = {}
    for name in ("backups.json", "supervisor.pid", "lock"):
        (stage.folder / name).write_bytes(b"\xff\xfe\x00{")
    stage.did("garbled limits, backups-are, backups.json, supervisor.pid and lock")
    stage.says(["status"], status=1, words=["0 of"])
    await stage.comes_up()


async def the_network_file_is_garbled(stage: Stage) -> None:
    """the file that names the network holds bytes that are no text"""
    (stage.folder / "network").write_bytes(b"\xff\xfe\x00")
    stage.did("garbled network")
    stage.says(["up"], status=1, words=["network"])
    (stage.folder / "network").unlink()
    stage.did("rm network")
    await stage.comes_up()


async def the_data_moves_to_another_disk(stage: Stage) -> None:
    """the data is moved elsewhere, with a symlink in its place"""
    elsewhere = stage.folder.with_name(stage.folder.name + "-elsewhere")
    shutil.move(stage.folder / "data", elsewhere)
    (stage.folder / "data").symlink_to(elsewhere)
    stage.did("mv data elsewhere; ln -s elsewhere data")
    try:
        await stage.comes_up()
        stage.infra("down")
    finally:
        (stage.folder / "data").unlink()
        shutil.rmtree(elsewhere)


async def the_run_folder_moves(stage: Stage) -> None:
    """the whole run folder is moved, and RETRATO_RUN_DIR names its new place"""
    own = stage.folder
    other = own.with_name(own.name + "-moved")
    own.rename(other)
    stage.folder = other
    stage.did("mv .run elsewhere, RETRATO_RUN_DIR=elsewhere")
    try:
        await stage.comes_up()
        stage.says(["verify-store"], status=0, words=[])
    finally:
        stage.infra("down")
        stage.folder = own
        shutil.rmtree(own, ignore_errors=True)
        other.rename(own)


async def a_copy_is_started_beside_it(stage: Stage) -> None:
    """a copy of the run folder is started while the suite runs"""
    own = stage.folder
    copy = own.with_name(own.name + "-copy")
    _copy(own, copy)
    stage.folder = copy
    stage.did("cp -a .run copy, RETRATO_RUN_DIR=copy")
    try:
        stage.says(["up"], status=1, words=[])
    finally:
        stage.folder = own
        shutil.rmtree(copy)
    await stage.comes_up()


def _sleeper() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(["sleep", "600"], user="postgres")


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", str(source), str(target)], check=True, timeout=120)


AT_NIGHT = [
    logs_are_deleted_while_it_is_down,
    a_folder_is_open_to_all,
    a_pid_file_names_a_stranger,
    a_shell_with_a_narrow_umask,
    a_shell_with_other_settings,
    the_reader_of_the_words_goes_away,
    the_terminal_is_closed,
    small_files_are_garbled,
    the_network_file_is_garbled,
    the_data_moves_to_another_disk,
    the_run_folder_moves,
]
AT_NIGHT_ON_RUNNING = [
    sockets_are_deleted,
    logs_are_deleted,
    rendered_files_are_deleted,
    a_copy_is_started_beside_it,
]
