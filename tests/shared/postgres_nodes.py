"""Small Postgres nodes over TLS that tests may break: primaries, replicas and elected leaders."""

import os
import select
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import trustme

BIN = Path("/usr/lib/postgresql/15/bin")
PORT = 5432
OWNER = "sharding_test"
PASSWORD = "only for this test"

_CONF = """
listen_addresses = '{address}'
port = {port}
unix_socket_directories = ''
ssl = on
ssl_cert_file = '{folder}/server.pem'
ssl_key_file = '{folder}/server.key'
max_connections = 120
shared_buffers = 16MB
wal_level = logical
max_wal_senders = 5
hot_standby = on
wal_receiver_status_interval = 1s
log_min_messages = fatal
recovery_init_sync_method = syncfs
"""
_HBA = "host all postgres 127.0.0.0/8 trust\nhost replication postgres 127.0.0.0/8 trust\n"
_HBA += "hostssl all all 127.0.0.0/8 scram-sha-256\n"


@dataclass(frozen=True)
class Member:
    """One server with its folder; `name` is the name in its certificate."""

    name: str
    address: str
    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        """Start the server unless it runs, and wait until it accepts statements."""
        if self._runs():
            return
        _run("pg_ctl", "-D", self.data, "-l", self.folder / "log", "-w", "-s", "start")

    def stop(self) -> None:
        """Stop the server at once and disconnect its clients."""
        if self._runs():
            _run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "-s", "stop")

    def crash(self) -> None:
        """Kill the server and all its backends, as a power cut would."""
        pids = self._pids()
        self.send(signal.SIGKILL)
        for pid in pids:
            _wait_for_end(pid)
        # Without a process that reaps orphans, its process id would seem in use for ever.
        (self.data / "postmaster.pid").unlink()

    def copy(self, leader: "Member") -> None:
        """Make the data folder, a copy of a leader's that follows it when it starts."""
        source = f"host={leader.address} port={PORT} user=postgres sslmode=disable"
        copied = ["-R", "-X", "stream", "-c", "fast"]
        _run("pg_basebackup", "-D", self.data, *copied, "-d", source)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the server and all its backends."""
        for pid in self._pids():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def psql(self, sql: str, *, database: str = OWNER) -> str:
        """Run statements as the superuser; returns the plain output."""
        to = ["-h", self.address, "-p", str(PORT), "-U", "postgres", "-d", database]
        return subprocess.run(
            [BIN / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", *to, "-c", sql],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def _runs(self) -> bool:
        try:
            _run("pg_ctl", "-D", self.data, "status")
        except subprocess.CalledProcessError:
            return False
        return True

    def _pids(self) -> list[int]:
        if not (self.data / "postmaster.pid").exists():
            return []
        postmaster = int((self.data / "postmaster.pid").read_text().split()[0])
        backends = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text()
        return [postmaster, *map(int, backends.split())]


class PostgresServers:
    """Servers in a temporary folder, with certificates of one authority."""

    def __init__(self) -> None:
        self.folder = Path(mkdtemp(prefix="retrato-sharding-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.ca = trustme.CA()
        self.ca_file = self.folder / "ca.pem"
        self.ca.cert_pem.write_to_path(str(self.ca_file))
        self.ca_file.chmod(0o644)
        self.all: list[Member] = []

    def addresses(self) -> dict[str, str]:
        """Map each name to its address."""
        return {node.name: node.address for node in self.all}

    def remove(self) -> None:
        """Stop all nodes and delete their folders."""
        for node in reversed(self.all):
            with suppress(subprocess.CalledProcessError):
                node.stop()
        shutil.rmtree(self.folder)

    def make(self, name: str, address: str, copy_of: Member | None = None) -> Member:
        node = Member(name, address, self.folder / name.partition(".")[0])
        self.all.append(node)
        node.folder.mkdir()
        self._write_certificate(node)
        _own(node.folder)
        if copy_of is None:
            _run("initdb", "-D", node.folder / "data", "-U", "postgres", "-A", "trust", "-N")
        else:
            node.copy(copy_of)
        conf = _CONF.format(address=address, port=PORT, folder=node.folder)
        (node.folder / "data" / "postgresql.conf").write_text(conf)
        (node.folder / "data" / "pg_hba.conf").write_text(_HBA)
        node.start()
        if copy_of is None:
            node.psql(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{PASSWORD}'", database="postgres")
            node.psql(f"CREATE DATABASE {OWNER} OWNER {OWNER}", database="postgres")
        return node

    def _write_certificate(self, node: Member) -> None:
        certificate = self.ca.issue_cert(node.name)
        key, chain = node.folder / "server.key", node.folder / "server.pem"
        certificate.private_key_pem.write_to_path(str(key))
        chain.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
        key.chmod(0o600)


class PostgresNodes(PostgresServers):
    """The primary `a` with its replica, and the primary `b`."""

    def __init__(self, net: str) -> None:
        super().__init__()
        self.a = self.make("a.postgres.test", f"{net}.13.1")
        self.b = self.make("b.postgres.test", f"{net}.13.2")
        self.replica = self.make("a-replica.postgres.test", f"{net}.13.11", copy_of=self.a)


class ElectingMembers(PostgresServers):
    """A leader and its synchronous follower, which a test promotes as Patroni would."""

    def __init__(self, net: str) -> None:
        super().__init__()
        self.leader = self.make("p-1.postgres.test", f"{net}.14.1")
        self.follower = self.make("p-2.postgres.test", f"{net}.14.2", copy_of=self.leader)

    def wait_for_follower(self, *, wanted: bool) -> None:
        """Let commits of the leader wait for the follower, or let none wait any more."""
        self.leader.psql(f"ALTER SYSTEM SET synchronous_standby_names = '{'*' * wanted}'")
        self.leader.psql("SELECT pg_reload_conf()")

    def cut_follower(self) -> None:
        """Let the follower receive nothing more."""
        self.follower.psql("ALTER SYSTEM SET primary_conninfo = ''")
        self.follower.psql("SELECT pg_reload_conf()")

    def promote(self) -> None:
        """Let the follower lead; it waits for nobody. The other one is not told."""
        self.leader, self.follower = self.follower, self.leader
        self.leader.psql("SELECT pg_promote()")

    def rejoin(self) -> None:
        """Let the follower begin anew, as a copy of the leader."""
        self.follower.stop()
        conf = (self.follower.data / "postgresql.conf").read_text()
        shutil.rmtree(self.follower.data)
        self.follower.copy(self.leader)
        (self.follower.data / "postgresql.conf").write_text(conf)
        self.follower.start()


def _as_database_user() -> list[str]:
    """Return a command prefix that drops root, as which Postgres refuses to run."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def _own(folder: Path) -> None:
    if os.geteuid() == 0:
        for path in [folder, *folder.iterdir()]:
            shutil.chown(path, "postgres", "postgres")


def _run(program: str, *arguments: str | Path) -> None:
    subprocess.run(
        [*_as_database_user(), BIN / program, *arguments],
        check=True,
        capture_output=True,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "HOME": "/tmp", "LC_ALL": "C.UTF-8"},
    )


def _wait_for_end(pid: int) -> None:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        select.select([handle], [], [], 20)
    finally:
        os.close(handle)
