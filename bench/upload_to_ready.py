"""Measures the time from a picture's first byte until it is ready, for fifty of 12 megapixels.

The pictures go one after the other through a balancer of the running suite (RETRATO_RUN_DIR or
.run). The time of each step comes from the services' metrics before and after.
"""

import asyncio
import os
import re
import secrets
import statistics
import sys
import time
from pathlib import Path

from tests.journeys.phone import Phone, phone_of
from tests.suite import Suite
from tests.upload.pictures import exif_of, jpeg, photograph, stored_as

PICTURES = 50
WARM_UP = 5
STEPS = ("receive", "store", "commit", "queue", "fetch", "decode", "encode", "put", "finish")
_LOOK_AGAIN_S = 0.005
_READY_WITHIN_S = 60.0
_SUM = re.compile(r'^retrato_photo_step_seconds_sum\{step="(\w+)"\} (\S+)$', re.MULTILINE)


async def main() -> None:
    """Measure, and print p50, p95 and the mean of each step."""
    suite = Suite(Path(os.environ.get("RETRATO_RUN_DIR") or ".run"), None)
    content = jpeg(stored_as(photograph(3000, 4000), 6), exif=exif_of(6))
    async with phone_of(suite.public_url, f"bench{secrets.token_hex(4)}") as phone:
        for _ in range(WARM_UP):
            await _until_ready(phone, content)
        before = await _step_seconds(suite)
        seconds = sorted([await _until_ready(phone, content) for _ in range(PICTURES)])
        after = await _step_seconds(suite)
    p50, p95 = statistics.median(seconds), seconds[int(0.95 * PICTURES)]
    _say(f"{PICTURES} pictures of {len(content) / 1e6:.2f} MB, from the first byte to ready:")
    _say(f"p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms")
    spent = {step: after[step] - before[step] for step in STEPS}
    _print_steps(spent, sum(seconds))


async def _until_ready(phone: Phone, content: bytes) -> float:
    started_s = time.perf_counter()
    photo_id = await phone.upload(content)
    while (await phone.get(f"/v1/photos/{photo_id}"))["state"] != "ready":
        if time.perf_counter() - started_s > _READY_WITHIN_S:
            raise TimeoutError(f"photo {photo_id} does not become ready")
        await asyncio.sleep(_LOOK_AGAIN_S)
    return time.perf_counter() - started_s


def _print_steps(spent: dict[str, float], whole_s: float) -> None:
    for step in STEPS:
        _say(f"  {step:<8}{spent[step] / PICTURES * 1000:8.1f} ms{spent[step] / whole_s:8.1%}")
    left_s = whole_s - sum(spent.values())
    _say(f"  {'the rest':<8}{left_s / PICTURES * 1000:8.1f} ms{left_s / whole_s:8.1%}")


async def _step_seconds(suite: Suite) -> dict[str, float]:
    """Return the seconds per step, summed over all processes of upload."""
    spent = dict.fromkeys(STEPS, 0.0)
    for name in suite.process_names("upload"):
        for step, seconds in _SUM.findall(await suite.metrics(name)):
            spent[step] += float(seconds)
    return spent


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    asyncio.run(main())
