"""Certificates and their authority change under load, and no request fails."""

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from infra.authority_files import AuthorityFiles
from infra.certificates import Authority, KeyPair
from infra.control.authority_rotation import rotate_authority
from infra.control.certificate_renewal import hand_over, look_at_processes, wait_until_taken_up
from infra.control.progress import Progress
from infra.control.run_lock import sole_command
from infra.control.shown_certificates import certificate_file
from infra.processes import processes_of
from shared.jobs.pauses import pause
from shared.network.tls import client_context
from tests.eventually import eventually
from tests.failures import steady_load as load
from tests.failures.steady_load import Tally, steady_load
from tests.journeys.phone import Phone, picture
from tests.suite import Suite

pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]

REQUESTS_PER_SECOND = 50
SHORT_LIFE_S = 150.0
IMPOSTOR = "127.22.6.5"


@asynccontextmanager
async def _much_load(
    monkeypatch: pytest.MonkeyPatch,
    phones: httpx.AsyncClient,
    reads: Sequence[httpx.Request],
    alice: Phone,
) -> AsyncIterator[Tally]:
    """Fifty requests a second, and beside them one picture after the other; none may fail."""
    monkeypatch.setattr(load, "PHONES", 24)
    stop = asyncio.Event()
    began_s = time.monotonic()
    async with steady_load(phones, reads, REQUESTS_PER_SECOND) as tally:
        uploads = asyncio.create_task(_upload_pictures(alice, stop))
        try:
            yield tally
        finally:
            stop.set()
            await asyncio.wait([uploads])
    took_s = time.monotonic() - began_s
    print(  # noqa: T201 - figures for whoever runs this by hand
        f"{tally.answered} of {tally.sent} requests in {took_s:.0f} s"
        f" ({tally.sent / took_s:.1f}/s), {tally.resent} sent again, uploads: {uploads}"
    )
    print(Counter(failure.partition(": ")[2][:75] for failure in tally.failures))  # noqa: T201
    assert tally.failures == []
    assert tally.answered == tally.sent
    assert uploads.result() > 0


async def _upload_pictures(alice: Phone, stop: asyncio.Event) -> int:
    """Upload one each second; a busy machine may refuse one for now, as phones know."""
    uploaded = 0
    while not stop.is_set():
        await pause(stop, 1.0)
        reply = await alice.http.post(
            "/v1/photos", content=picture(seed=uploaded), headers={"Content-Type": "image/jpeg"}
        )
        if reply.status_code == 503 and reply.json()["code"] == "overloaded":
            continue
        assert reply.status_code == 202, reply.text
        uploaded += 1
    return uploaded


def _pairs(suite: Suite) -> list[KeyPair]:
    files = {certificate_file(suite.on_disk, process) for process in suite.processes()}
    return [KeyPair(file, file.with_suffix(".key")) for file in files if file is not None]


async def test_certificates_that_end_soon_are_renewed_and_no_request_fails(
    suite: Suite,
    phones: httpx.AsyncClient,
    reads: Sequence[httpx.Request],
    alice: Phone,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_disk = suite.on_disk
    asked = {p.name for p in processes_of(on_disk) if certificate_file(on_disk, p)}
    async with _much_load(monkeypatch, phones, reads, alice):
        authority = Authority(on_disk.folder.pki)
        for pair in _pairs(suite):
            authority.renew(pair, days=SHORT_LIFE_S / 86_400)
        end_s = time.time() + SHORT_LIFE_S
        await hand_over(on_disk, suite.processes())
        assert await wait_until_taken_up(on_disk) == []

        async def every_process_shows_a_long_one() -> None:
            shown = (await look_at_processes(on_disk)).certificates
            assert set(shown) == asked
            ends = {name: one.not_valid_after_utc.timestamp() for name, one in shown.items()}
            assert {name for name, end in ends.items() if end <= end_s} == set()

        await eventually(every_process_shows_a_long_one, within_s=SHORT_LIFE_S, every_s=1)
        print(f"renewed {end_s - time.time():.0f} s before the end")  # noqa: T201

        def the_short_ones_have_ended() -> None:
            assert time.time() > end_s + 5

        # Whoever still showed or believed one of those would fail now.
        await eventually(the_short_ones_have_ended, within_s=SHORT_LIFE_S + 30, every_s=1)


async def test_the_authority_is_replaced_and_no_request_fails(
    suite: Suite,
    phones: httpx.AsyncClient,
    reads: Sequence[httpx.Request],
    alice: Phone,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    on_disk = suite.on_disk
    kept = _copy_of(on_disk.folder.pki / "users.crt", tmp_path)
    former = AuthorityFiles(on_disk.folder.pki).signer()
    assert await _greeted(kept, client_context(suite.ca_file))
    async with _much_load(monkeypatch, phones, reads, alice):
        began_s = time.monotonic()
        with sole_command(on_disk.folder, "rotate"):
            await rotate_authority(on_disk, Progress())
        print(f"replaced in {time.monotonic() - began_s:.1f} s")  # noqa: T201
        present = AuthorityFiles(on_disk.folder.pki).signer()
        shown = (await look_at_processes(on_disk)).certificates
        assert {
            name for name, one in shown.items() if one.issuer != present.certificate.subject
        } == set()
        assert present.certificate.subject != former.certificate.subject
    # The same context as before, which every process of the suite has too.
    assert not await _greeted(kept, client_context(suite.ca_file))
    await _require_balancers_refuse(suite, kept)


def _copy_of(certificate: Path, folder: Path) -> KeyPair:
    pair = KeyPair(folder / "kept.crt", folder / "kept.key")
    pair.certificate.write_bytes(certificate.read_bytes())
    pair.key.write_bytes(certificate.with_suffix(".key").read_bytes())
    return pair


async def _greeted(pair: KeyPair, context: ssl.SSLContext) -> bool:
    """Whether a client believes a server that shows this certificate."""
    async with _impostor(pair, IMPOSTOR, 0) as (port, _asked):
        try:
            _reader, writer = await asyncio.open_connection(
                IMPOSTOR, port, ssl=context, server_hostname="users.internal"
            )
        except ssl.SSLCertVerificationError:
            return False
        writer.close()
        return True


async def _require_balancers_refuse(suite: Suite, kept: KeyPair) -> None:
    """In the place of users-2, a server with a former certificate is called and not believed."""
    users = suite.process("users-2")
    await suite.stop(users.name)
    try:
        async with (
            _impostor(kept, users.address, users.port) as (_port, asked),
            httpx.AsyncClient(base_url=suite.public_url) as client,
        ):
            for _ in range(20):
                assert (await client.get("/docs/users")).status_code == 200

            def it_was_called() -> None:
                assert b"" in asked

            await eventually(it_was_called)
            # The name server's checks verify nothing; nobody else says anything.
            assert {one for one in asked if not one.startswith(b"GET /ready ")} == {b""}
    finally:
        await suite.start(users.name)


@asynccontextmanager
async def _impostor(
    pair: KeyPair, address: str, port: int
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Serve with this certificate; yields the port, and what callers said: nothing, or a request.

    Over TLS 1.3, a client's refusal arrives only after the server's handshake.
    """
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pair.certificate, pair.key)
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked.append(await reader.read(100))
        except (ssl.SSLError, OSError):
            asked.append(b"")
        writer.close()

    server = await asyncio.start_server(answer, address, port, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1], asked
    finally:
        server.close()
