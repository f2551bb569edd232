"""Logging as one JSON line per event on standard output, the standard library's loggers too."""

import logging
import sys
import time
from contextvars import ContextVar
from typing import Any, cast

import orjson
import structlog
from structlog.processors import ExceptionRenderer
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from shared.log_output import LineOutput

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# These loggers repeat our access line, or log every second what nobody reads.
_QUIET_LOGGERS = ("uvicorn.access", "httpx", "httpcore", "aiobotocore", "botocore", "asyncio")


def get_logger() -> FilteringBoundLogger:
    """Return the logger; a line costs some microseconds and never blocks on `await`."""
    return cast(FilteringBoundLogger, structlog.get_logger())


def configure_logging(instance: str, level: str) -> None:
    """Route structlog and the standard library to standard output; call once per process."""
    lines: list[Processor] = [
        _AddTime(),
        structlog.processors.add_log_level,
        _AddIdentity(instance),
        # No local variables in tracebacks: they hold passwords, tokens and bodies.
        ExceptionRenderer(ExceptionDictTransformer(show_locals=False, max_frames=20)),
    ]
    output = LineOutput(sys.stdout.buffer)
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[*lines, structlog.processors.JSONRenderer(serializer=_line)],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_names: output,
        cache_logger_on_first_use=True,
    )
    _route_standard_library(lines, number)


class _AddTime:
    """Adds the time in UTC; keeps the formatted second, which is the expensive part of a line."""

    def __init__(self) -> None:
        self._spelled = (0, "")

    def __call__(self, _logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        second, microseconds = divmod(time.time_ns() // 1000, 1_000_000)
        of_second, spelled = self._spelled
        if of_second != second:
            spelled = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._spelled = (second, spelled)
        line["ts"] = f"{spelled}.{microseconds:06d}Z"
        return line


class _AddIdentity:
    """Adds the process's name and the id of the current request to every line."""

    def __init__(self, instance: str) -> None:
        self._instance = instance

    def __call__(self, _logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        line["instance"] = self._instance
        line.setdefault("request_id", request_id.get())
        return line


def _line(event: EventDict, **_options: Any) -> bytes:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS)


def _text(event: EventDict, **options: Any) -> str:
    return _line(event, **options).decode()


def _route_standard_library(lines: list[Processor], level: int) -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *lines,
                structlog.processors.JSONRenderer(serializer=_text),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
