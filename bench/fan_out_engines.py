"""Other ways to push an id to many timelines, each measured on a temporary Redis."""

import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from services.feed.store import lua_scripts

TIMELINES = 1_000
ENTRIES = 800
BATCH = 500
POSTS = 100
# stream-framework needs the API of redis-py before 3.0.
_STREAM_FRAMEWORK = ("stream-framework==1.4.0", "redis==2.10.6")


@dataclass(frozen=True, slots=True)
class EngineRow:
    """Deliveries per second, and CPU microseconds of client and Redis per delivery."""

    name: str
    per_second: float
    cpu_us: float


def engine_rows(engines: Mapping[str, Callable[[int], int]]) -> list[EngineRow]:
    """Measure each engine; one that cannot be installed is left out with a message."""
    rows = []
    for name, engine in engines.items():
        with _redis() as (port, pid):
            try:
                rows.append(_measured(name, engine, port, pid))
            except (OSError, subprocess.CalledProcessError) as error:
                sys.stderr.write(f"{name} is left out: {error}\n")
    return rows


def _measured(name: str, engine: Callable[[int], int], port: int, redis_pid: int) -> EngineRow:
    # The first run fills the timelines and warms up; its cost is not counted.
    engine(port)
    before_cpu_s, begun_s = _cpu_s(redis_pid), time.perf_counter()
    deliveries = engine(port)
    seconds = time.perf_counter() - begun_s
    return EngineRow(
        name, deliveries / seconds, (_cpu_s(redis_pid) - before_cpu_s) / deliveries * 1e6
    )


def _cpu_s(redis_pid: int) -> float:
    own, children = (resource.getrusage(who) for who in (0, resource.RUSAGE_CHILDREN))
    fields = Path(f"/proc/{redis_pid}/stat").read_text().rpartition(")")[2].split()
    of_redis = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return of_redis + sum(one.ru_utime + one.ru_stime for one in (own, children))


@contextmanager
def _redis() -> Iterator[tuple[int, int]]:
    program = shutil.which("redis-server")
    if program is None:
        raise FileNotFoundError("redis-server")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
            stdout=subprocess.DEVNULL,
        )
        try:
            client = redis.Redis(port=port)
            for _ in range(200):
                try:
                    client.ping()
                    break
                except redis.ConnectionError:
                    time.sleep(0.02)
            yield port, server.pid
        finally:
            server.terminate()
            server.wait()


def _same_script(port: int) -> int:
    """Run our script with redis-benchmark, 500 keys per call."""
    client = redis.Redis(port=port)
    folder = Path(lua_scripts.__file__).with_name("lua")
    script = "\n".join((folder / f"{name}.lua").read_text() for name in ("entries", "push"))
    sha = str(client.script_load(script))
    keys = [f"home:{number}" for number in range(BATCH)]
    if not client.exists(keys[0]):
        for key in keys:
            client.rpush(key, *range(ENTRIES, 0, -1), "~0")
    command = [str(shutil.which("redis-benchmark")), "-p", str(port), "-n", "400", "-c", "2"]
    done = subprocess.run(
        [*command, "--csv", "EVALSHA", sha, str(BATCH), *keys, "1000", str(ENTRIES), "64"],
        check=True,
        capture_output=True,
        text=True,
    )
    if re.search(r'"[\d.]+"', done.stdout) is None:
        raise OSError(done.stdout)
    return 400 * BATCH


def _zadd_pipeline(port: int) -> int:
    client = redis.Redis(port=port)
    for post in range(POSTS):
        for start in range(0, TIMELINES, BATCH):
            pipeline = client.pipeline(transaction=False)
            for number in range(start, start + BATCH):
                pipeline.zadd(f"z:{number}", {str(10**17 + post): post})
                pipeline.zremrangebyrank(f"z:{number}", 0, -ENTRIES - 1)
            pipeline.execute()
    return POSTS * TIMELINES


def _stream_framework(port: int) -> int:
    folder = Path(tempfile.gettempdir()) / "retrato-bench-stream-framework"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        install = [str(python), "-m", "pip", "install", "--quiet", *_STREAM_FRAMEWORK]
        subprocess.run(install, check=True, stderr=subprocess.DEVNULL)
    subprocess.run(
        [python, "-W", "ignore", "-c", _WITH_STREAM_FRAMEWORK, str(port), str(POSTS // 5)],
        check=True,
        stderr=subprocess.PIPE,
    )
    return POSTS // 5 * TIMELINES


_WITH_STREAM_FRAMEWORK = f"""
import datetime, sys
from stream_framework import settings
where = {{'host': '127.0.0.1', 'port': int(sys.argv[1]), 'db': 0, 'password': None}}
settings.STREAM_REDIS_CONFIG = {{'default': where}}
from stream_framework.activity import Activity
from stream_framework.feeds.redis import RedisFeed
from stream_framework.verbs.base import Love

class Home(RedisFeed):
    key_format = 'feed:home:%(user_id)s'
    max_length = {ENTRIES}

for number in range(int(sys.argv[2])):
    activity = Activity(number, Love, number, time=datetime.datetime.utcnow())
    Home.insert_activity(activity)
    with Home.get_timeline_batch_interface() as batch:
        for user_id in range({TIMELINES}):
            Home(user_id).add_many([activity], batch_interface=batch, trim=False)
"""

ENGINES: Mapping[str, Callable[[int], int]] = {
    "redis-benchmark, the same script": _same_script,
    "redis-py, ZADD pipeline": _zadd_pipeline,
    "stream-framework, batch of timelines": _stream_framework,
}
