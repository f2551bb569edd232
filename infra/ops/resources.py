"""What the process of the operators' page opens at its start."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from infra.ops.asking import Asking
from infra.ops.forecast.document import Forecasts
from infra.ops.glance import Glance
from infra.ops.kept_mail import KeptMail
from infra.ops.measurements import Measurements
from infra.ops.neighbours import Neighbours
from infra.ops.panels import Panels
from infra.ops.settings import OpsSettings
from infra.ops.sign_in import Guard


@dataclass(frozen=True, slots=True)
class Resources:
    """The guard of the password, and what makes the page's data."""

    guard: Guard
    glance: Glance
    panels: Panels
    forecasts: Forecasts
    mail: KeptMail


@asynccontextmanager
async def open_resources(settings: OpsSettings, guard: Guard) -> AsyncIterator[Resources]:
    """Open a client that trusts the suite's authority only."""
    asking = Asking(settings.tls_ca_file, settings.tls_cert_file, settings.tls_key_file)
    measurements = Measurements(asking, settings.prometheus_url)
    token = settings.operator_token
    neighbours = Neighbours(
        asking,
        settings.prometheus_url,
        settings.automation_url,
        token.get_secret_value() if token else "",
    )
    try:
        yield Resources(
            guard=guard,
            glance=Glance(measurements, neighbours, settings.state_file),
            panels=Panels(measurements),
            forecasts=Forecasts(measurements),
            mail=KeptMail(asking, settings.mail_url, token.get_secret_value() if token else ""),
        )
    finally:
        await asking.close()
