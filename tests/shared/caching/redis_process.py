"""A Redis over TLS for tests that kill, freeze and restart it."""

import signal
import subprocess
from pathlib import Path

from shared.network.network import Network
from shared.network.resolver import Resolver
from tests.shared.certificates import Authority

ADDRESS = "127.22.7.1"
PORT = 6379
NAME = "users.redis.internal"
URL = f"rediss://users:a%253Dpass@{NAME}:{PORT}/0"

CONFIG = """
bind {address}
port 0
tls-port {port}
tls-cert-file {cert}
tls-key-file {key}
tls-ca-cert-file {ca}
tls-auth-clients no
save ""
user default off
user users on >a%3Dpass ~* &* +@all
"""


class RedisProcess:
    """A Redis that a test may kill and restart."""

    def __init__(self, folder: Path, address: str = ADDRESS) -> None:
        self.authority = Authority(folder)
        certificate = self.authority.issue(NAME)
        self._config = folder / "redis.conf"
        self._config.write_text(
            CONFIG.format(
                address=address,
                port=PORT,
                cert=certificate.cert_file,
                key=certificate.key_file,
                ca=self.authority.ca_file,
            )
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["redis-server", str(self._config)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def network_of(server: RedisProcess, name: str = NAME) -> Network:
    resolver = Resolver(())
    resolver.preset(name, [ADDRESS])
    return Network(resolver, server.authority.ca_file)
