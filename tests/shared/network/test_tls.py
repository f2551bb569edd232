"""The certificate's name is verified, whichever address is dialled; the CA file is followed."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.network.tls import client_context, named_context
from tests.shared.certificates import Authority

ADDRESS = "127.22.6.1"
NAME = "users-a.postgres.internal"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
async def port(authority: Authority) -> AsyncIterator[int]:
    """A server whose certificate has the name and no address."""
    certificate = authority.issue(NAME)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate.cert_file, certificate.key_file)

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, ADDRESS, 0, ssl=tls)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def greeting(port: int, context: ssl.SSLContext, name: str | None = None) -> bytes:
    reader, writer = await asyncio.open_connection(ADDRESS, port, ssl=context, server_hostname=name)
    try:
        return await reader.read()
    finally:
        writer.close()


async def test_a_named_context_verifies_its_name_whatever_is_dialled(
    authority: Authority, port: int
) -> None:
    assert await greeting(port, named_context(authority.ca_file, NAME)) == b"hello"


async def test_a_named_context_refuses_a_server_of_another_name(
    authority: Authority, port: int
) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        await greeting(port, named_context(authority.ca_file, "users-b.postgres.internal"))


async def test_a_client_context_verifies_the_name_that_the_caller_gives(
    authority: Authority, port: int
) -> None:
    context = client_context(authority.ca_file)
    assert await greeting(port, context, NAME) == b"hello"
    with pytest.raises(ssl.SSLCertVerificationError):
        await greeting(port, context)


async def test_an_authority_of_somebody_else_is_not_trusted(
    tmp_path_factory: pytest.TempPathFactory, port: int
) -> None:
    stranger = Authority(tmp_path_factory.mktemp("stranger"))
    with pytest.raises(ssl.SSLCertVerificationError):
        await greeting(port, named_context(stranger.ca_file, NAME))


def test_a_context_is_made_once(authority: Authority) -> None:
    assert client_context(authority.ca_file) is client_context(authority.ca_file)
    assert named_context(authority.ca_file, NAME) is not named_context(authority.ca_file, "other")


async def test_an_authority_that_is_added_to_the_file_is_trusted_without_a_new_context(
    tmp_path_factory: pytest.TempPathFactory, authority: Authority, port: int
) -> None:
    earlier = Authority(tmp_path_factory.mktemp("earlier"))
    context = named_context(earlier.ca_file, NAME)
    with pytest.raises(ssl.SSLCertVerificationError):
        await greeting(port, context)
    replace_text(earlier.ca_file, earlier.ca_file.read_text() + authority.ca_file.read_text())
    assert await greeting(port, context) == b"hello"


async def test_an_authority_that_leaves_the_file_is_refused_by_contexts_made_before(
    tmp_path_factory: pytest.TempPathFactory, authority: Authority, port: int
) -> None:
    contexts = (named_context(authority.ca_file, NAME), client_context(authority.ca_file))
    assert await greeting(port, contexts[0]) == b"hello"
    assert await greeting(port, contexts[1], NAME) == b"hello"
    later = Authority(tmp_path_factory.mktemp("later"))
    replace_text(authority.ca_file, later.ca_file.read_text())
    for context in contexts:
        with pytest.raises(ssl.SSLCertVerificationError):
            await greeting(port, context, NAME)


@pytest.mark.parametrize("text", ["", "no certificate", None])
async def test_a_file_that_cannot_be_read_changes_nothing(
    authority: Authority, port: int, text: str | None
) -> None:
    context = named_context(authority.ca_file, NAME)
    if text is None:
        authority.ca_file.unlink()
    else:
        replace_text(authority.ca_file, text)
    assert await greeting(port, context) == b"hello"


def replace_text(file: Path, text: str) -> None:
    """As an operator's command does: the file is whole at any moment."""
    draft = file.with_suffix(".draft")
    draft.write_text(text)
    draft.replace(file)
