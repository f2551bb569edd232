"""What `make up` prints at the end: the addresses and a first request."""

from infra.plan.secret_names import OPS_PASSWORD
from infra.suite import Suite

_TEXT = """
  The API       {url}/v1   (both balancers: {balancers})
  Its page      {url}/docs
  The services  {url}/docs/users  {url}/docs/upload  {url}/docs/feed
                (any name; the password is in etc/operator_token)
{operators}  Over TLS      {tls_url}   (curl --cacert {ca_file})
  Files         {folder}

  Sign up:
    curl -s {url}/v1/users -H 'Content-Type: application/json' -d '{{"username": "alice",
      "email": "alice@example.com", "password": "correct horse", "device": "curl"}}'

  make status · make logs S=feed · make trace R=<X-Request-ID of a reply> · make down
"""


_OPERATORS = """\
  Is it well?   {url}/ops/   (the password: {password})
"""


def welcome(suite: Suite, *, is_seen: bool) -> str:
    """Return the addresses, the pages and a first curl; only a person who sees it gets passwords.

    What a start at boot says stays in the journal.
    """
    nginx, url = suite.plan.nginx, suite.plan.public_url
    operators = ""
    if suite.plan.watch is not None:
        where = f"{OPS_PASSWORD} in {suite.folder.secrets_file}"
        password = suite.secrets[OPS_PASSWORD] if is_seen else where
        operators = _OPERATORS.format(url=url, password=password)
    return _TEXT.format(
        url=url,
        operators=operators,
        balancers=" and ".join(f"http://{address}:{nginx.port}" for address in nginx.replicas),
        tls_url=f"https://{nginx.replicas[0]}:{nginx.tls_port}",
        ca_file=suite.ca_file,
        folder=suite.folder.root,
    )
