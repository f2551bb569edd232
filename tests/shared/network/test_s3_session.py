"""The S3 client trusts what its CA file holds now."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import botocore.exceptions  # type: ignore[import-untyped]
import pytest
from aiobotocore.config import AioConfig  # type: ignore[import-untyped]
from aiobotocore.session import get_session  # type: ignore[import-untyped]

from shared.network.s3_session import FollowingSession
from tests.shared.certificates import Authority

ADDRESS = "127.22.6.2"
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    """A store that says yes to everything, with a certificate of `tmp_path`'s authority."""
    certificate = Authority(tmp_path).issue(ADDRESS)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate.cert_file, certificate.key_file)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(REPLY)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, ADDRESS, 0, ssl=tls)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_a_client_follows_its_ca_file(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, port: int
) -> None:
    own = tmp_path / "ca.pem"
    stranger = Authority(tmp_path_factory.mktemp("stranger")).ca_file
    followed = tmp_path / "followed.pem"
    followed.write_text(own.read_text())
    async with get_session().create_client(
        "s3",
        region_name="r",
        endpoint_url=f"https://{ADDRESS}:{port}",
        aws_access_key_id="a",
        aws_secret_access_key="s",
        verify=str(followed),
        config=AioConfig(http_session_cls=FollowingSession, retries={"total_max_attempts": 1}),
    ) as client:
        await client.head_bucket(Bucket="b")
        stranger.replace(followed)
        with pytest.raises(botocore.exceptions.SSLError):
            await client.head_bucket(Bucket="b")
