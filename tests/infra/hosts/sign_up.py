"""Signs somebody up at a balancer, as soon as it serves: `sign_up.py URL SECONDS`."""

import json
import secrets
import sys
import time
import urllib.error
import urllib.request

_POLL_S = 1.0


def main(url: str, seconds: float) -> int:
    """Return 0 once an account is there."""
    deadline_s = time.monotonic() + seconds
    while time.monotonic() < deadline_s:
        name = f"host_{secrets.token_hex(6)}"
        body = {
            "username": name,
            "password": secrets.token_urlsafe(18),
            "email": f"{name}@a.example",
            "device": "phone",
        }
        request = urllib.request.Request(
            f"{url}/v1/users", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                sys.stdout.write(f"{reply.status}\n")
                return 0
        except (OSError, urllib.error.HTTPError) as error:
            sys.stderr.write(f"{error}\n")
        time.sleep(_POLL_S)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2])))
