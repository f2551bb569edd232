"""`make deploy` brings a suite to three hosts by ssh, and brings it again while people use it."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from infra.hosts.deploying import PLAYBOOK, pack_code
from infra.hosts.placing import place_code
from infra.run_folder import REPOSITORY
from tests.infra.hosts.namespaces import CLIENT, Hosts, may_make_namespaces

_SSHD = Path("/usr/sbin/sshd")
_ENVIRONMENTS = Path(sys.executable).parents[2]
_ANSIBLE = _ENVIRONMENTS / "venv-deploy" / "bin" / "ansible-playbook"
_DEPLOYED_WITHIN_S = 1500.0
_SERVES_S = 120
_CONFIG = """\
Port 22
ListenAddress {address}
HostKey {key}
AuthorizedKeysFile {public}
PidFile none
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
StrictModes no
Subsystem sftp internal-sftp
"""
_needs_hosts = pytest.mark.skipif(
    not (_SSHD.exists() and _ANSIBLE.exists() and may_make_namespaces()),
    reason="it needs network namespaces, sshd, and Ansible of `make deploy`",
)


def test_the_code_is_replaced_as_a_whole_and_only_if_it_differs(tmp_path: Path) -> None:
    archive, folder = pack_code(tmp_path / "code.tar.gz"), tmp_path / "host"
    assert str(folder / "infra") in place_code(archive, folder)
    assert place_code(archive, folder) == []
    assert (folder / "infra" / "topology.toml").read_bytes() == (
        REPOSITORY / "infra" / "topology.toml"
    ).read_bytes()
    assert not list(folder.rglob("__pycache__"))
    stray = folder / "services" / "feed" / "of_an_earlier_version.py"
    stray.write_text("", encoding="utf-8")
    (folder / ".placed").write_text("another", encoding="ascii")
    (folder / ".run").mkdir()
    place_code(archive, folder)
    assert not stray.exists()
    assert (folder / ".run").is_dir()


@pytest.mark.skipif(not _ANSIBLE.exists(), reason="it needs Ansible of `make deploy`")
def test_the_playbook_is_understood() -> None:
    done = subprocess.run(
        [str(_ANSIBLE), "--syntax-check", "--inventory=localhost,", str(PLAYBOOK)],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    folder = Path(tempfile.mkdtemp(prefix="rt-", dir="/var/tmp"))
    folder.chmod(0o711)
    suite = Hosts(folder, network="10.78.0", code=folder / "code")
    servers: list[subprocess.Popen[bytes]] = []
    try:
        suite.make()
        keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")]
        subprocess.run(keygen, check=True, timeout=30)
        Path("/run/sshd").mkdir(exist_ok=True)
        for host in suite.suite.plan.hosts:
            servers.append(_sshd(suite, host))
            suite.boot(host, ())
        yield suite
    finally:
        for server in servers:
            server.terminate()
        suite.remove()
        shutil.rmtree(folder, ignore_errors=True)


def _sshd(hosts: Hosts, host: str) -> subprocess.Popen[bytes]:
    machines = hosts.suite.plan.machines
    assert machines is not None
    config = hosts.folder / f"{host}.sshd"
    text = _CONFIG.format(
        address=machines.host(host).address,
        key=hosts.folder / "key",
        public=hosts.folder / "key.pub",
    )
    config.write_text(text, encoding="utf-8")
    return subprocess.Popen([*hosts.inside(host), str(_SSHD), "-D", "-e", "-f", str(config)])


@_needs_hosts
@pytest.mark.suite
@pytest.mark.long
def test_a_deployment_by_ssh_serves_and_a_second_one_keeps_serving(hosts: Hosts) -> None:
    first = _deploy(hosts)
    assert "failed=0" in first
    nginx = hosts.suite.plan.nginx
    for address in nginx.replicas:
        _sign_up(hosts, f"http://{address}:{nginx.port}")
    # The rendered firewall is loaded: nobody but the hosts reaches a database.
    member = hosts.suite.plan.members[0]
    assert not _reaches(hosts, CLIENT, member.address, member.port)
    assert _reaches(hosts, "two", member.address, member.port)
    (hosts.folder / "code" / ".placed").write_text("another version", encoding="ascii")
    assert "failed=0" in _deploy(hosts)
    _sign_up(hosts, f"http://{nginx.replicas[0]}:{nginx.port}")


def _deploy(hosts: Hosts) -> str:
    """Deploy from the client's namespace, with runners of units in the place of systemd."""
    tell = f"{sys.executable} {Path(__file__).with_name('tell.py')} {{{{ folder }}}}.commands"
    code = hosts.folder / "code"
    values = {
        "arriving": f"{hosts.folder}/arriving-{{{{ inventory_hostname }}}}",
        "bootstrap_command": f"ln -sfn {_ENVIRONMENTS} {code}/.run",
        "placing_options": "--units {{ folder }}/units",
        "reload_units_command": "true",
        "firewall_command": "nft -f {{ folder }}/etc/firewall.nft",
        "is_running_command": f"{tell} has-started",
        "start_command": f"{tell} start",
        "restart_command": f"{tell} restart",
        "reload_command": f"{tell} hup",
    }
    extra = hosts.folder / "values.json"
    extra.write_text(json.dumps(values), encoding="utf-8")
    ssh = f"-o StrictHostKeyChecking=no -o UserKnownHostsFile={hosts.folder}/known"
    # All hosts share the folder of the code.
    words = ["--forks=1", f"--private-key={hosts.folder}/key", f"--extra-vars=@{extra}"]
    done = subprocess.run(
        [
            *hosts.inside(CLIENT),
            *(sys.executable, "-m", "infra", "deploy", f"--drawing={hosts.drawing}"),
            f"--words={shlex.join(words)}",
        ],
        cwd=REPOSITORY,
        env={
            **os.environ,
            "RETRATO_HOSTS_DIR": str(hosts.folder / "keys"),
            "RETRATO_VENV_DIR": str(_ENVIRONMENTS),
            "ANSIBLE_SSH_COMMON_ARGS": ssh,
            "ANSIBLE_LOCAL_TEMP": str(hosts.folder / "ansible"),
        },
        check=False,
        capture_output=True,
        text=True,
        timeout=_DEPLOYED_WITHIN_S,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    return done.stdout


def _sign_up(hosts: Hosts, url: str) -> None:
    words = ("-m", "tests.infra.hosts.sign_up", url, str(_SERVES_S))
    done = subprocess.run(
        [*hosts.inside(CLIENT), sys.executable, *words],
        cwd=REPOSITORY,
        check=False,
        capture_output=True,
        text=True,
        timeout=_SERVES_S + 60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _reaches(hosts: Hosts, source: str, address: str, port: int) -> bool:
    script = f"import socket; socket.create_connection(('{address}', {port}), 3)"
    with suppress(subprocess.CalledProcessError):
        subprocess.run(
            [*hosts.inside(source), sys.executable, "-c", script],
            check=True,
            capture_output=True,
            timeout=30,
        )
        return True
    return False
