"""`except Exception` hides faults, so it is allowed only in loops that must survive."""

import ast
from pathlib import Path

from tests.architecture.source_tree import python_files, syntax_of

# The HTTP handler, the check for obstacles, and the worker loops log the error and go on.
ALLOWED = {
    Path("shared/http_server/obstacles.py"),
    Path("shared/http_server/problems.py"),
    Path("shared/http_server/worker_app.py"),
    Path("shared/jobs/job_worker.py"),
    Path("shared/jobs/outbox_relay.py"),
}


def test_except_exception_stands_only_in_the_loops() -> None:
    guilty = [
        f"{path}:{node.lineno}"
        for path in python_files()
        if path.parts[0] in {"services", "shared"} and path not in ALLOWED
        for node in ast.walk(syntax_of(path))
        if isinstance(node, ast.ExceptHandler) and _is_wide(node)
    ]
    assert not guilty


def _is_wide(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    if not isinstance(handler.type, ast.Name) or handler.type.id not in {
        "Exception",
        "BaseException",
    }:
        return False
    # A handler that cleans up and raises again hides nothing.
    return not any(isinstance(n, ast.Raise) and n.exc is None for n in ast.walk(handler))


def test_only_actions_and_clients_catch_unavailable() -> None:
    guilty = [
        f"{path}:{node.lineno}"
        for path in python_files()
        if path.parts[0] == "services" and not {"actions", "worker.py"} & set(path.parts)
        for node in ast.walk(syntax_of(path))
        if isinstance(node, ast.ExceptHandler)
        and isinstance(node.type, ast.Name)
        and node.type.id == "Unavailable"
    ]
    assert not guilty
