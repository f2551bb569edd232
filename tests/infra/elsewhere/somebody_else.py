"""Somebody else's Postgres, Redises and name server, over TLS."""

import json
import shutil
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from infra.run_folder import REPOSITORY
from tests.eventually import eventually
from tests.infra.elsewhere.drawing import DNS_PORT, REDIS_PORTS, SERVICES, Somewhere
from tests.shared.postgres_nodes import PostgresServers

_LISTENS_WITHIN_S = 60.0
_REDIS = """
bind {address}
port 0
tls-port {port}
tls-cert-file {folder}/server.pem
tls-key-file {folder}/server.key
tls-ca-cert-file {folder}/ca.pem
tls-auth-clients no
save ""
requirepass {password}
"""
_PDNS = """
launch=bind
bind-config={folder}/named.conf
local-address={address}
local-port={port}
socket-dir={folder}
guardian=no
daemon=no
security-poll-suffix=
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
"""


@dataclass
class SomebodyElse:
    """Servers on one address, which no suite runs; `remove` ends them.

    users' owner may make roles, feed's may not, and upload has one role for everything.
    """

    address: str
    postgres: PostgresServers = field(default_factory=PostgresServers)
    passwords: dict[str, str] = field(default_factory=dict)
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def ca_file(self) -> Path:
        return self.postgres.ca_file

    @property
    def place(self) -> Somewhere:
        return Somewhere(self.address, self.ca_file, self.address)

    def start_postgres(self) -> None:
        """Start one server with a database for each service."""
        self.server = self.postgres.make(self.address, self.address)
        self.sql("ALTER SYSTEM SET max_locks_per_transaction = 256")
        for service in SERVICES[1:]:
            owner = {"users": "CREATEROLE"}.get(service, "")
            password = self.passwords[f"postgres_{service}"] = f"of {service}'s owner: @/%"
            self.role(service, f"LOGIN {owner}", password)
            self.sql(f"CREATE DATABASE {service} OWNER {service} ENCODING UTF8 TEMPLATE template0")
        self.server.stop()
        self.server.start()

    def role(self, name: str, words: str, password: str) -> None:
        quoted = password.replace("'", "''")
        self.sql(f"CREATE ROLE {name} {words} PASSWORD '{quoted}'")

    def make_processes_role_of_feed(self) -> None:
        """Do what the sentence says that feed's operator must do."""
        password = self.passwords["postgres_feed_app"] = "of feed's processes"
        self.sql("CREATE ROLE feed_app NOLOGIN")
        self.role("feed_app_1", "LOGIN", password)
        self.sql("GRANT feed_app TO feed_app_1")

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run a statement as the superuser, whom the suite does not know."""
        return self.server.psql(statement, database=database)

    async def start_redises(self) -> None:
        for service, port in REDIS_PORTS.items():
            folder = self.postgres.folder / f"redis-{service}"
            folder.mkdir()
            certificate = self.postgres.ca.issue_cert(self.address)
            certificate.private_key_pem.write_to_path(str(folder / "server.key"))
            chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
            (folder / "server.pem").write_bytes(chain)
            shutil.copy(self.ca_file, folder / "ca.pem")
            password = self.passwords[f"redis_{service}"] = f"of-redis-{service}"
            (folder / "redis.conf").write_text(
                _REDIS.format(address=self.address, port=port, folder=folder, password=password)
            )
            await self._run(f"redis-{service}", port, "redis-server", str(folder / "redis.conf"))

    async def start_names(self, zone: str, records: dict[str, tuple[str, ...]]) -> None:
        """Start a name server that knows these names of the zone, and looks after nobody."""
        folder = self.postgres.folder / "names"
        folder.mkdir(exist_ok=True)
        lines = [f"$ORIGIN {zone}.", "$TTL 1", "@ IN SOA ns op 1 1 1 1 1", "@ IN NS ns"]
        lines += [f"ns IN A {self.address}"]
        lines += [f"{host}. IN A {one}" for host, held in records.items() for one in held]
        (folder / "zone").write_text("\n".join(lines) + "\n")
        (folder / "named.conf").write_text(f'zone "{zone}" {{ file "{folder}/zone"; }};\n')
        text = _PDNS.format(folder=folder, address=self.address, port=DNS_PORT)
        (folder / "pdns.conf").write_text(text)
        await self._run("names", DNS_PORT, "pdns_server", f"--config-dir={folder}")

    def _begin(self, name: str, *words: str) -> None:
        with (self.postgres.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(words, stdout=log, stderr=log)

    async def _run(self, name: str, port: int, *words: str) -> None:
        """Start a server, and wait until it listens."""
        self._begin(name, *words)

        def listens() -> None:
            if self.running[name].poll() is not None:
                raise ChildProcessError(f"{name} has ended")
            with socket.socket() as asked:
                refused = asked.connect_ex((self.address, port))
            assert not refused, f"{name} does not listen"

        await eventually(listens, within_s=_LISTENS_WITHIN_S)

    def end(self, name: str) -> None:
        process = self.running.pop(name)
        process.terminate()
        process.wait(timeout=30)

    def remove(self) -> None:
        for name in list(self.running):
            self.end(name)
        self.postgres.remove()


def checkout_with(folder: Path, draw: Callable[[str], str]) -> Path:
    """Return a copy of this checkout whose topology is another one, open to all accounts."""
    for name in ("infra", "services", "shared"):
        shutil.copytree(
            REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copytree(REPOSITORY / "docs" / "operations", folder / "docs" / "operations")
    shutil.copy(REPOSITORY / "pyproject.toml", folder)
    file = folder / "infra" / "topology.toml"
    file.write_text(draw(file.read_text(encoding="utf-8")), encoding="utf-8")
    return folder


def write_secrets(run_folder: Path, values: dict[str, str]) -> None:
    """Write the given passwords where the suite looks for them, beside what it has made."""
    file = run_folder / "secrets.json"
    run_folder.mkdir(parents=True, exist_ok=True)
    held = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    file.write_text(json.dumps({**held, **values}), encoding="utf-8")
    file.chmod(0o600)
