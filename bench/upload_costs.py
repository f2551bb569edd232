"""Measures the CPU time of one upload and of one publication, by kind of process.

Pictures of 12 megapixels go one after the other through a balancer of the running suite
(RETRATO_RUN_DIR or .run), first raw, then in the pieces of a resumable upload. What the suite
spends without requests is subtracted. Name `upload`, `pieces` or `publish` to measure only those.
"""

import asyncio
import os
import secrets
import sys
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from bench.cpu_meter import cpu_seconds, idle_rates, spent_between, without_idle
from tests.journeys.phone import Phone, phone_of
from tests.suite import Suite
from tests.upload.pictures import exif_of, jpeg, photograph, stored_as

WARM_UP = 5
REPEATS = int(os.environ.get("BENCH_REPEATS") or 60)
PIECE_BYTES = 1024 * 1024
# Phones poll every second or two; faster polls would be measured instead of the upload.
_LOOK_AGAIN_S = 0.25
_READY_WITHIN_S = 60.0
_TUS = {"Tus-Resumable": "1.0.0"}


async def main() -> None:
    """Measure what the command line names, or everything, and print a table."""
    wanted = sys.argv[1:] or ["upload", "pieces", "publish"]
    suite = Suite(Path(os.environ.get("RETRATO_RUN_DIR") or ".run"), None)
    content = jpeg(stored_as(photograph(3000, 4000), 6), exif=exif_of(6))
    async with phone_of(suite.public_url, f"bench{secrets.token_hex(4)}") as phone:
        actions: Mapping[str, Callable[[str], Awaitable[None]]] = {
            "upload": lambda _: _upload(phone, content),
            "pieces": lambda _: _upload_in_pieces(phone, content),
            "publish": lambda photo_id: _publish(phone, photo_id),
        }
        ids = [""] * (WARM_UP + REPEATS)
        if "publish" in wanted:
            ids = [await phone.upload(content) for _ in ids]
            for photo_id in ids:
                await _until_ready(phone, photo_id)
        idle = await idle_rates(suite)
        _say(f"a picture of {len(content) / 1e6:.2f} MB, {REPEATS} times, CPU ms each:")
        for name in wanted:
            _print(name, await _spent(suite, actions[name], ids, idle))


async def _spent(
    suite: Suite,
    action: Callable[[str], Awaitable[None]],
    ids: list[str],
    idle: Mapping[str, float],
) -> dict[str, float]:
    """Return the CPU seconds of one repetition by kind of process."""
    for photo_id in ids[:WARM_UP]:
        await action(photo_id)
    before, started_s = cpu_seconds(suite), time.monotonic()
    for photo_id in ids[WARM_UP:]:
        await action(photo_id)
    # The last one's work behind the reply is finished by then, and a job's log is written.
    await asyncio.sleep(1.0)
    spent = spent_between(before, cpu_seconds(suite))
    whole = without_idle(spent, idle, time.monotonic() - started_s)
    return {kind: seconds / REPEATS for kind, seconds in whole.items()}


async def _upload(phone: Phone, content: bytes) -> None:
    await _until_ready(phone, await phone.upload(content))


async def _upload_in_pieces(phone: Phone, content: bytes) -> None:
    kind = b64encode(b"image/jpeg").decode()
    begun = await phone.http.post(
        "/v1/uploads",
        headers={**_TUS, "Upload-Length": str(len(content)), "Upload-Metadata": f"filetype {kind}"},
    )
    begun.raise_for_status()
    for start in range(0, len(content), PIECE_BYTES):
        headers = {
            **_TUS,
            "Upload-Offset": str(start),
            "Content-Type": "application/offset+octet-stream",
        }
        piece = content[start : start + PIECE_BYTES]
        sent = await phone.http.patch(begun.headers["Location"], content=piece, headers=headers)
        sent.raise_for_status()
    await _until_ready(phone, sent.headers["Photo-Id"])


async def _publish(phone: Phone, photo_id: str) -> None:
    await phone.publish(photo_id, caption="A bench by the sea")


async def _until_ready(phone: Phone, photo_id: str) -> None:
    give_up_s = time.monotonic() + _READY_WITHIN_S
    await asyncio.sleep(_LOOK_AGAIN_S)
    while (await phone.get(f"/v1/photos/{photo_id}"))["state"] != "ready":
        if time.monotonic() > give_up_s:
            raise TimeoutError(f"photo {photo_id} does not become ready")
        await asyncio.sleep(_LOOK_AGAIN_S)


def _print(name: str, spent: Mapping[str, float]) -> None:
    _say(f"{name}: {sum(spent.values()) * 1000:.1f}")
    for kind, seconds in spent.items():
        if seconds > 0.0001:
            _say(f"  {kind:<16}{seconds * 1000:8.1f}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
