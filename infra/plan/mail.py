"""Plans the embedded server of mail, which keeps every message in a folder of its own."""

from collections.abc import Iterator

from infra.plan.parts import PlannedProcess
from infra.plan.secret_names import FOR_OPERATORS, SMTP_PASSWORD
from infra.topology import Topology

MAIL = "mail"


def mail_process(topology: Topology) -> Iterator[PlannedProcess]:
    """Yield the process if the server is embedded; its first port shows what it keeps."""
    mail = topology.mail
    if mail.embedded:
        yield PlannedProcess(
            name=MAIL,
            kind="service",
            service=MAIL,
            host=topology.hosts[0],
            address=mail.address,
            port=topology.ports.service,
            module="infra.mail.server",
            secrets=(SMTP_PASSWORD, FOR_OPERATORS),
            more_endpoints=((mail.address, mail.port),),
        )
