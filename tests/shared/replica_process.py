"""Replica processes that tests kill, freeze and drain."""

import json
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.shared.certificates import Authority, Certificate

ROOT = Path(__file__).resolve().parents[2]
PORT = 8000
HOST_NAME = "users.internal"
KEYS = {"users": "a" * 64}
FOR_OPERATORS = "o" * 64
AS_OPERATOR = {"Authorization": f"Bearer {FOR_OPERATORS}"}
START_S_MAX = 20.0


class ReplicaProcess:
    """One replica at an address; `log` holds its output."""

    def __init__(
        self, address: str, authority: Authority, certificate: Certificate, log: Path
    ) -> None:
        self.address = address
        self.log = log
        self._authority = authority
        self.environment = {
            **os.environ,
            "REPLICA_INSTANCE": f"users-{address}",
            "REPLICA_LISTEN_HOST": address,
            "REPLICA_LISTEN_PORT": str(PORT),
            "REPLICA_TLS_CERT_FILE": str(certificate.cert_file),
            "REPLICA_TLS_KEY_FILE": str(certificate.key_file),
            "REPLICA_TLS_CA_FILE": str(authority.ca_file),
            "REPLICA_INTERNAL_KEYS": json.dumps(KEYS),
            "REPLICA_OPERATOR_TOKEN": FOR_OPERATORS,
            "REPLICA_DRAIN_SECONDS": "1",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, module: str = "tests.shared.replica_app", **extra: str) -> "ReplicaProcess":
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module],
                cwd=ROOT,
                env={**self.environment, **extra},
                stdout=log,
                stderr=log,
            )
        give_up_s = time.monotonic() + START_S_MAX
        while self.ready() != (200, "ok"):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < give_up_s, self.log.read_text()
        return self

    def ready(self) -> tuple[int, str]:
        """Return status and body of /ready; (0, "") without an answer."""
        return self._probe("/ready")

    def metrics(self) -> str:
        return self._probe("/metrics")[1]

    def _probe(self, path: str) -> tuple[int, str]:
        context = ssl.create_default_context(cafile=str(self._authority.ca_file))
        context.check_hostname = False
        try:
            url = f"https://{self.address}:{PORT}{path}"
            request = urllib.request.Request(url, headers=AS_OPERATOR)
            with urllib.request.urlopen(request, timeout=2, context=context) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line[:1] == "{"]
