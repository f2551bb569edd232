"""Which code runs, as its metric shows it."""

from pathlib import Path

from infra.code_version import UNKNOWN, code_version
from shared.version import VERSION

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def _checkout(folder: Path, head: str) -> Path:
    (folder / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n', encoding="utf-8")
    (folder / ".git" / "refs" / "heads").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text(f"{head}\n", encoding="ascii")
    return folder


def test_a_branch_is_its_commit(tmp_path: Path) -> None:
    checkout = _checkout(tmp_path, "ref: refs/heads/main")
    (checkout / ".git/refs/heads/main").write_text(f"{COMMIT}\n", encoding="ascii")
    assert code_version(checkout) == ("1.2.3", COMMIT[:12])


def test_a_packed_branch_is_its_commit(tmp_path: Path) -> None:
    checkout = _checkout(tmp_path, "ref: refs/heads/main")
    packed = f"# pack-refs\n{'f' * 40} refs/heads/old-main\n{COMMIT} refs/heads/main\n"
    (checkout / ".git/packed-refs").write_text(packed, encoding="ascii")
    assert code_version(checkout) == ("1.2.3", COMMIT[:12])


def test_a_commit_without_a_branch_is_itself(tmp_path: Path) -> None:
    assert code_version(_checkout(tmp_path, COMMIT)).revision == COMMIT[:12]


def test_a_tree_without_git_has_no_revision(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n', encoding="utf-8")
    assert code_version(tmp_path) == ("1.2.3", UNKNOWN)


def test_the_project_has_the_version_that_its_processes_report() -> None:
    assert code_version().version == VERSION
