"""The fields that our charts use of operators' kinds, written from the operators' documentation.

No registry at hand has the schemas of all four, so a field that is not here counts as a fault.
"""

import json
from collections.abc import Iterator

from tests.infra.chart.tools import Document

_ANY = "any"
_REFERENCE = {"name": _ANY, "kind": _ANY, "group": _ANY}
_ENDPOINT = {
    "port": _ANY,
    "scheme": _ANY,
    "path": _ANY,
    "authorization": {"credentials": {"name": _ANY, "key": _ANY}},
    "tlsConfig": {"ca": {"secret": {"name": _ANY, "key": _ANY}}, "serverName": _ANY},
    "relabelings": [
        {"action": _ANY, "targetLabel": _ANY, "replacement": _ANY, "sourceLabels": _ANY}
    ],
}
_RULE = {
    "alert": _ANY,
    "record": _ANY,
    "expr": _ANY,
    "for": _ANY,
    "keep_firing_for": _ANY,
    "labels": _ANY,
    "annotations": _ANY,
}
_SHAPES: dict[str, object] = {
    "cert-manager.io/v1 Certificate": {
        "secretName": _ANY,
        "secretTemplate": {"labels": _ANY, "annotations": _ANY},
        "dnsNames": _ANY,
        "usages": _ANY,
        "isCA": _ANY,
        "commonName": _ANY,
        "duration": _ANY,
        "privateKey": {"algorithm": _ANY, "size": _ANY, "rotationPolicy": _ANY},
        "issuerRef": _REFERENCE,
    },
    "cert-manager.io/v1 Issuer": {"selfSigned": {}, "ca": {"secretName": _ANY}},
    "keda.sh/v1alpha1 ScaledObject": {
        "scaleTargetRef": {"name": _ANY},
        "minReplicaCount": _ANY,
        "maxReplicaCount": _ANY,
        "pollingInterval": _ANY,
        "cooldownPeriod": _ANY,
        "triggers": [{"type": _ANY, "metadata": _ANY}],
    },
    "monitoring.coreos.com/v1 PodMonitor": {
        "selector": {"matchLabels": _ANY},
        "podMetricsEndpoints": [_ENDPOINT],
    },
    "monitoring.coreos.com/v1 PrometheusRule": {"groups": [{"name": _ANY, "rules": [_RULE]}]},
    "postgresql.cnpg.io/v1 Cluster": {
        "instances": _ANY,
        "imageName": _ANY,
        "enableSuperuserAccess": _ANY,
        "inheritedMetadata": {"labels": _ANY},
        "storage": {"size": _ANY, "storageClass": _ANY},
        "resources": _ANY,
        "certificates": {"serverTLSSecret": _ANY, "serverCASecret": _ANY},
        "affinity": {
            "enablePodAntiAffinity": _ANY,
            "topologyKey": _ANY,
            "podAntiAffinityType": _ANY,
        },
        "postgresql": {
            "parameters": _ANY,
            "synchronous": {"method": _ANY, "number": _ANY, "dataDurability": _ANY},
        },
        "bootstrap": {
            "initdb": {
                "database": _ANY,
                "owner": _ANY,
                "secret": {"name": _ANY},
                "encoding": _ANY,
                "localeCollate": _ANY,
                "localeCType": _ANY,
                "postInitSQL": _ANY,
                "postInitApplicationSQL": _ANY,
            }
        },
        "managed": {
            "roles": [
                {
                    "name": _ANY,
                    "ensure": _ANY,
                    "login": _ANY,
                    "inRoles": _ANY,
                    "passwordSecret": {"name": _ANY},
                }
            ]
        },
    },
}


def faults_of_operators(document: Document) -> list[str]:
    """Return the fields of an operator's document that its kind does not have."""
    kind = f"{document['apiVersion']} {document['kind']}"
    if kind not in _SHAPES:
        return [f"{kind} is unknown"]
    return [*_beyond(_SHAPES[kind], document["spec"], kind)]


def _beyond(shape: object, value: object, where: str) -> Iterator[str]:
    if shape == _ANY:
        # Whatever is written as a template and was not filled would be seen here.
        if "{{ ." in json.dumps(value):
            yield f"{where} is not filled"
    elif isinstance(shape, list) and isinstance(value, list):
        for one in value:
            yield from _beyond(shape[0], one, where)
    elif isinstance(shape, dict) and isinstance(value, dict):
        for name, one in value.items():
            if name in shape:
                yield from _beyond(shape[name], one, f"{where}.{name}")
            else:
                yield f"{where}.{name} is unknown"
    else:
        yield f"{where} is no {type(shape).__name__}"
