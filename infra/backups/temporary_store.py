"""Serves the folder of an embedded backup store while its suite is down."""

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from infra.backups.place import Place, embedded_keys
from infra.backups.subprocesses import BackupFailure
from infra.certificates import Authority
from infra.programs import program
from infra.run_folder import MARK, RunFolder

_ANSWERS_WITHIN_S = 20.0
_POLL_S = 0.05


@asynccontextmanager
async def served(folder: Path, place: Place, for_folder: RunFolder) -> AsyncIterator[Path]:
    """Serve a folder at the place's address; yields the CA file of the store's certificate.

    If this command is killed, the next command in `for_folder` ends the store.
    """
    address, port = place.host, place.port
    served_folder = _checked(folder)
    with tempfile.TemporaryDirectory(prefix="retrato-store-") as scratch:
        # The Authority opens this folder to others, since the databases' user reads the CA here.
        authority = Authority(Path(scratch))
        pair = authority.server_pair("store", (address,), spelled_addresses=(address,))
        access_key, secret_key = embedded_keys(place.passphrase)
        process = await asyncio.create_subprocess_exec(
            program("rclone"),
            "serve",
            "s3",
            f"--addr={address}:{port}",
            f"--cert={pair.certificate}",
            f"--key={pair.key}",
            "--vfs-cache-mode=off",
            "--config=",
            served_folder,
            env={
                "PATH": os.environ["PATH"],
                "RCLONE_AUTH_KEY": f'"{access_key},{secret_key}"',
                MARK: str(for_folder.root),
            },
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            await _wait_answers(process, address, port)
            yield authority.certificate_file
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            await process.wait()


def _checked(folder: Path) -> str:
    if not folder.is_dir():
        raise BackupFailure(f"{folder} is not a folder.")
    return str(folder.absolute())


async def answers(address: str, port: int) -> bool:
    """Whether a process listens at the address."""
    try:
        async with asyncio.timeout(2):
            _reader, writer = await asyncio.open_connection(address, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def _wait_answers(process: asyncio.subprocess.Process, address: str, port: int) -> None:
    deadline_s = time.monotonic() + _ANSWERS_WITHIN_S
    while not await answers(address, port):
        if process.returncode is not None or time.monotonic() > deadline_s:
            raise BackupFailure(f"The backup store cannot be served at {address}:{port}.")
        await asyncio.sleep(_POLL_S)
