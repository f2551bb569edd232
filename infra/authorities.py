"""Opens whoever signs the certificates of a suite: its own authority, or a folder of given ones."""

from pathlib import Path

from infra.certificates import Authority
from infra.given_certificates import GivenCertificates
from infra.plan.figures import Certificates
from infra.run_folder import RunFolder

Signer = Authority | GivenCertificates


def open_authority(drawn: Certificates, folder: RunFolder) -> Signer:
    """Return the signer; raises BrokenCertificate for our own, and SuiteFailure for a given one."""
    if drawn.embedded:
        return Authority(folder.pki)
    return GivenCertificates(Path(drawn.folder), folder.pki)
