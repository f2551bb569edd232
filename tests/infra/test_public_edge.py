"""Both balancers answer for the public name, whose certificate an ACME server signs."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from infra.control.replaced_programs import runs_a_replaced_file
from infra.public_certificate import PublicCertificate
from tests.eventually import eventually
from tests.infra.public_edge import (
    CLIENT6,
    DOMAIN,
    SERVER6,
    Edge,
    in_server_space,
    missing,
    public_edge,
    roots_of,
    start_acme_server,
)

pytestmark = [pytest.mark.long, pytest.mark.skipif(bool(missing()), reason=f"needs {missing()}")]

_OBTAIN = """
import sys
from pathlib import Path
from infra.control.acme import obtain
from infra.plan.figures import Public
from infra.run_folder import RunFolder
obtain(RunFolder(Path(sys.argv[1])), Public(**eval(sys.argv[2])))
"""


@pytest.fixture
def edge() -> Iterator[Edge]:
    with public_edge() as edge:
        yield edge


def _obtain(edge: Edge) -> None:
    public = edge.suite.plan.public
    assert public is not None
    values = {name: getattr(public, name) for name in public.__dataclass_fields__}
    words = [sys.executable, "-c", _OBTAIN, str(edge.suite.folder.root), repr(values)]
    done = subprocess.run(in_server_space(words), check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


async def _answers(edge: Edge) -> None:
    def answers() -> None:
        assert edge.curl(f"http://{DOMAIN}/").returncode == 0

    await eventually(answers)


async def test_who_comes_without_tls_is_sent_on_with_method_and_query(edge: Edge) -> None:
    await _answers(edge)
    said = edge.curl(
        f"http://{DOMAIN}/v1/posts?a=1", "-o", "/dev/null", "-X", "POST", "-D", "-"
    ).stdout
    assert " 308 " in said
    assert f"Location: https://{DOMAIN}/v1/posts?a=1" in said
    # Another Host is no way to send people elsewhere.
    said = edge.curl(f"http://{DOMAIN}/x", "-H", "Host: evil.example", "-D", "-").stdout
    assert f"Location: https://{DOMAIN}/x" in said


async def test_over_tls_it_says_that_only_tls_may_be_used(edge: Edge) -> None:
    await _answers(edge)
    own = str(edge.suite.ca_file)
    said = edge.curl(f"https://{DOMAIN}/robots.txt", "--cacert", own, "-D", "-").stdout
    assert "200" in said.splitlines()[0]
    assert "strict-transport-security: max-age=31536000" in said
    # Pages of operators and of the services do not exist for people outside.
    for path in ("/ops/", "/docs/users", "/metrics", "/ready"):
        said = edge.curl(f"https://{DOMAIN}{path}", "--cacert", own, "-D", "-").stdout
        assert " 404" in said.splitlines()[0], path


async def test_ipv6_is_served_and_its_address_is_the_callers(edge: Edge) -> None:
    await _answers(edge)
    own = ("--cacert", str(edge.suite.ca_file))
    six = ("--resolve", f"{DOMAIN}:443:[{SERVER6}]", "-6")
    assert edge.curl(f"https://{DOMAIN}/v1/six", *own, *six).returncode == 0

    def logged() -> None:
        assert CLIENT6 in [line["client"] for line in edge.lines() if line["path"] == "/v1/six"]

    await eventually(logged)


async def test_either_balancer_may_stop_and_nobody_notices(edge: Edge) -> None:
    await _answers(edge)
    first, second = edge.balancers
    with edge.asked_meanwhile(edge.suite.ca_file, 4) as result:
        for process in (first, second):
            before = len(edge.lines())
            edge.kill(process.name, signal.SIGQUIT)
            await eventually(partial(_more_than, edge, before + 50))
            edge.start(process)
            await eventually(lambda: _both_answer(edge))
        counts = result()
    assert set(counts) == {"answered"}


async def test_a_new_nginx_is_taken_up_by_one_balancer_after_the_other_without_a_lost_request(
    edge: Edge, tmp_path: Path
) -> None:
    await _answers(edge)
    program = tmp_path / "nginx"
    shutil.copy(edge.balancers[0].command[4], program)
    _migrate_what_waits()
    with edge.asked_meanwhile(edge.suite.ca_file, 4) as result:
        for process in edge.balancers:
            edge.kill(process.name, signal.SIGQUIT)
            edge.start(process, program=program)
            before = len(edge.lines())
            await eventually(partial(_more_than, edge, before + 50))
            await eventually(lambda: _both_answer(edge))
        # An update of a package writes the new file beside the old one and renames it.
        new = tmp_path / "nginx.dpkg-new"
        shutil.copy(program, new)
        new.replace(program)
        # A reload is not enough, because the master starts workers of its own program.
        for process in edge.balancers:
            edge.kill(process.name, signal.SIGHUP)
        before = len(edge.lines())
        await eventually(partial(_more_than, edge, before + 50))
        await eventually(lambda: _both_answer(edge))
        result()
    assert all(runs_a_replaced_file(edge.pid(process.name)) for process in edge.balancers)
    with edge.asked_meanwhile(edge.suite.ca_file, 4) as result:
        for process in edge.balancers:
            before = len(edge.lines())
            edge.kill(process.name, signal.SIGQUIT)
            await eventually(partial(_more_than, edge, before + 50))
            edge.start(process, program=program)
            await eventually(lambda: _both_answer(edge))
        counts = result()
    assert set(counts) == {"answered"}
    assert not any(runs_a_replaced_file(edge.pid(process.name)) for process in edge.balancers)


async def test_of_a_balancer_that_is_killed_only_requests_under_way_are_lost(edge: Edge) -> None:
    await _answers(edge)
    first, _second = edge.balancers
    clients = 4
    with edge.asked_meanwhile(edge.suite.ca_file, clients) as result:
        await eventually(lambda: _more_than(edge, 100))
        before = len(edge.lines())
        edge.kill(first.name, signal.SIGKILL)
        await eventually(lambda: _more_than(edge, before + 200))
        counts = result()
    assert sum(count for what, count in counts.items() if what != "answered") <= clients


async def test_a_certificate_comes_from_an_acme_server_and_is_renewed_without_a_lost_request(
    edge: Edge, tmp_path: Path
) -> None:
    await _answers(edge)
    public = edge.suite.plan.public
    assert public is not None
    folder = Path(public.acme_ca_file).parent
    trusted = start_acme_server(edge, folder)
    root = folder / "root.pem"
    await eventually(lambda: _try(lambda: roots_of(edge, trusted, root)))
    # What our own authority signed until then counts too.
    both = tmp_path / "both.pem"
    both.write_bytes(root.read_bytes() + edge.suite.ca_file.read_bytes())
    certificate = PublicCertificate(edge.suite.folder, public)
    shown = []
    with edge.asked_meanwhile(both, 4) as result:
        for _ in range(2):
            _obtain(edge)
            assert not certificate.is_placed()
            certificate.place()
            for process in edge.balancers:
                edge.kill(process.name, signal.SIGHUP)
            known = certificate.shown_now()
            assert known is not None
            await eventually(partial(_only_shows, edge, known.serial_number))
            shown.append(known.serial_number)
        before = len(edge.lines())
        await eventually(lambda: _more_than(edge, before + 100))
        counts = result()
    assert set(counts) == {"answered"}, counts
    assert len(set(shown)) == 2
    assert edge.curl(f"https://{DOMAIN}/robots.txt", "--cacert", str(root)).returncode == 0


def _more_than(edge: Edge, count: int) -> None:
    assert len(edge.lines()) > count


def _migrate_what_waits() -> None:
    """As `make install` sets it: what waits at a socket that closes goes to the other balancer."""
    words = ["sh", "-c", "echo 1 > /proc/sys/net/ipv4/tcp_migrate_req"]
    subprocess.run(in_server_space(words), check=True)


def _both_answer(edge: Edge) -> None:
    tail = edge.lines()[-40:]
    assert {line["instance"] for line in tail} == {"nginx-1", "nginx-2"}


def _only_shows(edge: Edge, serial: int) -> None:
    for _ in range(8):
        words = ("-k", "-w", "%{certs}", "-o", "/dev/null")
        said = edge.curl(f"https://{DOMAIN}/robots.txt", *words).stdout
        assert f"{serial:x}" in said.replace(":", "").lower()


def _try(step: object) -> None:
    assert callable(step)
    try:
        step()
    except subprocess.CalledProcessError as error:
        raise AssertionError(str(error)) from error
