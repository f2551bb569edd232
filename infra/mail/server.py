"""The process of the embedded server: `python -m shared.launch infra.mail.server`."""

import asyncio
import gc
import os
import signal
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from infra.mail.kept import KeptMessages
from infra.mail.pages import Pages
from infra.mail.reception import open_reception
from shared.http_server.exposition import build_info
from shared.http_server.own_certificate import OwnCertificate
from shared.logs import configure_logging, get_logger
from shared.version import VERSION

log = get_logger()

_PREFIX = "MAIL_"
_LOOK_S = 2.0
_LOOKS_BETWEEN_DROPS = 1_800


@dataclass(frozen=True, slots=True)
class MailSettings:
    """The environment of the process, read by hand: the usual reader takes a third of its memory.

    `operator_tokens` are the present one and those that count besides it.
    """

    instance: str
    address: str
    port: int
    smtp_port: int
    smtp_password: str
    operator_tokens: tuple[str, ...]
    cert_file: Path
    key_file: Path
    folder: Path
    keep_days: int
    messages_max: int
    log_level: str
    revision: str


def settings_in(environment: Mapping[str, str]) -> MailSettings:
    """Return the settings of an environment; raises KeyError that names what is missing."""

    def value(name: str) -> str:
        return environment[_PREFIX + name]

    others = environment.get(f"{_PREFIX}OPERATOR_TOKEN_OTHERS", "").split(",")
    return MailSettings(
        instance=value("INSTANCE"),
        address=value("LISTEN_HOST"),
        port=int(value("LISTEN_PORT")),
        smtp_port=int(value("SMTP_PORT")),
        smtp_password=value("SMTP_PASSWORD"),
        operator_tokens=(value("OPERATOR_TOKEN"), *(one for one in others if one)),
        cert_file=Path(value("TLS_CERT_FILE")),
        key_file=Path(value("TLS_KEY_FILE")),
        folder=Path(value("FOLDER")),
        keep_days=int(value("KEEP_DAYS")),
        messages_max=int(value("MESSAGES_MAX")),
        log_level=environment.get(f"{_PREFIX}LOG_LEVEL", "INFO"),
        revision=environment.get(f"{_PREFIX}REVISION", "unknown"),
    )


def main() -> None:
    """Serve until a signal ends the process."""
    try:
        settings = settings_in(os.environ)
    except (KeyError, ValueError) as error:
        sys.stderr.write(f"Cannot start: the environment lacks {error}.\n")
        raise SystemExit(2) from error
    configure_logging(settings.instance, settings.log_level)
    build_info.labels(VERSION, settings.revision).set(1)
    gc.collect()
    gc.freeze()
    gc.enable()
    asyncio.run(serve_mail(settings))


async def serve_mail(settings: MailSettings, stop: asyncio.Event | None = None) -> None:
    """Take and show messages until `stop` is set, or until a signal without one."""
    kept = KeptMessages(
        settings.folder, keep_days=settings.keep_days, messages_max=settings.messages_max
    )
    pages = Pages(kept, settings.operator_tokens, settings.revision)
    shown, taking = (OwnCertificate(settings.cert_file, settings.key_file) for _door in range(2))
    config = uvicorn.Config(
        pages,
        host=settings.address,
        port=settings.port,
        loop="none",
        lifespan="off",
        ws="none",
        ssl_certfile=settings.cert_file,
        ssl_keyfile=settings.key_file,
        ssl_context_factory=shown.attach,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    context = taking.attach(config, lambda: _context(settings))
    server = _Server(config)
    reception = await open_reception(
        kept, settings.smtp_password, context, settings.address, settings.smtp_port
    )
    log.info("starting", address=settings.address, port=settings.port, smtp=settings.smtp_port)
    ended = _on_signals(stop or asyncio.Event())
    caring = asyncio.create_task(_take_care(kept, (shown, taking)))
    serving = asyncio.create_task(server.serve())
    waiting = asyncio.create_task(ended.wait())
    try:
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        server.should_exit = True
        reception.close()
        for task in (caring, waiting):
            task.cancel()
        await asyncio.wait({serving, caring, waiting})
        log.info("stopped")


class _Server(uvicorn.Server):
    """Leaves signals to the process, which has two doors to close."""

    def capture_signals(self):  # type: ignore[no-untyped-def]
        return _Nothing()


class _Nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *_error: object) -> None: ...


def _context(settings: MailSettings) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.cert_file, settings.key_file)
    return context


def _on_signals(stop: asyncio.Event) -> asyncio.Event:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _take_care(kept: KeptMessages, certificates: tuple[OwnCertificate, ...]) -> None:
    """Take up renewed certificates, and drop old messages each hour."""
    looks = 0
    while True:
        for certificate in certificates:
            certificate.take_up()
        if looks % _LOOKS_BETWEEN_DROPS == 0:
            await asyncio.to_thread(kept.drop_old)
        looks += 1
        await asyncio.sleep(_LOOK_S)


if __name__ == "__main__":
    main()
