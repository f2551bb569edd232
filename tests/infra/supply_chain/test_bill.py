"""The bill of materials is a CycloneDX document that names what runs."""

import json
from importlib.resources import files
from typing import Any

import jsonschema_rs

from infra.supply_chain.bill import write_bill
from infra.supply_chain.parts import Part, Use

_PARTS = [
    Part("orjson", "3.13.0", Use.RUNTIME, ("MPL-2.0 AND (Apache-2.0 OR MIT)",)),
    Part("pillow", "13.0.0", Use.DECODER, ("MIT-CMU",)),
    Part("supervisor", "4.3.0", Use.RUNTIME, ("LicenseRef-Repoze",)),
    Part("redis-server", "5:7.0.15-1~deb12u10", Use.SYSTEM, ("BSD-3-clause", "MIT")),
    Part("pytest", "9.2.0", Use.TOOLS, ("MIT",)),
]


def _schema(name: str) -> Any:
    file = files("cyclonedx.schema") / "_res" / f"{name}.SNAPSHOT.schema.json"
    return json.loads(file.read_text(encoding="utf-8"))


def test_the_bill_is_valid_and_names_what_runs() -> None:
    bill = json.loads(write_bill(_PARTS, "0.1.0"))
    registry = jsonschema_rs.Registry(
        [
            (f"http://cyclonedx.org/schema/{name}.SNAPSHOT.schema.json", _schema(name))
            for name in ("spdx", "jsf-0.82")
        ]
    )
    jsonschema_rs.validate(_schema("bom-1.6"), bill, registry=registry)
    assert {component["name"] for component in bill["components"]} == {
        "orjson",
        "pillow",
        "supervisor",
        "redis-server",
    }
    (redis,) = (one for one in bill["components"] if one["name"] == "redis-server")
    assert redis["purl"] == "pkg:deb/debian/redis-server@5:7.0.15-1~deb12u10"
