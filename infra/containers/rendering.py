"""Writes the compose file of a suite, and the files that its containers mount.

The folder is a run folder without processes: secrets, authority, shard maps and environments are
where commands look for them. Its owner alone can enter it, so the files below may be readable: a
container runs as an account that this machine does not know.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from infra.certificates import KeyPair
from infra.code_version import code_version
from infra.containers.choices import Choices, check_ports, choices_file
from infra.containers.composing import container_places, containers_of, engine_files
from infra.containers.parts import DATA, ETC, Container
from infra.control.failures import SuiteFailure
from infra.elsewhere.authorities import authority_text, given_authorities
from infra.plan.mail import MAIL
from infra.plan.parts import PlannedProcess, ShardGroup
from infra.rendering.data_variables import migration_variables
from infra.rendering.files import render
from infra.rendering.live import render_live
from infra.rendering.places import Places, Variable
from infra.rendering.postgres import certified_hosts
from infra.rendering.shard_maps import shard_map_document
from infra.rendering.variables import service_variables
from infra.run_folder import RunFolder
from infra.suite import Suite, suite_in

_OPEN, _CLOSED = 0o644, 0o700


def render_compose(root: Path, choices: Choices, images: Mapping[str, str]) -> Path:
    """Write everything; returns the compose file. Raises SuiteFailure if keys are lost."""
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(_CLOSED)
    suite = _suite(RunFolder(root.resolve()), choices)
    check_ports(choices, len(suite.plan.nginx.replicas))
    containers = containers_of(suite.plan, choices)
    places = container_places(
        suite.plan,
        suite.secrets,
        choices.public_url,
        code_version().revision,
        suite.limits_factor,
    )
    render_live(suite)
    for group in suite.plan.groups.values():
        _write_map(suite, group)
    for container in containers:
        _write_mount(suite, container, places, choices.public_hosts)
    _write(*choices_file(suite.folder.root, choices))
    _write(suite.folder.compose_file, _compose_text(suite, containers, choices, images))
    return suite.folder.compose_file


def _suite(folder: RunFolder, choices: Choices) -> Suite:
    # An empty file is from a first run that was interrupted, and no volume knows a password yet.
    is_used = folder.compose_file.exists() and folder.compose_file.stat().st_size > 0
    if is_used and not folder.secrets_file.exists():
        raise SuiteFailure(
            f"{folder.secrets_file} is missing, and the volumes have its passwords: bring it back,"
            " or move the folder away and remove the volumes to begin anew."
        )
    if not folder.compose_file.exists():
        folder.compose_file.touch()
    words = {
        folder.network_file: choices.network,
        folder.limits_file: choices.limits,
        folder.backups_file: "off",
        folder.watch_file: "off",
    }
    for file, word in words.items():
        _write(file, f"{word}\n")
    drawn = suite_in(folder, choices.network, choices.limits, asked_failover="off")
    plan = replace(
        drawn.plan,
        watch=None,
        automation=None,
        # No message is sent until the drawing names a server: no container keeps them.
        mail=replace(drawn.plan.mail, kind="external"),
        processes=tuple(one for one in drawn.plan.processes if one.service != MAIL),
        backup=replace(drawn.plan.backup, enabled=False),
    )
    return replace(drawn, plan=plan, may_make_keys=True)


def _write_map(suite: Suite, group: ShardGroup) -> None:
    """Write the map that the topology draws, unless there is one: shards may have moved."""
    file = suite.folder.shard_map(group.name)
    if not file.exists():
        homes = [
            database.name
            for database in group.databases
            for _shard in range(database.first_shard, database.last_shard + 1)
        ]
        _write(file, json.dumps(shard_map_document(group, homes, 1), indent=1) + "\n")


def _write_mount(
    suite: Suite, container: Container, places: Places, public_hosts: Sequence[str]
) -> None:
    folder = suite.folder.root / "mounts" / container.role
    files = {"ca.crt": suite.authority.certificate_file.read_text(encoding="ascii")}
    if container.image == "engines":
        files |= engine_files(suite.plan, suite.secrets, container)
    else:
        files |= _service_files(suite, container, places)
    for pair in _pairs(suite, container, public_hosts):
        for file in (pair.certificate, pair.key):
            files[file.name] = file.read_text(encoding="ascii")
    for name, text in files.items():
        _write(folder / name, text)


def _service_files(suite: Suite, container: Container, places: Places) -> dict[str, str]:
    service = container.role.removeprefix("migrate-").removesuffix("-worker")
    variables = (
        migration_variables(suite.plan, service, places)
        if container.is_job
        else service_variables(suite.plan, service, container.role, places)
    )
    environment = suite.folder.environment(container.role)
    _write(environment, "".join(_lines(service, variables)))
    files = {f"secrets/{one.name.lower()}": one.value + "\n" for one in variables if one.is_secret}
    files["live.json"] = suite.folder.live_file.read_text(encoding="utf-8")
    for part in given_authorities(suite.plan):
        if part in {f"postgres-{service}", f"redis-{service}"}:
            files[f"{part}.authority.crt"] = authority_text(suite.plan, part)
    if service in suite.plan.groups:
        files[f"{service}.json"] = suite.folder.shard_map(service).read_text(encoding="utf-8")
    return files


def _lines(service: str, variables: tuple[Variable, ...]) -> Iterator[str]:
    yield "# Rendered by `make compose`: changes here are lost. Secrets are files of the mount.\n"
    for one in variables:
        if not one.is_secret:
            yield f"# {one.meaning}\n{service.upper()}_{one.name}={one.value}\n"


def _pairs(suite: Suite, container: Container, public_hosts: Sequence[str]) -> Iterator[KeyPair]:
    authority, plan = suite.authority, suite.plan
    if container.is_job:
        return
    process = plan.process(container.name)
    if process.kind == "postgres":
        node = plan.member(process.server)
        yield authority.server_pair(f"{node.name}.postgres", certified_hosts(plan, node))
    elif process.kind == "redis":
        redis = plan.redises[process.server]
        yield authority.server_pair(f"{redis.name}.redis", (redis.host, redis.address))
    elif process.kind in {"nginx", "store"}:
        named = plan.internal_name(process.service)
        more = public_hosts if process.kind == "nginx" else ()
        hosts = (*more, named.host, *named.addresses)
        yield authority.server_pair(process.service, hosts)
    else:
        yield authority.server_pair(process.role, _service_hosts(suite, process))


def _service_hosts(suite: Suite, process: PlannedProcess) -> tuple[str, ...]:
    service = suite.plan.services[process.service]
    addresses = service.replicas if process.role == service.name else service.workers
    return (service.host, *addresses)


def _compose_text(
    suite: Suite, containers: tuple[Container, ...], choices: Choices, images: Mapping[str, str]
) -> str:
    return render(
        "compose.yaml.j2",
        {
            "project": choices.project,
            "containers": containers,
            "networks": {one.name: _network(one) for one in containers},
            "images": images,
            "etc": ETC,
            "data": DATA,
            "log_driver": choices.log_driver,
            "volumes": sorted({one.volume for one in containers if one.volume}),
            "subnet": suite.plan.client_network,
            "jobs_range": f"{suite.plan.network}.0.0/24",
        },
    )


def _network(container: Container) -> dict[str, object]:
    own: dict[str, object] = {"ipv4_address": container.address} if container.address else {}
    return {**own, "aliases": list(container.names)} if container.names else own


def _write(file: Path, text: str) -> None:
    """Replace a file at once, if its text differs: containers read some again and again."""
    if file.exists() and file.read_text(encoding="utf-8") == text:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.draft")
    draft.write_text(text, encoding="utf-8")
    draft.chmod(_OPEN)
    draft.replace(file)
