"""Values of the topology that a plan contains unchanged: bounds, lifetimes and stores."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Nginx:
    """The balancers at the edge; `public_host` is a second address of the first balancer."""

    replicas: tuple[str, ...]
    port: int
    tls_port: int
    public_host: str | None
    photo_bytes_max: int
    body_bytes_max: int
    bodies_at_once_per_address: int
    trusted_proxies: tuple[str, ...]
    proxy_protocol_port: int | None
    cors_origins: tuple[str, ...]
    shared_caches: bool = False  # whether a CDN may keep pictures

    @property
    def takes_proxy_protocol(self) -> bool:
        """Whether trusted proxies may name the caller in the PROXY protocol."""
        return bool(self.trusted_proxies) and self.proxy_protocol_port is not None


@dataclass(frozen=True, slots=True)
class Public:
    """The public name, and how the balancers answer for it; all share the same addresses.

    `certificate` is "acme" (renewed by a certificate authority), "files" (given, and looked at each
    minute) or "none" (signed by the suite's own authority, which no phone trusts).
    """

    domain: str
    addresses: tuple[str, ...] = ("0.0.0.0", "::")  # noqa: S104 - all of a public machine
    certificate: str = "acme"
    certificate_file: str = ""
    key_file: str = ""
    acme_directory: str = "https://acme-v02.api.letsencrypt.org/directory"
    acme_email: str = ""
    acme_ca_file: str = ""  # the CA of the directory itself; "": the operating system's CAs
    ssh_port: int = 22  # the firewall lets it in

    # What every client asks without being told a port.
    port = 80
    tls_port = 443

    @property
    def url(self) -> str:
        """The beginning of every public address, without a slash."""
        return f"https://{self.domain}"

    @property
    def endpoints(self) -> list[tuple[str, int]]:
        """Where every balancer listens for the name."""
        return [(one, port) for one in self.addresses for port in (self.port, self.tls_port)]


@dataclass(frozen=True, slots=True)
class SecondBucket:
    """The other bucket of a move of photos; an empty field is the same as the first bucket's."""

    bucket: str
    endpoint: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class Store:
    """The object store, of this suite (`embedded`) or elsewhere (`external`)."""

    kind: str
    address: str
    port: int
    endpoint: str
    bucket: str
    region: str
    second: SecondBucket | None = None

    @property
    def embedded(self) -> bool:
        """Whether this suite runs the store."""
        return self.kind == "embedded"


@dataclass(frozen=True, slots=True)
class Backup:
    """The place of the backups, and how often they are taken and how long they are kept."""

    enabled: bool
    kind: str
    address: str
    port: int
    folder: str
    endpoint: str
    bucket: str
    region: str
    ca_file: str
    keeper: str
    full_every_hours: int
    incremental_every_hours: int
    keep_days: int
    wal_seconds_max: int
    wal_waiting_bytes_max: int

    @property
    def embedded(self) -> bool:
        """Whether this suite runs the backup store."""
        return self.kind == "embedded"


@dataclass(frozen=True, slots=True)
class Failover:
    """Failover by Patroni: the etcd servers, and the times after which somebody gives up."""

    etcd: tuple[str, ...]
    client_port: int
    peer_port: int
    rest_port: int
    lease_seconds: int
    loop_seconds: int
    retry_seconds: int
    silence_seconds: int
    unsynced_seconds: int


@dataclass(frozen=True, slots=True)
class Mail:
    """Where alerts go by e-mail; an empty `to` sends none, an empty `user` signs in nowhere."""

    to: str
    sender: str
    smarthost: str
    user: str


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server that takes the messages of users: one of this suite, or somebody else's.

    `security` is tls, starttls or none; an empty `user` signs in nowhere, and without a `host` no
    message is sent. `link_url` begins the links in messages; empty: the public URL.
    """

    kind: str  # "embedded" or "external"
    address: str
    port: int
    keep_days: int
    messages_max: int
    sender: str
    host: str
    host_port: int
    security: str
    user: str
    ca_file: str
    link_url: str

    @property
    def embedded(self) -> bool:
        """Whether this suite runs the server."""
        return self.kind == "embedded"


@dataclass(frozen=True, slots=True)
class Watch:
    """What watches the suite: ports at one address, how often, and how much is kept."""

    address: str
    prometheus_port: int
    alertmanager_port: int
    postgres_exporter_port: int
    redis_exporter_port: int
    nginx_exporter_port: int  # on the address of each balancer, as the next one
    nginx_status_port: int
    dns_port: int  # on the address of the name server
    scrape_seconds: int
    evaluate_seconds: int
    keep_days: int
    keep_bytes: str  # as Prometheus reads it, such as 2GB
    webhook: str
    heartbeat: str
    mail: Mail
    unheard: bool = False  # whether an installation may do without anybody who gets alerts

    @property
    def scrape_timeout_seconds(self) -> int:
        """How long Prometheus waits for a process: a frozen one is noticed this much later."""
        return max(2, self.scrape_seconds // 3)

    @property
    def exporter_timeout_seconds(self) -> int:
        """How long an exporter waits for its part, so that it can still say that nothing came."""
        return self.scrape_timeout_seconds // 2


@dataclass(frozen=True, slots=True)
class Ops:
    """The page of operators, and the networks from which it and the documents can be opened."""

    address: str
    allow: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Automation:
    """The process that takes alerts, and the bounds of what is done about them."""

    address: str
    growth_max: int  # processes of a role, as a multiple of those drawn
    cool_down_seconds: int  # after a change of a role, before one more is added
    calm_seconds: int  # after a change of a role, before one is removed
    drawn: Mapping[str, int]  # the processes of each role, without those added since


@dataclass(frozen=True, slots=True)
class ExternalGroup:
    """The databases of a service that somebody else runs: names there, and their authority.

    `owner` migrates, and `login` is that of the service's processes. Both may be one role. Without
    `ca_file` the operating system's authorities are trusted.
    """

    database: str
    owner: str
    login: str
    ca_file: str

    @property
    def has_two_roles(self) -> bool:
        """Whether processes log in as a role with fewer rights than the owner."""
        return self.login != self.owner


@dataclass(frozen=True, slots=True)
class ExternalRedis:
    """A Redis that somebody else runs; without `user` there is only a password."""

    user: str
    host: str
    port: int
    database: int
    ca_file: str

    @property
    def place(self) -> tuple[str, int]:
        """The server."""
        return (self.host, self.port)


@dataclass(frozen=True, slots=True)
class Certificates:
    """Who signs the certificates of the internal connections.

    `embedded` is the suite's own authority. With `external`, `folder` has `ca.crt`, and for each
    part its certificate and key.
    """

    kind: str = "embedded"
    folder: str = ""

    @property
    def embedded(self) -> bool:
        """Whether this suite signs them."""
        return self.kind == "embedded"


@dataclass(frozen=True, slots=True)
class Dns:
    """The server of the internal names, of this suite (`embedded`) or of somebody else.

    Those `given` by somebody else are `address:port`; without any, the operating system resolves.
    """

    address: str
    port: int
    zone: str
    ttl_seconds: int
    others: tuple[str, ...] = ()  # more servers of the same names, at the same port
    kind: str = "embedded"
    given: tuple[str, ...] = ()

    @property
    def embedded(self) -> bool:
        """Whether this suite runs the name servers."""
        return self.kind == "embedded"

    @property
    def servers(self) -> tuple[str, ...]:
        """Every server that processes ask, as address:port; none: the operating system resolves."""
        if not self.embedded:
            return self.given
        return tuple(f"{address}:{self.port}" for address in (self.address, *self.others))

    @property
    def asked_zone(self) -> str:
        """The only zone that those servers know; "" if they know every name."""
        return self.zone if self.embedded else ""


@dataclass(frozen=True, slots=True)
class Tracing:
    """Which requests leave traces, where these go, and which statements the log names."""

    share: float = 0.01
    slow_ms: int = 500
    endpoint: str = ""
    file_bytes_max: int = 32 * 1024 * 1024
    slow_statement_ms: int = 200


@dataclass(frozen=True, slots=True)
class Logs:
    """When a log is put aside, by size or age, and when it is deleted."""

    bytes_max: int = 50 * 1024 * 1024
    put_aside_days: int = 7
    deleted_days: int = 14


@dataclass(frozen=True, slots=True)
class Limits:
    """Values that several processes of a kind share, with units in their names."""

    drain_seconds: float
    log_level: str
    logs: Logs
    tracing: Tracing
    postgres_connections_max: int
    postgres_pool_max: int
    postgres_shared_buffers: str
    postgres_free_bytes_min: int
    redis_memory_bytes_max: int
    media_url_seconds: int
    media_cache_bytes_max: int
    loose_limits_factor: int
    wait_ms_max: int
    celebrity_followers_min: int
    renditions_webp: bool
