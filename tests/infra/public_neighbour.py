"""What a public machine finds on its network: names, an ACME server, mail and a store of backups.

All of it runs in the network namespace of the guest, and has one name.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from infra.certificates import Authority

NAME = "elsewhere.example.org"
ACME_PORT, STORE_PORT, MAIL_PORT = 443, 9443, 25
STORE_KEYS = ("operator", "a-secret-key-of-the-store")
BUCKET = "retrato-backup"
_CONTROL_PORT = 8055
_PROGRAMS = ("pebble", "pebble-challtestsrv")
# The ACME server makes keys when it starts, which a busy machine delays.
_READY_S = 300.0
_MAIL = """
import socketserver, sys
class Mail(socketserver.StreamRequestHandler):
    def handle(self):
        say = lambda text: self.wfile.write(text.encode() + b"\\r\\n")
        say("220 elsewhere")
        for line in self.rfile:
            word = line[:4].upper().strip()
            if word == b"DATA":
                say("354 go on")
                with open(sys.argv[2], "ab") as file:
                    while (text := self.rfile.readline()) not in (b".\\r\\n", b""):
                        file.write(text)
            say("221 bye" if word == b"QUIT" else "250 ok")
            if word == b"QUIT":
                return
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer.daemon_threads = True
socketserver.ThreadingTCPServer((sys.argv[1], 25), Mail).serve_forever()
"""


def lacking_programs() -> str:
    """Return what is not installed, or ""."""
    return " ".join(name for name in _PROGRAMS if shutil.which(name) is None)


class Neighbour:
    """The servers, which end with the stack."""

    def __init__(self, folder: Path, space: str, address: str, stack: ExitStack) -> None:
        self._folder, self._space, self._address, self._stack = folder, space, address, stack
        self._authority = Authority(folder / "pki")
        self._pair = self._authority.server_pair("elsewhere", (NAME, "localhost"))
        self.log = folder / "log"
        self.mail = folder / "mail"
        self.mail.touch()
        self._acme: subprocess.Popen[bytes] | None = None

    @property
    def authority_file(self) -> Path:
        """The authority that signed what these servers show."""
        return self._authority.certificate_file

    def start(self, names: Mapping[str, tuple[str, str]]) -> None:
        """Start everything; each of these names leads to an address of IPv4 and one of IPv6."""
        self._run(
            "pebble-challtestsrv",
            f"-defaultIPv4={self._address}",
            "-defaultIPv6=",
            f"-dns01={self._address}:53",
            f"-management=127.0.0.1:{_CONTROL_PORT}",
            *("-http01=", "-https01=", "-tlsalpn01="),
        )
        for name, (four, six) in names.items():
            for kind, address in (("a", four), ("aaaa", six)):
                record = {"host": f"{name}.", "addresses": [address]}
                self._until_answers(
                    f"http://127.0.0.1:{_CONTROL_PORT}/add-{kind}", json.dumps(record)
                )
        self._run(sys.executable, "-c", _MAIL, self._address, str(self.mail))
        store = self._folder / "store"
        (store / BUCKET).mkdir(parents=True)
        rclone = str(Path(sys.executable).with_name("rclone"))
        self._run(
            *(rclone, "serve", "s3", f"--addr={self._address}:{STORE_PORT}"),
            *(f"--cert={self._pair.certificate}", f"--key={self._pair.key}", "--config="),
            *(f"--auth-key={','.join(STORE_KEYS)}", "--vfs-cache-mode=off", str(store)),
        )
        self.sign_for(hours=24 * 90)

    def sign_for(self, *, hours: float) -> None:
        """Start the ACME server, or start it again: its certificates live as long."""
        if self._acme is not None:
            self._acme.terminate()
            self._acme.wait(10)
        file = self._folder / "pebble.json"
        pebble = {
            "listenAddress": f"{self._address}:{ACME_PORT}",
            "managementListenAddress": "127.0.0.1:15000",
            "certificate": str(self._pair.certificate),
            "privateKey": str(self._pair.key),
            "httpPort": 80,
            "tlsPort": 443,
            "certificateValidityPeriod": int(hours * 3600),
        }
        file.write_text(json.dumps({"pebble": pebble}), encoding="utf-8")
        self._acme = self._run(
            *("env", "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0"),
            *("pebble", "-config", str(file), "-dnsserver", f"{self._address}:53"),
        )
        self._until_answers("https://localhost:15000/roots/0")

    def root_file(self) -> Path:
        """Return the root of the ACME server, which it makes anew at each start."""
        file = self._folder / "root.pem"
        file.write_text(self._until_answers("https://localhost:15000/roots/0"), encoding="ascii")
        return file

    def _run(self, *words: str) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as output:
            started = subprocess.Popen(
                ["ip", "netns", "exec", self._space, *words], stdout=output, stderr=output
            )
        self._stack.callback(_end, started)
        return started

    def _until_answers(self, url: str, body: str = "") -> str:
        words = ["curl", "-sS", "--fail", "-m", "5", "--cacert", str(self.authority_file)]
        words += ["--retry", str(int(_READY_S)), "--retry-connrefused", "--retry-delay", "1"]
        said = ["-d", body] if body else []
        done = subprocess.run(
            ["ip", "netns", "exec", self._space, *words, *said, url],
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout


def _end(started: "subprocess.Popen[bytes]") -> None:
    started.terminate()
    try:
        started.wait(10)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait(10)
