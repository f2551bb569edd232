"""Replaces secrets while everything runs, in steps that can be interrupted and repeated.

1. *Offer*: the next value is made. Whoever checks the secret takes both.
2. *Switch*: the next value is used. The former one still counts.
3. *Drop*: after the former value's life, only the present one counts.

The secrets file tells how far each secret is, so that the same command, or a start, goes on.
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import replace

from infra.control.failures import SuiteFailure
from infra.control.progress import Progress
from infra.control.recording import record_if_possible, record_secrets
from infra.control.redis_users import end_connections_of, tell_redis_users
from infra.control.replaceable import READ_ONCE, Replaceable, replaceables
from infra.control.restart import restart_rolling
from infra.control.roll import roll
from infra.json_files import read_json
from infra.plan.secret_names import STORE_KEYS
from infra.processes import processes_of
from infra.rendering.everything import render_everything
from infra.secret_values import (
    NEXT,
    PREVIOUS,
    ROTATION_MARKS,
    UNTIL,
    change_secrets,
    former_values,
    new_value,
)
from infra.suite import Suite

# `make rotate` waits for ends that are nearer; a later command drops the others.
WAITED_S_MAX = 3600.0
# Tokens are checked against each of these keys in turn.
FORMER_VALUES_MAX = 4


async def begin_rotation(
    suite: Suite, names: Collection[str], given: Mapping[str, str], progress: Progress, *, now: bool
) -> None:
    """Offer and switch these secrets, and those of an interrupted rotation; raises SuiteFailure.

    `given` has next values that the operator chose. With `now`, former values end at once.
    """
    table = replaceables(suite.plan)
    fresh = change_secrets(suite.folder.secrets_file, lambda values: _offer(values, names, given))
    offered = [name for name in table if name + NEXT in fresh]
    if earlier := [name for name in offered if name not in names]:
        progress.say(f"going on with an interrupted rotation, too: {', '.join(earlier)}")
    if offered:
        progress.say(f"offering new values: {', '.join(offered)}")
        await _give_out(suite, [table[name] for name in offered], progress)
        _require_offered(suite, fresh)
        change_secrets(suite.folder.secrets_file, _switch)
    switched = [name for name in table if _is_switched(read_json(suite.folder.secrets_file), name)]
    if switched:
        progress.say(f"using the new values: {', '.join(switched)}")
        record_secrets(suite)
        await _give_out(suite, [table[name] for name in switched], progress)
        for reader in sorted({one for name in switched for one in READ_ONCE.get(name, ())}):
            if any(process.service == reader for process in suite.plan.processes):
                await restart_rolling(replace(suite), reader, progress)
    moment = time.time()
    ends = {name: moment + table[name].life_s for name in switched}
    ends |= {name: moment for name in names if now}
    change_secrets(suite.folder.secrets_file, lambda values: _set_ends(values, ends))
    await record_if_possible(replace(suite))


async def end_rotation(suite: Suite, progress: Progress) -> None:
    """Drop former values whose time is over; raises SuiteFailure."""
    table = replaceables(suite.plan)
    due = [name for name, until_s in ends_of(suite).items() if until_s <= time.time()]
    if not due:
        return
    progress.say(f"dropping the former values: {', '.join(due)}")
    former = {name + PREVIOUS for name in due}
    # The file keeps the ends until everybody has dropped them, for the case of an interruption.
    change_secrets(suite.folder.secrets_file, lambda values: _forget(values, former))
    await _give_out(suite, [table[name] for name in due], progress)
    for server in suite.plan.own_redises.values():
        if f"redis_{server.name}" in due:
            await end_connections_of(replace(suite), server)
    ends = {name + UNTIL for name in due}
    change_secrets(suite.folder.secrets_file, lambda values: _forget(values, ends))


async def go_on_with_rotation(suite: Suite, progress: Progress) -> None:
    """Take up an interrupted rotation and end what is due, without waiting for anything."""
    if not is_under_way(suite):
        return
    await begin_rotation(suite, (), {}, progress, now=False)
    await end_rotation(suite, progress)
    for name, until_s in ends_of(suite).items():
        progress.say(f"{name}: the former value counts until {_moment(until_s)}")


def is_under_way(suite: Suite) -> bool:
    """Whether the secrets file has values of an unfinished rotation."""
    return any(name.endswith(ROTATION_MARKS) for name in read_json(suite.folder.secrets_file))


def ends_of(suite: Suite) -> dict[str, float]:
    """Map switched secrets to the Unix time at which their former values end."""
    values = read_json(suite.folder.secrets_file)
    return {
        name: float(values[name + UNTIL])
        for name in replaceables(suite.plan)
        if name + UNTIL in values
    }


def _offer(values: dict[str, str], names: Collection[str], given: Mapping[str, str]) -> None:
    for name in names:
        if name + NEXT in values or _is_switched(values, name):
            continue  # an interrupted rotation of it goes on
        if name + UNTIL in values and float(values[name + UNTIL]) - time.time() < WAITED_S_MAX:
            continue  # it only waits for the end of the former value
        if len(former_values(values, name)) >= FORMER_VALUES_MAX:
            raise SuiteFailure(
                f"{name} still has {FORMER_VALUES_MAX} former values, the oldest of which would"
                " end too early: NOW=1 ends all of them."
            )
        values[name + NEXT] = given.get(name) or new_value()


def _switch(values: dict[str, str]) -> None:
    for key in [key for key in values if key.endswith(NEXT)]:
        name = key.removesuffix(NEXT)
        former = (values[name], *former_values(values, name))
        values[name] = values.pop(key)
        values[name + PREVIOUS] = ",".join(former)
        values.pop(name + UNTIL, None)


def _is_switched(values: Mapping[str, str], name: str) -> bool:
    """Whether the next value is in use, perhaps not by all processes yet."""
    return name + PREVIOUS in values and name + UNTIL not in values


def _require_offered(suite: Suite, before: Mapping[str, str]) -> None:
    if read_json(suite.folder.secrets_file) != before:
        raise SuiteFailure(
            f"{suite.folder.secrets_file} was edited meanwhile: run the same command again."
        )


def _set_ends(values: dict[str, str], ends: Mapping[str, float]) -> None:
    for name, until_s in ends.items():
        if name + PREVIOUS in values:
            values[name + UNTIL] = str(round(until_s, 3))


def _forget(values: dict[str, str], keys: Collection[str]) -> None:
    for key in keys:
        values.pop(key, None)


async def _give_out(suite: Suite, secrets: Collection[Replaceable], progress: Progress) -> None:
    """Let all who have these secrets take the values that the file now gives."""
    suite = replace(suite)  # which reads the file again
    render_everything(suite, processes_of(suite))
    if any(secret.name.startswith("redis_") for secret in secrets):
        await tell_redis_users(suite)
    of_store = any(secret.name in STORE_KEYS for secret in secrets)
    services = frozenset[str]().union(*(secret.services for secret in secrets))
    await roll(suite, {*services, *(["store"] if of_store else [])}, progress)


def _moment(at_s: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at_s))
