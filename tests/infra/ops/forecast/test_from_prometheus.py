"""The forecast from a real Prometheus, which holds five weeks of series with a known end."""

import asyncio
import math
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from infra.ops.asking import Asking
from infra.ops.forecast.document import WEEKS, forecast
from infra.ops.forecast.trend import DAY_S
from infra.ops.measurements import Measurements, MeasurementsAway
from infra.programs import program
from tests.eventually import eventually

# A rate over an hour needs two values in it.
STEP_S, COUNTER_STEP_S = 3600, 1800
DAYS = WEEKS * 7
GIB = 2.0**30
# The tool that imports the weeks reads all of them for each two hours.
pytestmark = pytest.mark.long


def _daily(at_s: float, height: float) -> float:
    """Swing by `height` around 0, with the peak at 20:00 UTC."""
    return height * math.cos(2 * math.pi * (at_s % DAY_S / DAY_S - 20 / 24))


# By name: the value when `day` days have passed of DAYS; each reaches its limit at a known day.
_SHAPES: dict[str, tuple[str, Callable[[float, float], float]]] = {
    # 100 GiB, of which 30 are left; 2 GiB a day.
    'retrato_disk_free_bytes{place="suite"}': (
        "gauge",
        lambda day, _at_s: (30 + 2 * (DAYS - day)) * GIB,
    ),
    'retrato_disk_size_bytes{place="suite"}': ("gauge", lambda _day, _at_s: 100 * GIB),
    # At the peak 70 of 120; 1 more each day.
    'pg_connections_open{member="feed-a"}': (
        "gauge",
        lambda day, at_s: 50 - (DAYS - day) + _daily(at_s, 20),
    ),
    'pg_connections_max{member="feed-a"}': ("gauge", lambda _day, _at_s: 120),
    # No growth.
    'redis_memory_used_bytes{instance="redis-feed"}': (
        "gauge",
        lambda _day, at_s: 1e8 + _daily(at_s, 2e7),
    ),
    'redis_memory_max_bytes{instance="redis-feed"}': ("gauge", lambda _day, _at_s: 2.5e8),
    "retrato_machine_processors": ("gauge", lambda _day, _at_s: 4),
}


def _open_metrics(now_s: float) -> str:
    """Return the series as text, and two counters: busy processors, and requests."""
    times = _times(now_s, STEP_S)
    lines = []
    for series, (kind, shape) in _SHAPES.items():
        lines.append(f"# TYPE {series.partition('{')[0]} {kind}")
        lines += [f"{series} {shape(DAYS - (now_s - at) / DAY_S, at)} {at}" for at in times]
    # Processors: 1.0 on average at the end, 1.5 at the peak; 0.05 more a day; 4 there are.
    busy = "retrato_machine_processor_seconds"
    lines.append(f"# TYPE {busy} counter")
    times = _times(now_s, COUNTER_STEP_S)
    lines += _counted(f'{busy}_total{{mode="busy"}}', times, lambda at: _busy(at, now_s))
    lines.append("# TYPE retrato_http_requests counter")
    lines += _counted(
        'retrato_http_requests_total{job="gateway"}', times, lambda at: 50 + _daily(at, 40)
    )
    return "\n".join([*lines, "# EOF\n"])


def _times(now_s: float, step_s: int) -> list[float]:
    return [now_s - back * step_s for back in range(DAYS * DAY_S // step_s, -1, -1)]


def _busy(at_s: float, now_s: float) -> float:
    return max(0.0, 1.0 - 0.02 * (now_s - at_s) / DAY_S) + _daily(at_s, 0.25)


def _counted(series: str, times: list[float], rate: Callable[[float], float]) -> Iterator[str]:
    total = 0.0
    for at in times:
        total += max(0.0, rate(at)) * COUNTER_STEP_S
        yield f"{series} {total} {at}"


@pytest.fixture
async def measurements(tmp_path: Path) -> AsyncIterator[Measurements]:
    text, folder = tmp_path / "weeks.txt", tmp_path / "data"
    text.write_text(_open_metrics(time.time()), encoding="ascii")
    made = [
        program("promtool"),
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        str(text),
        str(folder),
    ]
    await asyncio.to_thread(subprocess.run, made, check=True, capture_output=True, timeout=300)
    config, address = tmp_path / "prometheus.yml", f"127.0.0.1:{_free_port()}"
    config.write_text("{}", encoding="ascii")
    process = subprocess.Popen(  # noqa: ASYNC220 # it only starts it
        [
            program("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={folder}",
            "--storage.tsdb.retention.time=90d",
            f"--web.listen-address={address}",
            "--log.level=error",
        ]
    )
    asking = _asking(tmp_path)
    found = Measurements(asking, f"http://{address}")

    async def answers() -> None:
        try:
            assert await found.now("retrato_machine_processors")
        except MeasurementsAway as away:
            raise AssertionError(str(away)) from away

    try:
        await eventually(answers, within_s=60)
        yield found
    finally:
        await asking.close()
        process.terminate()
        await asyncio.to_thread(process.wait, 20)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _asking(folder: Path) -> Asking:
    authority = trustme.CA()
    pair = authority.issue_cert("ops.internal")
    files = [folder / name for name in ("ca.crt", "ops.crt", "ops.key")]
    authority.cert_pem.write_to_path(files[0])
    pair.cert_chain_pems[0].write_to_path(files[1])
    pair.private_key_pem.write_to_path(files[2])
    return Asking(*files)


def _outlook(document: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [one["outlooks"] for one in document["scarce"] if one["name"] == name]
    (outlook,) = found
    return dict(outlook)


async def test_the_known_end_of_each_is_told_within_a_tenth(measurements: Measurements) -> None:
    document = await forecast(measurements)
    disk, connections = _outlook(document, "disk"), _outlook(document, "connections")
    assert disk["days"] == pytest.approx(15, rel=0.1, abs=1)
    assert connections["days"] == pytest.approx(50, rel=0.1)
    assert _outlook(document, "processors")["days"] == pytest.approx((4 - 1.25) / 0.02, rel=0.1)
    assert _outlook(document, "redis")["standing"] == "steady"
    assert [peak["hour"] for peak in document["day"]["peaks"]] in ([19], [20])
    assert document["day"]["quiet"]["hour"] in {6, 7, 8}
