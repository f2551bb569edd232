"""The software bill of materials: a CycloneDX document of what runs."""

import re
from collections.abc import Iterable

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, License
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from infra.supply_chain.parts import Part, Use

_LICENCES = LicenseFactory()
# Where others find the package, in a package URL.
_KINDS = {Use.SYSTEM: "deb", Use.BROWSER: "npm"}


def write_bill(parts: Iterable[Part], own_version: str) -> str:
    """Return the bill as CycloneDX 1.6 in JSON; tools are left out, because they do not run."""
    bill = Bom()
    bill.metadata.component = Component(
        name="retrato", version=own_version, type=ComponentType.APPLICATION, bom_ref="retrato"
    )
    components = [_component(part) for part in parts if part.use is not Use.TOOLS]
    for component in components:
        bill.components.add(component)
    bill.register_dependency(bill.metadata.component, components)
    made = make_outputter(bill, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1)
    return str(made)


def _component(part: Part) -> Component:
    kind = _KINDS.get(part.use, "pypi")
    namespace = "debian" if part.use is Use.SYSTEM else None
    return Component(
        name=part.name,
        version=part.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{part.use}:{part.pinned}",
        purl=PackageURL(kind, namespace, part.name, part.version),
        licenses=_licences(part),
        properties=[Property(name="retrato:use", value=str(part.use))],
    )


def _licences(part: Part) -> list[License]:
    if part.use is not Use.SYSTEM:
        return [_LICENCES.make_from_string(said) for said in part.licences]
    # Debian's names resemble SPDX ids, but need not mean the same text.
    return [DisjunctiveLicense(name=re.sub(r"\s+", " ", said)) for said in part.licences]
