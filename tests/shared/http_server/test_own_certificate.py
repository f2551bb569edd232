"""A server's context follows its files, and keeps what it had while they do not fit."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn

from shared.http_server.own_certificate import OwnCertificate
from tests.shared.certificates import Authority, Certificate

ADDRESS = "127.22.6.3"
NAME = "users.internal"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def files(authority: Authority) -> Certificate:
    return authority.issue(NAME)


@pytest.fixture
def own(files: Certificate) -> OwnCertificate:
    return OwnCertificate(files.cert_file, files.key_file)


@pytest.fixture
async def port(own: OwnCertificate, files: Certificate) -> AsyncIterator[int]:
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    def make() -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files.cert_file, files.key_file)
        return context

    tls = own.attach(uvicorn.Config("app:app"), make)
    server = await asyncio.start_server(greet, ADDRESS, 0, ssl=tls)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def shown(port: int) -> str:
    return await asyncio.to_thread(ssl.get_server_certificate, (ADDRESS, port))


async def test_unchanged_files_are_not_read_again(own: OwnCertificate, port: int) -> None:
    before = await shown(port)
    assert not own.take_up()
    assert await shown(port) == before


async def test_a_new_pair_is_shown_to_new_connections(
    own: OwnCertificate, authority: Authority, files: Certificate, port: int
) -> None:
    before = await shown(port)
    authority.issue(NAME)
    assert own.take_up()
    assert before != await shown(port) == _text(files.cert_file)


@pytest.mark.parametrize("broken", ["cert_file", "key_file"])
@pytest.mark.parametrize("content", ["other", "nothing", "gone"])
async def test_the_old_certificate_stays_while_the_files_do_not_fit(
    own: OwnCertificate,
    authority: Authority,
    files: Certificate,
    port: int,
    broken: str,
    content: str,
) -> None:
    before = await shown(port)
    file = getattr(files, broken)
    whole = (files.cert_file.read_bytes(), files.key_file.read_bytes())
    if content == "gone":
        file.unlink()
    else:
        other = getattr(authority.issue("other"), broken).read_bytes()
        file.write_bytes(other if content == "other" else b"")
    assert not own.take_up()
    assert await shown(port) == before
    # The files fit again, and others come later: nothing of the fault is left.
    files.cert_file.write_bytes(whole[0])
    files.key_file.write_bytes(whole[1])
    own.take_up()
    assert await shown(port) == before
    authority.issue(NAME)
    assert own.take_up()
    assert await shown(port) == _text(files.cert_file)


def _text(file: Path) -> str:
    # As `get_server_certificate` writes it.
    return ssl.DER_cert_to_PEM_cert(ssl.PEM_cert_to_DER_cert(file.read_text()))
