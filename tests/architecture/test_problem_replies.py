"""Only one class makes problems, so that each has all fields and is never stored."""

from pathlib import Path

from tests.architecture.source_tree import python_files

MAKER = Path("shared/http_server/problems.py")
READERS = {Path("shared/service_client/problem_errors.py")}


def test_only_one_module_makes_problems() -> None:
    sources = [path for path in python_files() if path.parts[0] in {"services", "shared"}]
    makers = {path for path in sources if '"application/problem+json"' in path.read_text()}
    assert makers - READERS == {MAKER}
