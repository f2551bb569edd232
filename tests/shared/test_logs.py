"""The log lines of a process and of its libraries."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import logging
from shared.logs import configure_logging, get_logger, request_id
log = get_logger()
configure_logging("users-1", "INFO")
request_id.set("request-0001")
log.info("hello", number=7, odd={1, 2})
log.debug("unseen")
logging.getLogger("asyncpg").warning("pool of %d", 10)
logging.getLogger("uvicorn.access").info("unseen")
try:
    raise ValueError("broken")
except ValueError:
    log.exception("failed")
"""


def _lines(program: str = PROGRAM) -> list[dict[str, object]]:
    ran = subprocess.run(
        [sys.executable, "-u", "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stderr == ""
    return [json.loads(line) for line in ran.stdout.splitlines()]


def test_every_line_is_json_and_says_who_when_and_for_which_request() -> None:
    lines = _lines()
    assert [line["event"] for line in lines] == ["hello", "pool of 10", "failed"]
    for line in lines:
        assert line["instance"] == "users-1"
        assert line["request_id"] == "request-0001"
        assert str(line["ts"]).endswith("Z")
    assert [line["level"] for line in lines] == ["info", "warning", "error"]
    assert lines[1]["logger"] == "asyncpg"


AT_ONCE = """
import asyncio, sys
from shared.logs import configure_logging, get_logger
log = get_logger()
configure_logging("users-1", "INFO")

async def main():
    log.info("first")
    log.info("second")
    log.warning("third")
    sys.stdout.write("{}\\n")
    log.info("last")

asyncio.run(main())
"""


def test_a_warning_is_written_at_once_with_what_came_before_it() -> None:
    events = [line.get("event") for line in _lines(AT_ONCE)]
    # The program prints the fourth line directly; the last line is written at its exit.
    assert events == ["first", "second", "third", None, "last"]


def test_a_traceback_is_part_of_its_line() -> None:
    failed = _lines()[2]
    assert "ValueError" in json.dumps(failed["exception"])
