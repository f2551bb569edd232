"""`except Exception` hides faults, and a caught Unavailable hides a loss: each has its places.

The rules see names in `except`, also in a tuple, and in `contextlib.suppress`. They do not see a
class behind another name, such as a tuple in a constant.
"""

import ast
from collections.abc import Iterator

import pytest

from shared import errors
from shared.errors import Unavailable
from tests.architecture.source_tree import python_files, syntax_of

WIDE = {"Exception", "BaseException"}
# The HTTP handler, the check for obstacles, the worker loops, the fence and the sampler of replicas
# log the error and go on. So does automation, because the caretaker's other loops would end with
# its loop. The pool counts a failed connection, and raises again all but an OSError.
ALLOWED = {
    ("infra/automation/executor.py", "carry_out"),
    ("infra/backups/keeper.py", "_or_end"),
    ("infra/failover/fence.py", "_watch"),
    ("shared/http_server/obstacles.py", "_found"),
    ("shared/http_server/problems.py", "__call__"),
    ("shared/http_server/worker_app.py", "_keep_running"),
    ("shared/jobs/job_worker.py", "_run_job"),
    ("shared/jobs/job_worker.py", "_serve"),
    ("shared/jobs/outbox_relay.py", "_deliver"),
    ("shared/jobs/outbox_relay.py", "_drain_in_turn"),
    ("shared/jobs/outbox_relay.py", "_serve_primary"),
    ("shared/service_client/http1_pool.py", "_connect"),
    ("shared/sharding/replica_lag.py", "_sample_for_ever"),
}
AWAY = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, Unavailable)
}


def test_wide_catches_stand_only_in_the_listed_functions() -> None:
    found = {
        (str(path), function)
        for path in python_files()
        if path.parts[0] in {"services", "shared", "infra"}
        for function, node in _in_functions(syntax_of(path))
        if _is_wide(node)
    }
    assert found == ALLOWED


def test_in_a_service_only_actions_catch_unavailable() -> None:
    guilty = [
        f"{path}:{node.lineno}"
        for path in python_files()
        if path.parts[0] == "services" and "actions" not in path.parts
        for node in ast.walk(syntax_of(path))
        if isinstance(node, ast.ExceptHandler | ast.Call) and AWAY & set(_caught(node))
    ]
    assert not guilty


@pytest.mark.parametrize(
    ("code", "is_wide"),
    [
        ("try: ...\nexcept: ...", True),
        ("try: ...\nexcept Exception: ...", True),
        ("try: ...\nexcept (ValueError, builtins.BaseException): ...", True),
        ("with suppress(Exception): ...", True),
        ("with contextlib.suppress(OSError, Exception): ...", True),
        ("try: ...\nexcept Exception:\n    if odd: raise", True),
        ("try: ...\nexcept Exception:\n    clean_up()\n    raise", False),
        ("try: ...\nexcept ValueError: ...", False),
        ("with suppress(OSError): ...", False),
        ("log(Exception)", False),
    ],
)
def test_the_rule_knows_a_wide_catch(code: str, is_wide: bool) -> None:
    assert any(map(_is_wide, ast.walk(ast.parse(code)))) is is_wide


def _in_functions(tree: ast.AST, function: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Yield every node with the name of the innermost function around it."""
    for node in ast.iter_child_nodes(tree):
        yield function, node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _in_functions(node, node.name)
        else:
            yield from _in_functions(node, function)


def _is_wide(node: ast.AST) -> bool:
    if isinstance(node, ast.ExceptHandler):
        # A handler that cleans up and in any case raises again hides nothing.
        last = node.body[-1]
        raises_again = isinstance(last, ast.Raise) and last.exc is None
        return (node.type is None or bool(WIDE & set(_caught(node)))) and not raises_again
    return isinstance(node, ast.Call) and bool(WIDE & set(_caught(node)))


def _caught(node: ast.ExceptHandler | ast.Call) -> Iterator[str]:
    """Yield the last names of the classes that an `except` or a `suppress` names."""
    if isinstance(node, ast.Call):
        kinds = node.args if _last_name(node.func) == "suppress" else []
    elif isinstance(node.type, ast.Tuple):
        kinds = node.type.elts
    else:
        kinds = [] if node.type is None else [node.type]
    yield from map(_last_name, kinds)


def _last_name(expression: ast.expr) -> str:
    if isinstance(expression, ast.Attribute):
        return expression.attr
    return expression.id if isinstance(expression, ast.Name) else ""
