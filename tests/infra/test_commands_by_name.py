"""The commands that operators type, by their names in the Makefile, on the suite of the session.

What they find is for other tests: here each has to know its words, reach the suite and say so.
"""

import asyncio

import httpx
import pytest

from tests.suite import OPERATION_TIMEOUT_S, Suite

# Words of make → a part of what it says. Some find fault with what other tests have left.
QUIET = {
    ("help",): "make up",
    ("status",): "answer",
    ("accounts",): "retrato-feed-worker",
    ("plan-changes",): "",
    ("scale",): "feed-worker",
    # As many as there are; those that come and go are for tests/failures/test_scale.py.
    ("scale", "S=feed", "N=2"): "feed has 2 processes",
    ("automation", "DRY=1"): "it only says what it would do",
    ("automation", "OFF=1"): "alerts reach people only",
    ("automation", "ON=1"): "it acts on alerts",
    ("automation",): "it acts on alerts",
    ("maintenance", "ON=1", "MESSAGE=Back at noon.", "MINUTES=1"): "Back at noon.",
    ("maintenance",): "changes are refused until",
    ("maintenance", "OFF=1"): "changes are accepted again",
    ("logs", "GREP=request", "SINCE=5m"): "",
    ("logs", "S=feed", "LEVEL=error", "SINCE=5m"): "",
    ("migrate",): "every shard is at the newest migration",
    ("migrate-status",): "shards",
    ("reconcile",): "edges and",
    ("verify-store",): "ready photos",
    ("sweep",): "abandoned uploads",
    ("sweep", "DRY=1"): "abandoned uploads",
    ("audit-timelines", "N=20"): "readers",
    ("audit-timelines",): "readers",
    ("rebuild-timelines",): "timelines rebuilt",
    ("reports",): "",
    ("close-reports", "S=post:1"): "",
    ("backup",): "",
    ("backups",): "",
    ("backup-passphrase",): "",
    ("psql", "P=users-a"): "",
}
_CERTIFICATE = ("openssl", "x509", "-noout", "-enddate", "-in")


@pytest.mark.timeout(OPERATION_TIMEOUT_S)
@pytest.mark.parametrize("words", QUIET, ids=" ".join)
async def test_a_command_reaches_the_suite(suite: Suite, words: tuple[str, ...]) -> None:
    done = await asyncio.to_thread(suite.make, *words)
    assert QUIET[words] in done.stdout
    assert "Traceback" not in done.stderr
    assert "Usage:" not in done.stderr


async def test_a_forecast_without_measurements_says_what_it_needs(suite: Suite) -> None:
    done = await asyncio.to_thread(suite.make, "forecast")
    assert done.returncode
    assert "this suite has WATCH=0" in done.stdout + done.stderr


async def test_a_request_is_traced_by_the_id_of_its_reply(suite: Suite) -> None:
    async with httpx.AsyncClient(base_url=suite.public_url) as client:
        reply = await client.get("/v1/openapi.json")
    request_id = reply.headers["X-Request-ID"]
    done = await asyncio.to_thread(suite.make, "trace", f"R={request_id}", "HTML=1")
    assert "nginx-1" in done.stdout


async def test_nothing_is_left_of_an_account_that_never_was(suite: Suite) -> None:
    done = await asyncio.to_thread(suite.make, "check-deleted", "U=4611686018427387000")
    assert "nothing is left" in done.stdout


async def test_the_end_of_a_certificate_is_read_as_shown(suite: Suite) -> None:
    file = suite.run_dir / "pki" / "users.crt"
    shell = await asyncio.create_subprocess_exec(
        *_CERTIFICATE, file, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await shell.communicate()
    assert said.startswith(b"notAfter=")


@pytest.mark.parametrize(("name", "metric"), [("gateway-1", "http"), ("feed-worker-1", "jobs")])
async def test_metrics_are_read_as_shown(suite: Suite, name: str, metric: str) -> None:
    done = await asyncio.to_thread(suite.make, "metrics", f"P={name}")
    assert f"retrato_{metric}" in done.stdout
