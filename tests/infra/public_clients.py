"""Clients of a public name: each opens a connection, asks once over TLS, and closes it.

python public_clients.py ADDRESS DOMAIN CA_FILES CLIENTS; a line on standard input ends it. Prints
how many requests were answered and how many were not.
"""

import json
import socket
import ssl
import sys
import threading
from collections import Counter


def main(address: str, domain: str, trusted: str, clients: int) -> None:
    """Ask until a line comes."""
    tls = ssl.create_default_context(cafile=trusted)
    done, counts = threading.Event(), Counter[str]()

    def ask() -> None:
        while not done.is_set():
            try:
                with (
                    socket.create_connection((address, 443), 10) as plain,
                    tls.wrap_socket(plain, server_hostname=domain) as one,
                ):
                    one.sendall(
                        f"GET /nothing HTTP/1.1\r\nHost: {domain}\r\n"
                        "Connection: close\r\n\r\n".encode()
                    )
                    said = b""
                    while part := one.recv(4096):
                        said += part
                counts["answered" if b" 404 Not Found" in said else said[:40].decode()] += 1
            except OSError as error:
                counts[repr(error)] += 1

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    sys.stdout.write("asking\n")
    sys.stdout.flush()
    sys.stdin.readline()
    done.set()
    for thread in threads:
        thread.join()
    sys.stdout.write(json.dumps(counts))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
