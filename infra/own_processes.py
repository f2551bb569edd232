"""The settings of the suite's own processes: the keeper of backups and the caretaker."""

from pydantic import SecretStr

from infra.code_version import code_version
from infra.plan.secret_names import FOR_OPERATORS
from infra.suite import Suite
from shared.settings import ProcessSettings


def settings_of_process(suite: Suite, name: str) -> ProcessSettings:
    """Return the settings of a process of the plan, with a certificate for its own name."""
    process = suite.plan.process(name)
    pair = suite.authority.server_pair(name, (f"{name}.{suite.plan.dns.zone}", process.address))
    return ProcessSettings(
        instance=name,
        listen_host=process.address,
        listen_port=process.port,
        tls_cert_file=pair.certificate,
        tls_key_file=pair.key,
        operator_token=SecretStr(suite.secrets[FOR_OPERATORS]),
        log_level=suite.plan.limits.log_level,
        revision=code_version().revision,
    )
